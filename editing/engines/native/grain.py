"""Grain: what a map of few pixels cannot hold, drawn anew like that of the skin around.

Random phases keep the spectrum of a texture and nothing else of it (Galerne, Gousseau and Morel,
"Random Phase Textures", IEEE TIP 2011): pores and film grain, no features.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from editing.faces.light import brightness

FloatMap = NDArray[np.float32]
Mask = NDArray[np.bool_]

PATCH = 64  # pixels of the spectrum's sample
DRAWN = 512  # pixels a side of what is drawn: it goes on like a tile, and nobody sees grain repeat
FARAWAY = 0.02  # weight of the whole picture beside what is near


def with_grain(
    filled: FloatMap,
    picture: FloatMap,
    hole: Mask,
    coarse: float,
    like: Mask | None = None,
    memo: dict[str, Any] | None = None,
) -> FloatMap:
    """Return ``filled`` (h, w, 3) with grain in the hole (h, w) as the picture has around it.

    ``coarse`` is how many pixels of the picture one of the map had: finer detail is missing. With
    ``like`` (h, w) the grain is as the picture has it there. ``memo`` keeps what was drawn, for the next
    picture of a video.
    """
    if like is None or not like.any():
        like = ~hole
    fine = picture - cv2.GaussianBlur(picture, (0, 0), max(0.6, 0.6 * coarse))
    known = cv2.erode(like.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if not known.any():
        return filled
    near = max(4.0, picture.shape[0] / 24)
    weight = _around(known.astype(np.float32), near)
    # A loud edge (a hair, a lash) is no grain: it counts no more than thrice the usual.
    energy = brightness(fine**2)
    usual = float(np.median(energy[known])) + 1e-12
    energy = np.minimum(energy, 9 * usual) * known
    # Deep in a large hole nothing is near: there it is the usual of the picture.
    near_by = _around(energy.astype(np.float32), near)
    level = np.sqrt((near_by + FARAWAY * usual) / (weight + FARAWAY))
    height, width = picture.shape[:2]
    kept = None if memo is None else memo.get("grain")
    if kept is None:
        kept = _random_phases(_sample(fine, ~like), (DRAWN, DRAWN))
        if memo is not None:
            memo["grain"] = kept
    times = (-(-height // DRAWN), -(-width // DRAWN), 1)
    drawn = np.tile(kept, times)[:height, :width]
    missing = np.sqrt(np.maximum(level**2 - _energy(filled, coarse), 0))
    return (filled + drawn * missing[..., None] * hole[..., None]).astype(np.float32)


def _around(values: FloatMap, near: float) -> FloatMap:
    """Return the average of values (h, w) around each place; a quarter of the pixels tells it."""
    small = cv2.resize(values, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), near / 2)
    size = values.shape[1::-1]
    return cv2.resize(small, size, interpolation=cv2.INTER_LINEAR).astype(np.float32)


def _energy(filled: FloatMap, coarse: float) -> FloatMap:
    """Return how much fine detail there is already, (h, w)."""
    fine = filled - cv2.GaussianBlur(filled, (0, 0), max(0.6, 0.6 * coarse))
    return cv2.GaussianBlur(brightness(fine**2), (0, 0), max(2.0, 2 * coarse))


def _sample(fine: FloatMap, hole: Mask) -> FloatMap:
    """Return the quietest whole patch (p, p, 3) beside the hole, or the one with the least of it."""
    size = min(PATCH, min(hole.shape) // 4)
    box = (size, size)
    covered = cv2.boxFilter(hole.astype(np.float32), -1, box, borderType=cv2.BORDER_CONSTANT)
    loud = cv2.boxFilter(brightness(fine**2), -1, box)
    rows, columns = np.nonzero(hole)
    y, x = np.mgrid[0 : hole.shape[0], 0 : hole.shape[1]]
    far = np.hypot(y - rows.mean(), x - columns.mean()) / hole.shape[0]
    cost = loud / (np.median(loud) + 1e-12) + 4 * far + 1e6 * (covered > 0)
    half = size // 2
    inside = cost[half : hole.shape[0] - half, half : hole.shape[1] - half]
    top, left = np.unravel_index(int(inside.argmin()), inside.shape)
    return fine[top : top + size, left : left + size]


def _random_phases(patch: FloatMap, shape: tuple[int, int]) -> FloatMap:
    """Return (h, w, 3) of unit energy with the patch's spectrum; the same for the same patch."""
    random = np.random.default_rng(0)
    noise = random.standard_normal(shape).astype(np.float32)
    size = patch.shape[0]
    window = np.hanning(size)[:, None] * np.hanning(size)[None]
    kernel = np.zeros((*shape, 3), np.float32)
    kernel[:size, :size] = (patch - patch.mean(axis=(0, 1))) * window[..., None]
    # SciPy's transforms stay in float32 and share the cores, which numpy's do not.
    spectrum = np.abs(fft.rfft2(kernel, axes=(0, 1), workers=-1))
    whole = fft.rfft2(noise, workers=-1)[..., None]
    drawn = fft.irfft2(spectrum * whole, s=shape, axes=(0, 1), workers=-1)
    power = float(np.sqrt((drawn**2).mean()))
    return (drawn / max(power, 1e-9)).astype(np.float32)
