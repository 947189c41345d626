"""What changed between two photos, inside and outside the part that may change."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

STRIP = 256  # rows at a time, so that a large photo needs little memory


@dataclass(frozen=True, slots=True)
class Change:
    """8-bit levels, 0 to 255. None where there are no such pixels.

    ``outside`` is the largest difference of any channel outside the mask, ``inside`` the mean
    difference over the pixels and channels inside it.
    """

    outside: float | None
    inside: float | None


def measure_change(
    before: NDArray[np.uint8], after: NDArray[np.uint8], mask: NDArray[np.bool_]
) -> Change:
    """Return what changed, exactly, over every pixel.

    Args:
        before: uint8 (H, W, 3).
        after: uint8 (H, W, 3).
        mask: bool (H, W), true where the edit may change pixels.

    Raises:
        ValueError: the sizes differ.
    """
    if before.shape != after.shape or mask.shape != before.shape[:2]:
        raise ValueError(f"before {before.shape}, after {after.shape} and mask {mask.shape} differ")
    largest, total, inside = 0.0, 0.0, 0
    for top in range(0, before.shape[0], STRIP):
        rows = slice(top, top + STRIP)
        within = np.ascontiguousarray(mask[rows]).view(np.uint8)
        # OpenCV's norms of a difference make no picture of it, and are exact for 8 bits.
        largest = max(largest, cv2.norm(before[rows], after[rows], cv2.NORM_INF, within ^ 1))
        total += cv2.norm(before[rows], after[rows], cv2.NORM_L1, within)
        inside += int(within.sum())
    channels = before.shape[2]
    return Change(
        outside=largest if inside < mask.size else None,
        inside=total / (inside * channels) if inside else None,
    )
