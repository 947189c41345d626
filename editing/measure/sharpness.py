"""Did the face get blurred? By the variance of its Laplacian.

Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.topology import FACE_OVAL


def sharpness_ratio(
    before: NDArray[np.uint8], after: NDArray[np.uint8], landmarks: NDArray[np.float32]
) -> float | None:
    """Return after / before: 1 as sharp as it was, less is blurred. None for a face without detail.

    Args:
        before: uint8 (H, W, 3), RGB.
        after: uint8 (H, W, 3), RGB.
        landmarks: (478, 2 or 3), pixels of ``before``; the same oval is read in both.
    """
    height, width = before.shape[:2]
    oval = landmarks[list(FACE_OVAL), :2]
    left, top = np.clip(np.floor(oval.min(axis=0)).astype(int) - 2, 0, None)
    right, bottom = np.minimum(np.ceil(oval.max(axis=0)).astype(int) + 3, [width, height])
    if right - left < 3 or bottom - top < 3:
        return None
    inside = np.zeros((bottom - top, right - left), np.uint8)
    outline = np.round((oval - [left, top]) * 16).astype(np.int32)
    cv2.fillPoly(inside, [outline], 1, shift=4)
    part = np.s_[top:bottom, left:right]
    was, now = (_variance(picture[part], inside) for picture in (before, after))
    return None if was == 0 else now / was


def _variance(picture: NDArray[np.uint8], inside: NDArray[np.uint8]) -> float:
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    _, deviation = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S), mask=inside)
    return float(deviation[0, 0] ** 2)
