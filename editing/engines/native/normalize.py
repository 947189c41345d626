"""Pose and light made normal: a turned mesh, the other half where skin was hidden, even light."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.engines.native.colouring import coloured
from editing.engines.native.other_half import completed
from editing.engines.native.relight import MAP, coded_gain, evened, lit
from editing.engines.native.turning import WARP_SIZE, Turned, turned
from editing.errors import PoseRefused
from editing.faces.align import FaceFrame
from editing.faces.canonical import CanonicalFace, canonical_face
from editing.faces.light import Gains, balanced
from editing.faces.maps import canonical_mesh, laid_on_map, look_up, places
from editing.faces.paste import FaceEdit, in_frame
from editing.faces.pose import pose_of
from editing.faces.shift import grown
from editing.measure.cast import believable, cast_strength, colour_cast
from editing.models import ModelStore
from editing.operations.base import Operation, Params
from editing.operations.normalize import REFUSED, NormalizeParams
from editing.progress import Progress

# Degrees: what is turned less than the first looks straight as it is, from the second on it is
# turned all the way. Faces differ by how they are built as much as by a nod of 5 degrees: the studio
# portraits of ``london``, who all look ahead, are read as nodding by -6 to 15.
# Likewise of a cast, natural logarithms: in one studio's light 98 % of eyes are below 0.2.
TINTED = (0.18, 0.3)
TURNED, NODDED, TILTED = (3.0, 8.0), (8.0, 14.0), (0.8, 2.0)

FloatMap = NDArray[np.float32]


class NativeNormalize:
    """The engine that needs no GPU."""

    name = "native"

    def run(
        self,
        operation: Operation,
        frame: FaceFrame,
        params: Params,
        seed: int,
        models: ModelStore,
        progress: Progress,
    ) -> FaceEdit:
        """Return the edit; the seed plays no part: the same skin is painted always.

        Raises:
            PoseRefused: the head is turned too far to the side.
        """
        assert isinstance(params, NormalizeParams)
        canonical = canonical_face(models)
        pose = pose_of(frame.frame_from_canonical.rotation)
        if params.turns() and abs(pose.yaw) > REFUSED:
            raise PoseRefused(
                f"the head is turned by {abs(pose.yaw):.0f} degrees, and beyond {REFUSED:.0f} too"
                " little of the face is seen to turn it to the front"
            )
        progress(0.1, "turning the head")
        front = params.pose
        # The frame stands upright; how far the head is tilted in the photo is the frame's own turn.
        tilt = math.degrees(math.atan2(frame.photo_from_frame[1, 0], frame.photo_from_frame[0, 0]))
        head = turned(
            frame,
            canonical,
            pose.yaw - front * _worth(pose.yaw) + params.yaw,
            pose.pitch - front * _worth(pose.pitch, NODDED) + params.pitch,
            pose.roll - front * _worth(pose.roll + tilt, TILTED) + params.roll,
        )
        progress(0.4, "looking at the light")
        balance = _balance(frame, params.white_balance)
        picture = frame.picture()
        if balance is not None:
            coded = balanced((picture * 255).round().astype(np.uint8), balance)
            picture = (coded / np.float32(255)).astype(np.float32)
        light = _light(picture, frame, canonical, params)
        gain, difference, mask = _shown(picture, frame, head, light, canonical, models)
        progress(1.0, "edited")
        displacement = head.displacement if params.turns() else None
        edit = FaceEdit(mask, displacement, gain, difference, balance)
        return _in_colour(picture, frame, head.landmarks, edit, params, models)


def _in_colour(
    picture: FloatMap,
    frame: FaceFrame,
    landmarks: FloatMap,
    edit: FaceEdit,
    params: NormalizeParams,
    models: ModelStore,
) -> FaceEdit:
    """Return the edit with the head of a grey picture coloured, where that is asked for."""
    if not params.color:
        return edit
    shown = in_frame(picture, edit)
    colours, head = coloured(shown, frame, landmarks, params.skin, models)
    wanted = shown + (params.color * head)[..., None] * (colours - shown)
    mask = np.maximum(grown(edit.mask, frame.size), (head > 0).astype(np.float32))
    # What is blended by the mask is to be ``wanted``, so it is more than that where the mask is soft.
    full = picture + (wanted - picture) / np.maximum(mask, np.float32(0.05))[..., None]
    shades = np.clip(full, -1, 2).astype(np.float32)
    return FaceEdit(mask, None, np.zeros(shades.shape, np.float32), shades, edit.balance)


def _worth(degrees: float, between: tuple[float, float] = TURNED) -> float:
    """Return the part of an angle that is worth being taken away."""
    least, most = between
    return degrees * min(1.0, max(0.0, (abs(degrees) - least) / (most - least)))


def _balance(frame: FaceFrame, share: float) -> Gains | None:
    """Return the gains that take a share of the colour cast away; None where there is hardly one, or
    no white of an eye to tell it by."""
    if not share:
        return None
    seen = (frame.picture() * 255).round().astype(np.uint8)
    cast = colour_cast(seen, frame.landmarks)
    strength = cast_strength(cast)
    if cast is None or strength is None:
        return None
    worth = min(1.0, max(0.0, (strength - TINTED[0]) / (TINTED[1] - TINTED[0])))
    if not worth:
        return None
    cast = believable(cast, seen, frame.landmarks)
    red, blue = (math.exp(-share * worth * value) for value in cast)
    # The light stays as bright as it is.
    level = 0.2126 * red + 0.7152 + 0.0722 * blue
    return red / level, 1 / level, blue / level


def _light(
    picture: FloatMap, frame: FaceFrame, canonical: CanonicalFace, params: NormalizeParams
) -> FloatMap:
    """Return (256, 256): the logarithm by which light changes, on the canonical map."""
    change = np.zeros((MAP, MAP), np.float32)
    if params.light:
        mesh = canonical_mesh(canonical, 2 * MAP)
        laid = laid_on_map(picture, frame.landmarks, mesh, MAP)
        change = change - params.light * evened(laid, canonical)
    if params.light_strength and params.light_from:
        change = change + lit(canonical, params.light_from, params.light_strength)
    return change


def _shown(
    picture: FloatMap,
    frame: FaceFrame,
    head: Turned,
    light: FloatMap,
    canonical: CanonicalFace,
    models: ModelStore,
) -> tuple[FloatMap, FloatMap | None, FloatMap]:
    """Return gain, difference and mask of the turned head in its light."""
    where = places(head.landmarks, canonical, frame.size, WARP_SIZE)
    at_place = look_up(light[..., None], where)[..., 0]
    # A place shows the light of where it was seen: the other half has the other half's.
    other_light = look_up(light[:, ::-1, None].copy(), where)[..., 0]
    gain = np.repeat(coded_gain(at_place)[..., None], 3, axis=2)
    relit = (np.abs(at_place) > 0.004).astype(np.uint8)
    relit = cv2.dilate(relit, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    mask = np.maximum(head.mask, relit).astype(np.float32)
    if head.unseen.max() < 0.02:
        return gain, None, mask
    full, difference = completed(picture, frame, head, gain, coded_gain(other_light), models)
    return full, difference, mask
