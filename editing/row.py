"""Several photos of one size side by side, as the one picture of a request with several results."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.photo import Photo

# JPEG and WebP end at 65 535 and 16 383 pixels a side, and a row is for looking at.
WIDEST = 16_000
MOST_PIXELS = 64_000_000


def row_scale(width: int, height: int, count: int) -> float:
    """Return by what ``count`` photos of that size are scaled so that their row keeps its bounds."""
    row_width = width * count
    return min(1.0, WIDEST / row_width, math.sqrt(MOST_PIXELS / (row_width * height)))


def lay_row(photos: Iterator[Photo], count: int) -> Photo:
    """Return the row of ``count`` photos of one size, left to right, scaled down where it must be.

    They are taken one by one, so that no more than one has to be there at a time. Colour profile
    and metadata are those of the first.

    Raises:
        StopIteration: there are fewer than ``count``, or none.
    """
    first = next(photos)
    scale = row_scale(first.width, first.height, count)
    width = max(1, math.floor(first.width * scale))
    height = max(1, math.floor(first.height * scale))
    pixels = np.empty((height, width * count, 3), np.uint8)
    alpha = None if first.alpha is None else np.empty((height, width * count), np.uint8)
    for n in range(count):
        photo = first if n == 0 else next(photos)
        columns = slice(n * width, (n + 1) * width)
        pixels[:, columns] = _scaled(photo.pixels, width, height)
        if alpha is not None and photo.alpha is not None:
            alpha[:, columns] = _scaled(photo.alpha, width, height)
    return replace(first, pixels=pixels, alpha=alpha)


def _scaled(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    if pixels.shape[:2] == (height, width):
        return pixels
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)
