"""How unevenly the face is lit from the left and from the right.

The face is unrolled into the canonical frontal shape, which is its own mirror image, so that the
two halves hold the same parts of the skin however the head is turned.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.canonical import CanonicalFace, canonical_face
from editing.faces.mesh import triangle_map
from editing.faces.topology import (
    FACE_OVAL,
    LEFT_BROW,
    LEFT_EYE,
    LIPS_OUTER,
    POINTS,
    RIGHT_BROW,
    RIGHT_EYE,
)
from editing.models import ModelStore

SIZE = 128
PIXELS_PER_UNIT = 44.0  # a unit of the canonical face is the distance between the irises
MIDDLE = ((SIZE - 1) / 2, 0.40 * SIZE)

# Rec. 709 luminance of linear red, green and blue.
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


class Unrolled(NamedTuple):
    """The canonical face in a picture of SIZE x SIZE: its points, triangles and skin."""

    points: NDArray[np.float32]
    triangles: NDArray[np.int32]
    skin: NDArray[np.bool_]


def light_asymmetry(
    pixels: NDArray[np.uint8], landmarks: NDArray[np.float32], models: ModelStore
) -> float | None:
    """Return |L - R| / mean of the linear luminance of the skin's halves: 0 even, up to 2.

    Args:
        pixels: uint8 (H, W, 3), sRGB.
        landmarks: (478, 3), pixels.
        models: keeps the canonical face.

    None where too little of a half lies in the photo, or it is black. A half that is turned away
    from the viewer is read from what is seen of it.
    """
    flat: Unrolled = models.keep("light-unrolled", lambda: _unroll(canonical_face(models)))
    source, _ = triangle_map(landmarks[:, :2], flat.points, flat.triangles, (SIZE, SIZE))
    height, width = pixels.shape[:2]
    x, y = source[..., 0], source[..., 1]
    seen = flat.skin & (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    # Only pairs of mirrored pixels count, so that a face cut by the border stays comparable.
    seen &= seen[:, ::-1]
    if seen.sum() < 0.2 * flat.skin.sum():
        return None
    luminance = _luminance(pixels, source)
    right, left = (
        float(luminance[half][seen[half]].mean())
        for half in (np.s_[:, : SIZE // 2], np.s_[:, SIZE // 2 :])
    )
    mean = (right + left) / 2
    return abs(left - right) / mean if mean > 0 else None


def _luminance(pixels: NDArray[np.uint8], source: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return linear luminance, float32 (SIZE, SIZE), of the face unrolled."""
    low = np.clip(np.floor(source.min(axis=(0, 1))).astype(int) - 2, 0, None)
    high = np.ceil(source.max(axis=(0, 1))).astype(int) + 3
    part = np.ascontiguousarray(pixels[low[1] : high[1], low[0] : high[0]])
    step = max(1.0, float(np.linalg.norm(source[-1, SIZE // 2] - source[0, SIZE // 2])) / SIZE)
    size = (max(2, round(part.shape[1] / step)), max(2, round(part.shape[0] / step)))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    scale = np.array([size[0] / part.shape[1], size[1] / part.shape[0]], np.float32)
    at = (source - low.astype(np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
    face = cv2.remap(small, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    value = face.astype(np.float32) / 255
    # IEC 61966-2-1, from coded to linear.
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    luminance: NDArray[np.float32] = linear.astype(np.float32) @ LUMINANCE
    return luminance


def _unroll(canonical: CanonicalFace) -> Unrolled:
    points = canonical.shape * np.float32(PIXELS_PER_UNIT)
    points[:, :2] += np.array(MIDDLE, np.float32)
    triangles = canonical.triangles[(canonical.triangles < POINTS).all(axis=1)]
    skin = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(skin, [_outline(points, FACE_OVAL)], 1, shift=4)
    # Away from the outline, where hair and background begin.
    skin = cv2.erode(skin, np.ones((5, 5), np.uint8), borderValue=0)
    other = np.zeros_like(skin)
    for ring in (RIGHT_EYE, LEFT_EYE, RIGHT_BROW, LEFT_BROW, LIPS_OUTER):
        hull = cv2.convexHull(points[list(ring), :2])[:, 0]
        cv2.fillPoly(other, [np.round(hull * 16).astype(np.int32)], 1, shift=4)
    skin[cv2.dilate(other, np.ones((5, 5), np.uint8)) > 0] = 0
    even = (skin > 0) & (skin[:, ::-1] > 0)
    return Unrolled(points.astype(np.float32), triangles, even)


def _outline(points: NDArray[np.float32], ring: tuple[int, ...]) -> NDArray[np.int32]:
    return np.round(points[list(ring), :2] * 16).astype(np.int32)
