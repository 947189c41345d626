"""Maps of a frame at another size, and pixels fetched from where they are displaced."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FloatMap = NDArray[np.float32]


def grown(values: FloatMap, size: int) -> FloatMap:
    """Return a map (h, h) or (h, h, C) with ``size`` pixels a side."""
    if values.shape[0] == size:
        return values
    return cv2.resize(values, (size, size), interpolation=cv2.INTER_LINEAR).astype(np.float32)


def fetched(values: FloatMap, displacement: FloatMap, way: int = cv2.INTER_LINEAR) -> FloatMap:
    """Return the values (S, S) or (S, S, C), each from where it is displaced.

    Args:
        displacement: (S, S, 2), x and y, pixels of the values.
        way: how OpenCV is to interpolate; a cubic goes beyond what was there.
    """
    along = np.arange(values.shape[0], dtype=np.float32)
    return cv2.remap(
        values,
        (displacement[..., 0] + along[None]).astype(np.float32, copy=False),
        (displacement[..., 1] + along[:, None]).astype(np.float32, copy=False),
        way,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32, copy=False)
