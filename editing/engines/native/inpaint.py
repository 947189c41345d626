"""Inpainting without a GPU: parts are painted anew by ``fill``, moved by a warp, or coloured."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.attributes import added_attributes
from editing.engines.native.beard import brow_colour, with_beard
from editing.engines.native.expression import expressed
from editing.engines.native.fill import fill
from editing.engines.native.fringe import fringe_in
from editing.engines.native.mouth import opening
from editing.engines.native.recolour import (
    dyed,
    greyed,
    tinted_irises,
    without_shine,
    without_spots,
)
from editing.engines.native.reshape import reshaped, warp
from editing.engines.native.spectacles import spectacles_in
from editing.errors import MaskInvalid, PartMissing
from editing.faces import parts
from editing.faces.align import FaceFrame, resized
from editing.faces.canonical import canonical_face
from editing.faces.hair import hair_of
from editing.faces.paste import FaceEdit, in_frame
from editing.models import ModelStore
from editing.operations.base import Operation, Params
from editing.operations.expression import UNITS
from editing.operations.inpaint import InpaintParams
from editing.progress import Progress, part

# What a change asks of the whole face, so that the part fits it (``networks.fill.ATTRIBUTES``).
ASKED: dict[tuple[str, str], dict[str, float]] = {
    ("moustache", "remove"): {"beard": 0.0},
    ("beard", "remove"): {"beard": 0.0},
    ("glasses", "remove"): {"spectacles": 0.0},
}
# What the mouth's attributes ask of ``expression``; a neutral mouth is then closed.
SMILES = {"smile": 1.0, "neutral": -1.0}
OPEN = 0.03  # gap between the lips, in distances between the irises, from which on there are teeth
VARIETY = 0.6  # how far proposals differ
WORK = 1024  # largest side at which a part is painted anew

FloatMap = NDArray[np.float32]


class NativeInpaint:
    """The inpainting engine that needs no GPU."""

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
        """Return the edit; the seed draws what is painted anew.

        Raises:
            MaskInvalid: the mask misses the face's frame, or covers all of the face.
        """
        assert isinstance(params, InpaintParams)
        ways = {"fill": _filled, "warp": _warped, "colour": _coloured, "draw": _drawn}
        edit = ways[params.way](frame, params, seed, models, progress)
        progress(1.0, "edited")
        return edit


def _filled(
    frame: FaceFrame, params: InpaintParams, seed: int, models: ModelStore, progress: Progress
) -> FaceEdit:
    mask = _hole(frame, params)
    size = min(frame.size, WORK)
    picture, landmarks = frame.picture(), frame.landmarks
    small = mask
    if size < frame.size:
        scale = size / frame.size
        picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
        small = cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA)
        landmarks = resized(landmarks, scale)
    asked = ASKED.get((params.region, params.attribute), {})
    if params.attribute in added_attributes():
        asked = {params.attribute: 1.0}
    shown = part(progress, 0.0, 0.95)
    after = fill(
        picture, small > 0.01, landmarks, models, seed,
        conditions=asked, variety=VARIETY, progress=shown,
    )  # fmt: skip
    progress(0.95, "blending", (after * 255).round().astype(np.uint8))
    soft = parts.feathered(mask, params.fade) * params.strength
    return FaceEdit(soft, gain=np.zeros_like(after), difference=after)


def _hole(frame: FaceFrame, params: InpaintParams) -> FloatMap:
    if (params.region, params.attribute) == ("glasses", "remove"):
        found = spectacles_in(frame.picture(), frame.landmarks).astype(np.float32)
        if not found.any():
            raise PartMissing("no spectacles were seen on this face")
        return found
    if params.region != "mask":
        return parts.hole_of(params.region, frame.landmarks, frame.size)
    covered = frame.covered()
    face = parts.skin(frame.landmarks, frame.size) > 0.5
    if face.any() and covered[face].mean() > 0.95:
        raise MaskInvalid("the mask covers the whole face: nothing is left to continue from")
    return covered


def _warped(
    frame: FaceFrame, params: InpaintParams, seed: int, models: ModelStore, progress: Progress
) -> FaceEdit:
    """Return a warp; the seed plays no part."""
    if params.attribute in SMILES:
        return _smiling(frame, params, models, progress)
    moved = reshaped(params.region, params.attribute, frame.landmarks, params.strength)
    progress(0.3, "moving the part")
    displacement, mask = warp(frame.landmarks, moved, canonical_face(models), frame.size)
    return FaceEdit(mask, displacement)


def _drawn(
    frame: FaceFrame, params: InpaintParams, seed: int, models: ModelStore, progress: Progress
) -> FaceEdit:
    """Return hair on the face, in the colour of the brows."""
    size = min(frame.size, WORK)
    picture, landmarks = frame.picture(), frame.landmarks
    if size < frame.size:
        picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
        landmarks = resized(landmarks, size / frame.size)
    progress(0.2, "looking at the brows")
    colour = brow_colour(picture, landmarks)
    progress(0.4, "drawing hair")
    after, mask = with_beard(picture, params.region, landmarks, colour, seed)
    return FaceEdit(mask * params.strength, difference=after - picture)


def _smiling(
    frame: FaceFrame, params: InpaintParams, models: ModelStore, progress: Progress
) -> FaceEdit:
    """Return the smile that ``expression`` gives, or takes away; teeth that then show are painted over by
    a closed mouth in its new place."""
    amounts = dict.fromkeys(UNITS, 0.0) | {"smile": SMILES[params.attribute] * params.strength}
    shown = part(progress, 0.0, 0.6)
    edit, moved = expressed(frame, amounts, models, shown, frowning=False)
    shape = frame.frame_from_canonical.invert(frame.landmarks)
    if params.attribute == "smile" or opening(shape) < OPEN or params.strength < 1:
        return edit
    size = min(frame.size, WORK)
    picture, landmarks = in_frame(frame.picture(), edit), moved
    if size < frame.size:
        picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
        landmarks = resized(moved, size / frame.size)
    hole = parts.hole_of("mouth", landmarks, size)
    mouth = fill(
        picture, hole > 0.01, landmarks, models,
        conditions={"smile": 0.0, "mouth_open": 0.0}, progress=part(progress, 0.6, 0.95),
    )  # fmt: skip
    assert edit.gain is not None
    assert edit.difference is not None
    side = max(size, edit.gain.shape[0])
    soft, mouth, gain, difference = (
        cv2.resize(values, (side, side), interpolation=cv2.INTER_LINEAR)
        for values in (parts.feathered(hole, params.fade), mouth, edit.gain, edit.difference)
    )
    kept = 1 - soft[..., None]
    mask = cv2.resize(edit.mask, (side, side), interpolation=cv2.INTER_LINEAR)
    return FaceEdit(
        np.maximum(mask, soft).astype(np.float32),
        edit.displacement,
        (gain * kept).astype(np.float32),
        (difference * kept + mouth * soft[..., None]).astype(np.float32),
    )


def _coloured(
    frame: FaceFrame, params: InpaintParams, seed: int, models: ModelStore, progress: Progress
) -> FaceEdit:
    """Return a change of colour; the seed plays no part."""
    picture = frame.picture()
    progress(0.2, "finding the part")
    mask = _COLOURED[params.region](frame, models)
    progress(0.5, "colouring")
    unit = parts.eye_distance(frame.landmarks)
    if params.attribute == "spots":
        after = without_spots(picture, mask, unit)
    elif params.attribute == "shine":
        after = without_shine(picture, mask, unit)
    elif params.attribute == "grey":
        after = greyed(picture, mask)
    elif params.region == "eyes":
        after, mask = tinted_irises(picture, mask, params.color)
    else:
        after = dyed(picture, mask, params.color)
    mask = cv2.GaussianBlur(mask, (0, 0), max(0.5, unit / 160)) * (mask > 0)
    mask = mask * params.strength
    progress(
        0.9, "blending", ((picture + mask[..., None] * (after - picture)) * 255).astype(np.uint8)
    )
    return FaceEdit(mask.astype(np.float32), difference=after - picture)


def _hair(frame: FaceFrame, models: ModelStore) -> FloatMap:
    """Return the hair, around the face and over it."""
    hair, picture = hair_of(frame, models), frame.picture()
    worn = spectacles_in(picture, frame.landmarks)
    return np.maximum(hair, fringe_in(picture, frame.landmarks, hair, worn, models))


def _skin(frame: FaceFrame, models: ModelStore) -> FloatMap:
    """Return the skin of the face; where hair falls over it, it is hair."""
    mask = parts.skin(frame.landmarks, frame.size)
    unit = parts.eye_distance(frame.landmarks)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.03 * unit) * (mask > 0)
    return (mask * (1 - _hair(frame, models))).astype(np.float32)


def _lips(frame: FaceFrame, models: ModelStore) -> FloatMap:
    unit = parts.eye_distance(frame.landmarks)
    mask = parts.lips(frame.landmarks, frame.size)
    return cv2.GaussianBlur(mask, (0, 0), max(0.6, 0.012 * unit)).astype(np.float32)


def _brow_hair(frame: FaceFrame, models: ModelStore) -> FloatMap:
    """Return the hairs of the brows: within their outline, what is darker than the skin there."""
    unit = parts.eye_distance(frame.landmarks)
    mask = cv2.GaussianBlur(parts.brows(frame.landmarks, frame.size), (0, 0), 0.02 * unit)
    grey = frame.picture().mean(axis=2)
    level = cv2.GaussianBlur(cv2.dilate(grey, np.ones((3, 3))), (0, 0), 0.15 * unit)
    return (mask * np.clip((level - grey) / 0.12, 0, 1)).astype(np.float32)


_COLOURED: dict[str, Callable[[FaceFrame, ModelStore], FloatMap]] = {
    "mouth": _lips,
    "eyes": lambda frame, models: parts.irises(frame.landmarks, frame.size),
    "brows": _brow_hair,
    "skin": _skin,
    "hair": _hair,
}
