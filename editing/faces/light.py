"""How bright pixels are; from coded sRGB to light and back, and the balance of its colours."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Gains = tuple[float, float, float]  # of linear red, green and blue


def brightness(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of the three colours, (h, w): numpy's own over so short an axis takes ten times
    as long."""
    return cv2.transform(picture, np.full((1, 3), 1 / 3, np.float32)).astype(np.float32, copy=False)


def to_linear(coded: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return linear light of coded values, both 0 to 1 (IEC 61966-2-1)."""
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def to_coded(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return coded values of linear light, both 0 to 1 (IEC 61966-2-1)."""
    return np.where(
        linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
    )


def balanced(pixels: NDArray[np.uint8], gains: Gains) -> NDArray[np.uint8]:
    """Return uint8 (H, W, 3) in another white balance: each colour's light times its gain."""
    levels = to_linear(np.arange(256) / 255)
    out = np.empty_like(pixels)
    for channel, gain in enumerate(gains):
        coded = np.round(to_coded(np.clip(levels * gain, 0, 1)) * 255).astype(np.uint8)
        out[..., channel] = coded[pixels[..., channel]]
    return out
