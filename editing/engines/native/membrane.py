"""Closing a seam: what differs at the border of a hole, spread evenly into it.

Poisson blending by its membrane: Perez, Gangnet and Blake, "Poisson Image Editing", SIGGRAPH 2003,
equation 6 - the harmonic function in the hole whose border is the difference of the two pictures.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FloatMap = NDArray[np.float32]
Mask = NDArray[np.bool_]

COARSEST = 12  # pixels a side at which the relaxing starts
ROUNDS = 24  # of relaxing on each level


def closed(inside: FloatMap, outside: FloatMap, hole: Mask) -> FloatMap:
    """Return ``inside`` (h, w, 3), which shows the same beyond the hole as ``outside`` (h, w, 3) does,
    so that it meets it at the border to the pixel.

    What differs in fine grain fades within a few pixels by itself, as harmonic functions do.
    """
    if not hole.any() or hole.all():
        return inside
    return inside + membrane(outside - inside, hole)


def membrane(values: FloatMap, hole: Mask) -> FloatMap:
    """Return ``values`` (h, w, C) with the hole (h, w) filled by a harmonic function."""
    known = (~hole).astype(np.float32)
    return _relaxed(values * known[..., None], known)


def _relaxed(values: FloatMap, known: FloatMap) -> FloatMap:
    """Return the values with unknown pixels relaxed, from coarse to fine."""
    height, width = known.shape
    unknown = (known < 0.5)[..., None]
    if min(height, width) <= COARSEST:
        share = np.maximum(known.sum(), 1e-6)
        start = np.broadcast_to(values.sum(axis=(0, 1)) / share, values.shape)
    else:
        half = ((width + 1) // 2, (height + 1) // 2)
        weight = cv2.resize(known, half, interpolation=cv2.INTER_AREA)
        small = cv2.resize(values, half, interpolation=cv2.INTER_AREA).reshape(*half[::-1], -1)
        some = weight > 0
        small = np.where(some[..., None], small / np.maximum(weight, 1e-6)[..., None], 0)
        coarse = _relaxed(small.astype(np.float32), some.astype(np.float32))
        start = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    filled = np.where(unknown, start.reshape(values.shape), values).astype(np.float32)
    around = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
    for _ in range(ROUNDS):
        even = cv2.filter2D(filled, -1, around, borderType=cv2.BORDER_REPLICATE)
        filled = np.where(unknown, even.reshape(values.shape), filled)
    return filled
