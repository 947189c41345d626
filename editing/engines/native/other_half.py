"""What the camera did not see of a head: its other half, and what neither half shows painted.

The mirrored half gets the light of the skin that it joins. Where it has nothing to show either - on the
ridge of a nose that was seen from the side, or beyond the photo - the inpainting model paints skin.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.engines.native.fill import fill
from editing.engines.native.turning import WARP_SIZE, Turned
from editing.faces import parts
from editing.faces.align import FaceFrame, resized
from editing.faces.hair import sharper
from editing.faces.regions import fitted_to, head_regions
from editing.faces.shift import fetched, grown
from editing.faces.topology import FACE_OVAL
from editing.models import ModelStore

MATCHING = 256  # pixels a side at which brightness is compared
GAPING = 0.12  # sides of the frame beside what was not seen within which own hair may be missing
LEAKED = 9  # pixels of WARP_SIZE: half of it is how far beside what was behind a face nothing is believed

FloatMap = NDArray[np.float32]
Points = NDArray[np.float32]


def completed(
    picture: FloatMap,
    frame: FaceFrame,
    head: Turned,
    gain: FloatMap,
    other_gain: FloatMap,
    models: ModelStore,
) -> tuple[FloatMap, FloatMap]:
    """Return gain and difference, (S, S, 3), of a turned head that is whole.

    Args:
        picture: (S, S, 3), RGB in [0, 1]: what the frame shows.
        frame: of the head as it was seen.
        head: as it is turned.
        gain: (h, w, 3), what the light of each place changes by.
        other_gain: (h, w), likewise of its mirror image.
        models: where the networks come from.
    """
    size, scale = frame.size, WARP_SIZE / frame.size
    had, leaks = _to_be_had(frame, head, models)
    unseen = np.maximum(head.unseen, leaks)
    mirrored = fetched(picture, grown(head.other, size), cv2.INTER_CUBIC).clip(0, 1)
    # How bright either half is, a smaller picture tells.
    small = cv2.resize(picture, (WARP_SIZE, WARP_SIZE), interpolation=cv2.INTER_AREA)
    own_small, other_small = (
        fetched(small, at * np.float32(scale)) * light
        for at, light in ((head.displacement, gain), (head.other, other_gain[..., None]))
    )
    landmarks = resized(head.landmarks, scale)
    face = parts.ring(landmarks, FACE_OVAL, WARP_SIZE, 0.94) * (1 - unseen * had)
    gains = grown(_matched(own_small, other_small, face), WARP_SIZE)
    # What the face's light is says little of the hair around it.
    near = cv2.GaussianBlur(head.face, (0, 0), WARP_SIZE / 25)[..., None]
    mirrored *= grown(other_gain[..., None] * (1 + near * (gains - 1)), size)
    hidden = grown(unseen * had, size)[..., None]
    hole = _hole(np.maximum(head.lost, unseen * head.face * (1 - had)), landmarks)
    if hole.any():
        own = fetched(picture, grown(head.displacement, size), cv2.INTER_CUBIC).clip(0, 1)
        own *= grown(gain, size)
        shown = (own + hidden * (mirrored - own)).clip(0, 1)
        hole = cv2.resize(hole, (size, size), interpolation=cv2.INTER_NEAREST)
        painted = fill(shown.astype(np.float32), hole > 0, head.landmarks, models)
        mirrored = np.where(hole[..., None] > 0, painted, mirrored)
        hidden = np.maximum(hidden, hole[..., None])
    kept = grown(gain, size) * (1 - hidden)
    return kept.astype(np.float32, copy=False), (hidden * mirrored).astype(np.float32, copy=False)


def _hole(lost: FloatMap, landmarks: Points) -> NDArray[np.uint8]:
    """Return (h, w), 1 where skin is to be painted, for neither half of the face was seen there.

    What is hardly wider than a lash is left, and so is the face's outline.
    """
    unit = parts.eye_distance(landmarks)
    wide, margin = (
        cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (round(part * unit) | 1,) * 2)
        for part in (0.04, 0.1)
    )
    inner = parts.ring(landmarks, FACE_OVAL, WARP_SIZE, 0.8)
    kept = cv2.morphologyEx(((lost > 0.3) & (inner > 0.5)).astype(np.uint8), cv2.MORPH_OPEN, wide)
    return cv2.dilate(kept, margin).astype(np.uint8)


def _to_be_had(frame: FaceFrame, head: Turned, models: ModelStore) -> tuple[FloatMap, FloatMap]:
    """Return two (512, 512), 0 to 1: where the mirrored half has something to show for what was not seen,
    and where the face shows what was behind it, since nobody knows an outline to the pixel.

    Around the face the mirrored half may as well be what is behind the head, which is not to be mirrored.
    """
    other = _places(head.other, frame)
    seen = cv2.resize(frame.picture(), (WARP_SIZE, WARP_SIZE), interpolation=cv2.INTER_AREA)
    person = sharper(fitted_to(seen, head_regions(frame, models).person))
    there, own = (
        cv2.remap(person, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for places in (other, _places(head.displacement, frame))
    )
    leaks = cv2.dilate(head.face * (1 - own), np.ones((LEAKED, LEAKED), np.uint8)) * head.face
    # Nor is hair of the two halves to gape where it meets.
    wide = round(GAPING * WARP_SIZE) | 1
    near = cv2.dilate(head.unseen, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wide, wide)))
    leaks = np.maximum(leaks, near * head.mirrored * (1 - head.face) * (1 - own) * there)
    there = _in_the_photo(other, frame) * np.maximum(head.face, there)
    return there.astype(np.float32), leaks.astype(np.float32)


def _places(displacement: FloatMap, frame: FaceFrame) -> FloatMap:
    """Return (512, 512, 2): where each pixel comes from, pixels of WARP_SIZE."""
    grid = np.stack(np.meshgrid(np.arange(WARP_SIZE), np.arange(WARP_SIZE)), axis=2)
    return (grid + displacement * (WARP_SIZE / frame.size)).astype(np.float32)


def _in_the_photo(places: FloatMap, frame: FaceFrame) -> FloatMap:
    """Return (h, w), 0 to 1: whether places of the frame, pixels of WARP_SIZE, lie in frame and photo."""
    scale = frame.size / WARP_SIZE
    matrix = frame.photo_from_frame.astype(np.float32)
    at = (places * scale) @ matrix[:2, :2].T + matrix[:2, 2]
    last = np.array(frame.photo_size, np.float32) - 1
    # Distances to the border, in pixels of WARP_SIZE.
    room = np.minimum(at, last - at) / (scale * np.hypot(*matrix[:2, 0]))
    room = np.minimum(room, np.minimum(places, WARP_SIZE - 1 - places)).min(axis=2)
    return np.clip(room / (0.06 * WARP_SIZE), 0, 1).astype(np.float32)


def _matched(own: FloatMap, other: FloatMap, seen: FloatMap) -> FloatMap:
    """Return the gain that makes the mirrored half as bright and warm as the skin it joins.

    ``seen`` (h, w) is where both show the face, 0 to 1; farther away the gain is that of the face.
    """
    side = (MATCHING, MATCHING)
    own, other, seen = (
        cv2.resize(values, side, interpolation=cv2.INTER_AREA) for values in (own, other, seen)
    )
    usual = [(values * seen[..., None]).sum(axis=(0, 1)) for values in (own, other)]
    total = np.full_like(own, 1e-4) * (usual[0] + 1e-6) / (usual[1] + 1e-6)
    weights = np.full(side, 1e-4, np.float32)
    for sigma in (MATCHING / 40, MATCHING / 16):
        weight = cv2.GaussianBlur(seen, (0, 0), sigma)
        near, far = (
            cv2.GaussianBlur(values * seen[..., None], (0, 0), sigma) for values in (own, other)
        )
        total += near / np.maximum(far, 1e-4) * weight[..., None]
        weights += weight
    return np.clip(total / weights[..., None], 0.7, 1.35).astype(np.float32)
