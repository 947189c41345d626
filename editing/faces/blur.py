"""A Gaussian blur whose time does not grow with its width."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

WIDE = 6.0  # pixels of blur from which on a smaller picture serves as well


def blurred(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Return a picture or map (h, w) or (h, w, C) after a Gaussian of ``sigma`` pixels; a wide one is
    computed on a smaller copy."""
    scale = 1
    while sigma / scale > WIDE:
        scale *= 2
    if scale == 1:
        return cv2.GaussianBlur(values, (0, 0), sigma).astype(np.float32, copy=False)
    height, width = values.shape[:2]
    size = (max(1, width // scale), max(1, height // scale))
    small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / scale)
    wide = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return wide.astype(np.float32, copy=False)
