"""Where spectacles are, so that only they are painted over and the eyes behind them stay.

Rims and temples are thin lines, darker or brighter than the skin around them (the bottom-hat and the
top-hat: Serra, "Image Analysis and Mathematical Morphology", 1982), and long, as no lash is.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces import parts
from editing.faces.align import resized
from editing.faces.light import brightness
from editing.faces.topology import LEFT_EYE, RIGHT_EYE

# Distances between the irises: the thickest rim, the shortest piece of one, how much of the skin
# beside it goes along, and how far a temple is looked for beyond the face's outline.
THICK, LONG, BESIDE, BEYOND = 0.13, 0.28, 0.035, 0.3
SIDES = (127, 356)  # of the outline, where temples leave it
BROW = 1.35  # by how much a rim on a brow is darker than the brow is anyway
WORK = 768  # largest side of the picture that is looked at
DARKER, BRIGHTER = 0.055, 0.10  # of white, beyond what skin's own texture does
DARK_GLASS = 0.16  # by how much a face behind dark glasses is darker than the cheeks

FloatMap = NDArray[np.float32]
Points = NDArray[np.float32]
Mask = NDArray[np.bool_]


def spectacles_in(picture: FloatMap, landmarks: Points) -> Mask:
    """Return where spectacles are, bool (S, S); with dark glasses all that they cover.

    Args:
        picture: (S, S, 3), RGB in [0, 1], an upright frame.
        landmarks: (478, 3), pixels of it.
    """
    whole = picture.shape[0]
    if whole > WORK:
        # Rims are seen as well in a smaller picture, and far sooner.
        small = cv2.resize(picture, (WORK, WORK), interpolation=cv2.INTER_AREA)
        found = spectacles_in(small, resized(landmarks, WORK / whole)).astype(np.float32)
        return cv2.resize(found, (whole, whole), interpolation=cv2.INTER_LINEAR) > 0.3
    size, unit = whole, parts.eye_distance(landmarks)
    band = parts.hole_of("glasses", landmarks, size) > 0.5
    dark = _dark(picture, landmarks, band)
    grey = cv2.GaussianBlur(brightness(picture), (0, 0), max(0.6, 0.008 * unit))
    side = 2 * max(2, round(THICK * unit / 2)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    darker = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, kernel) - grey
    brighter = grey - cv2.morphologyEx(grey, cv2.MORPH_OPEN, kernel)
    where = band | _temples(landmarks, size, unit)
    for eye in () if dark else (RIGHT_EYE, LEFT_EYE):
        where &= parts.around(landmarks, eye, size, 0.05 * unit) < 0.5
    lines = ((darker > _least(darker, landmarks)) | (brighter > BRIGHTER)) & where
    joined = cv2.morphologyEx(lines.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    kept = _long(joined, LONG * unit)
    beside = 2 * max(1, round(BESIDE * unit)) + 1
    wide = cv2.dilate(
        kept.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (beside, beside))
    )
    kept_mask: Mask = (wide > 0) & where
    if dark:
        kept_mask |= band | (parts.hole_of("eyes", landmarks, size) > 0.5)
    return kept_mask


def dark_glasses(picture: FloatMap, landmarks: Points) -> bool:
    """Return whether the face wears glasses that hide what is behind them; as ``spectacles_in``."""
    return _dark(picture, landmarks, parts.hole_of("glasses", landmarks, picture.shape[0]) > 0.5)


def _dark(picture: FloatMap, landmarks: Points, band: Mask) -> bool:
    """Return whether the glass hides what is behind it."""
    size = picture.shape[0]
    face = parts.skin(landmarks, size) > 0.5
    below = face & ~band
    if not band.any() or not below.any():
        return False
    grey = brightness(picture)
    return float(np.median(grey[below]) - np.median(grey[band])) > DARK_GLASS


def _least(darker: FloatMap, landmarks: Points) -> FloatMap:
    """Return from where on a dark line is no skin and no brow, (S, S)."""
    size = darker.shape[0]
    least = np.full_like(darker, DARKER)
    for brow in parts.BROWS:
        mask = parts.ring(landmarks, brow, size, 1.15) > 0.5
        if mask.any():
            least[mask] = max(DARKER, BROW * float(np.median(darker[mask])))
    return least


def _temples(landmarks: Points, size: int, unit: float) -> Mask:
    right, left = landmarks[RIGHT_EYE[0], :2], landmarks[LEFT_EYE[0], :2]
    across = (left - right) / max(float(np.hypot(*(left - right))), 1e-6)
    down = np.array([-across[1], across[0]], np.float32)
    found = np.zeros((size, size), np.float32)
    for corner, side, way in ((right, SIDES[0], -across), (left, SIDES[1], across)):
        far = max(0.0, float((landmarks[side, :2] - corner) @ way)) + BEYOND * unit
        end = corner + way * far
        sides = (corner - 0.25 * unit * down, end - 0.2 * unit * down,
                 end + 0.2 * unit * down, corner + 0.3 * unit * down)  # fmt: skip
        found = np.maximum(found, parts.drawn(np.array(sides, np.float32), size))
    return found > 0.5


def _long(lines: NDArray[np.uint8], least: float) -> Mask:
    """Return the connected pieces whose box has a side of at least ``least`` pixels."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
    sides = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    chosen = sides >= least
    chosen[0] = False
    kept: Mask = chosen[labels]
    return kept
