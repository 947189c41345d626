"""Wrinkles: lines that run the way they run in old skin, drawn at any resolution.

White noise, smeared along the lines of the folds (Cabral & Leedom, "Imaging Vector Fields Using
Line Integral Convolution", SIGGRAPH 1993), is a field of lines of one thickness. Skin folds are
narrow and dark with broad light ridges between them, so the field is bent that way.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FloatMap = NDArray[np.float32]

STEPS = 9  # to each side
# Of a 512-pixel map: thickness of the lines and their reach, for the octaves that carry wrinkles.
LINES = ((1, 1.1, 2.2), (2, 2.0, 3.6), (3, 3.6, 5.5))


def wrinkles(folds: FloatMap, relief: FloatMap, size: int, seed: int) -> FloatMap:
    """Return float32 (size, size): the relief of old skin on the canonical map, about 0.

    Args:
        folds: (h, w, 2), cosine and sine of twice the angle of the gradient, length its certainty.
        relief: (h, w, octaves), the strength of each octave relative to the skin's brightness.
        size: side of what is returned.
        seed: the same seed draws the same wrinkles.
    """
    random = np.random.default_rng(seed)
    angle = np.arctan2(folds[..., 1], folds[..., 0]) / 2 + np.pi / 2
    line = np.stack([np.cos(2 * angle), np.sin(2 * angle)], axis=2)
    line = cv2.resize(line.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR)
    sure = np.linalg.norm(folds, axis=2)
    reach = cv2.resize(np.clip(1.6 * sure, 0.15, 1).astype(np.float32), (size, size))
    theta = np.arctan2(line[..., 1], line[..., 0]) / 2
    step = np.stack([np.cos(theta), np.sin(theta)], axis=2) * reach[..., None]
    total = np.zeros((size, size), np.float32)
    for octave, thickness, length in LINES:
        scale = size / 512
        noise = _noise(random, size, thickness * scale)
        field = smeared(noise, step.astype(np.float32), length * scale)
        field = field / np.sqrt(cv2.blur(field**2, _window(size)) + 1e-8)
        # A line that the noise made much deeper than the others would look like a scar.
        valleys = -np.clip(field - 0.6, 0, 1) * 1.7 + 0.3 * np.minimum(field, 0.6)
        strength = cv2.resize(relief[..., octave], (size, size), interpolation=cv2.INTER_LINEAR)
        total += strength * (valleys - valleys.mean())
    return total


def _window(size: int) -> tuple[int, int]:
    side = max(3, size // 12) | 1
    return side, side


def _noise(random: np.random.Generator, size: int, thickness: float) -> FloatMap:
    """Return noise of one thickness; the same seed draws the same picture at every size."""
    base = random.standard_normal((256, 256)).astype(np.float32)
    grain = cv2.GaussianBlur(base, (0, 0), 0.6)
    # So many cells of the noise to the map that one is as wide as the line.
    cells = min(256, max(8, round(size / (2.2 * thickness))))
    grain = grain[:cells, :cells]
    big = cv2.resize(grain, (size, size), interpolation=cv2.INTER_CUBIC)
    return (big - cv2.GaussianBlur(big, (0, 0), 2.5 * thickness)).astype(np.float32)


def smeared(noise: FloatMap, step: FloatMap, length: float) -> FloatMap:
    """Return the mean of the noise along the line through each pixel."""
    size = noise.shape[0]
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    total = noise.copy()
    for way in (1.0, -1.0):
        x, y = columns.copy(), rows.copy()
        last = step * way
        for _ in range(STEPS):
            x = x + last[..., 0] * np.float32(length)
            y = y + last[..., 1] * np.float32(length)
            here = cv2.remap(step, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            # A line has no direction: go on the way that turns least.
            back = here[..., 0] * last[..., 0] + here[..., 1] * last[..., 1] < 0
            last = np.where(back[..., None], -here, here)
            total += cv2.remap(noise, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return (total / (2 * STEPS + 1)).astype(np.float32)
