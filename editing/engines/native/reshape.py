"""Changes of shape by a warp: lips, nose, brows and lids, moved by their landmarks."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.canonical import CanonicalFace
from editing.faces.maps import followed, resting
from editing.faces.mesh import DrawnMesh, with_rings
from editing.faces.topology import (
    LEFT_BROW,
    LEFT_EYE,
    LIPS_BETWEEN,
    LIPS_INNER,
    LIPS_OUTER,
    RIGHT_BROW,
    RIGHT_EYE,
)

# Sides of the map of a warp, half as many pixels as the frame has: what it moves, it moves smoothly.
LEAST, MOST = 256, 512
FOLLOWING = (0.6, 0.25, 0.0)  # how far each ring around the face goes along with it

FloatMap = NDArray[np.float32]
Points = NDArray[np.float32]
_Change = Callable[[Points, Points, float], None]  # of what moves, from where, how strongly

# Points of the nose's sides and wings, right ones first, and how far each goes with the wings.
WINGS = {
    129: 1.0, 358: 1.0, 64: 1.0, 294: 1.0, 98: 0.8, 327: 0.8, 48: 0.9, 278: 0.9, 115: 0.8,
    344: 0.8, 219: 0.7, 439: 0.7, 102: 0.9, 331: 0.9, 49: 0.7, 279: 0.7, 131: 0.6, 360: 0.6,
    198: 0.5, 420: 0.5, 209: 0.45, 429: 0.45, 217: 0.4, 437: 0.4, 126: 0.45, 355: 0.45,
    97: 0.5, 326: 0.5, 240: 0.8, 460: 0.8, 235: 0.9, 455: 0.9, 166: 0.9, 392: 0.9,
    79: 0.6, 309: 0.6, 218: 0.7, 438: 0.7, 237: 0.5, 457: 0.5, 44: 0.3, 274: 0.3, 45: 0.2,
    275: 0.2, 220: 0.5, 440: 0.5, 134: 0.3, 363: 0.3, 236: 0.35, 456: 0.35, 203: 0.4, 423: 0.4,
    165: 0.3, 391: 0.3, 60: 0.6, 290: 0.6, 75: 0.6, 305: 0.6, 99: 0.5, 328: 0.5, 20: 0.5,
    250: 0.5, 238: 0.6, 458: 0.6, 239: 0.5, 459: 0.5, 59: 0.8, 289: 0.8, 242: 0.4,
    462: 0.4, 241: 0.4, 461: 0.4, 125: 0.3, 354: 0.3, 141: 0.2, 370: 0.2,
}  # fmt: skip


def reshaped(region: str, attribute: str, landmarks: Points, strength: float) -> Points:
    """Return the landmarks (478, 3) after the change.

    Raises:
        KeyError: no such change.
    """
    moved = landmarks.copy()
    _CHANGES[region, attribute](moved, landmarks, strength)
    return moved


def warp(
    landmarks: Points, moved: Points, canonical: CanonicalFace, frame: int
) -> tuple[FloatMap, FloatMap]:
    """Return what brings a frame's landmarks to ``moved``, and where it does anything.

    Returns:
        float32 (h, h, 2), displacement in frame pixels, and (h, h), a mask in [0, 1].
    """
    side = min(MOST, max(LEAST, frame // 2))
    scale = side / frame
    source, target = landmarks * scale, moved * scale
    # What is around the face follows less and less: hair and neck give way, the rest stays.
    drawn = followed(source, target, FOLLOWING)
    mesh = DrawnMesh(drawn, canonical.triangles, (side, side))
    fixed = with_rings(source)
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=2)
    shift = mesh.positions(fixed) - grid.astype(np.float32)
    shift = cv2.GaussianBlur(shift, (0, 0), side / 160) * resting(side)[..., None]
    moves = (np.maximum(*cv2.split(np.abs(shift))) > 0.02).astype(np.uint8)
    wide = cv2.dilate(moves, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    return (shift / scale).astype(np.float32), wide.astype(np.float32)


def _lips(sign: float) -> _Change:
    def change(moved: Points, at: Points, strength: float) -> None:
        # Each point of the outer ring moves away from, or to, its partner on the inner ring.
        for points, share in zip((LIPS_OUTER, *LIPS_BETWEEN), (1.0, 0.67, 0.33), strict=True):
            for point, outer, inner in zip(points, LIPS_OUTER, LIPS_INNER, strict=True):
                thick = at[outer, :2] - at[inner, :2]
                moved[point, :2] += sign * 0.38 * strength * share * thick

    return change


def _nose(sign: float) -> _Change:
    def change(moved: Points, at: Points, strength: float) -> None:
        bridge, base = at[168, :2], at[2, :2]
        down = (base - bridge) / max(float(np.hypot(*(base - bridge))), 1e-6)
        across = np.array([-down[1], down[0]], np.float32)
        for point, follows in WINGS.items():
            aside = float((at[point, :2] - bridge) @ across)
            moved[point, :2] += sign * 0.20 * strength * follows * aside * across

    return change


def _brows(sign: float) -> _Change:
    def change(moved: Points, at: Points, strength: float) -> None:
        for brow in (RIGHT_BROW, LEFT_BROW):
            upper, lower = brow[:5], brow[:4:-1]
            for above, below in zip(upper, lower, strict=True):
                middle = (at[above, :2] + at[below, :2]) / 2
                for point in (above, below):
                    moved[point, :2] += sign * 0.42 * strength * (at[point, :2] - middle)

    return change


def _lids(moved: Points, at: Points, strength: float) -> None:
    for eye in (RIGHT_EYE, LEFT_EYE):
        lower, upper = eye[1:8], eye[:8:-1]
        for below, above in zip(lower, upper, strict=True):
            gap = at[above, :2] - at[below, :2]
            moved[above, :2] += 0.22 * strength * gap
            moved[below, :2] -= 0.06 * strength * gap


_CHANGES: dict[tuple[str, str], _Change] = {
    ("mouth", "fuller"): _lips(1.0),
    ("mouth", "thinner"): _lips(-1.0),
    ("nose", "wider"): _nose(1.0),
    ("nose", "narrower"): _nose(-1.0),
    ("brows", "thicker"): _brows(1.0),
    ("brows", "thinner"): _brows(-1.0),
    ("eyes", "open"): _lids,
}
