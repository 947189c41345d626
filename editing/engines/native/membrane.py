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


def closed(inside: FloatMap, outside: FloatMap, hole: Mask, calm: float) -> FloatMap:
    """Return ``inside`` (h, w, 3) so that it meets ``outside`` (h, w, 3) at the border of the hole.

    ``calm`` (pixels) is how wide a border is compared, so that the grain of one pixel draws no
    streak.
    """
    if not hole.any() or hole.all():
        return inside
    known, gone = (~hole).astype(np.float32), hole.astype(np.float32)
    there, here = _calmed(outside, known, calm), _calmed(inside, gone, calm)
    return inside + _relaxed((there - here) * known[..., None], known)


def membrane(values: FloatMap, hole: Mask) -> FloatMap:
    """Return ``values`` (h, w, C) with the hole (h, w) filled by a harmonic function."""
    known = (~hole).astype(np.float32)
    return _relaxed(values * known[..., None], known)


def _calmed(values: FloatMap, known: FloatMap, sigma: float) -> FloatMap:
    """Return the average of what is known around each pixel."""
    weight = cv2.GaussianBlur(known, (0, 0), sigma)[..., None]
    blurred = cv2.GaussianBlur(values * known[..., None], (0, 0), sigma)
    average = blurred.reshape(values.shape) / np.maximum(weight, 1e-6)
    return average.astype(np.float32)


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
