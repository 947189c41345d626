"""The colour of the light on a face, read from the whites of its eyes.

They are nearly white in everybody, whatever the skin: Males, Hedi & Grgic, "Colour balancing using
sclera colour", IET Image Processing 12(3), 2018.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.align import resized
from editing.faces.light import to_linear
from editing.faces.topology import LEFT_EYE, RIGHT_EYE

EYES = ((RIGHT_EYE, slice(468, 473)), (LEFT_EYE, slice(473, 478)))  # lids, iris
EYE = 96  # pixels between the corners at which an eye is looked at
FEWEST = 60  # pixels of white that say anything
# What they are in even, neutral light: medians of logarithms of linear light, red and blue against
# green, of the studio portraits of ``london`` in folds 2 to 9.
NEUTRAL = (0.198, -0.034)

# Between what the cheeks of those people lie, likewise, whatever their skin's tone: 2 to 98 %.
SKIN = ((0.33, 0.73), (-0.55, -0.03))
CHEEKS, PATCH = (50, 280), 0.12  # of the distance between the irises

Cast = tuple[float, float]


def colour_cast(pixels: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> Cast | None:
    """Return by how much the light is redder and bluer than neutral: natural logarithms of linear red
    and blue against green, 0 and 0 where it is neutral. None where the eyes are closed or too small.

    Args:
        pixels: uint8 (H, W, 3), RGB.
        landmarks: (478, 3), pixels.
    """
    found = [c for c in (_of_eye(pixels, landmarks, *eye) for eye in EYES) if c is not None]
    if not found:
        return None
    red, blue = np.mean(found, axis=0)
    return float(red - NEUTRAL[0]), float(blue - NEUTRAL[1])


def cast_strength(cast: Cast | None) -> float | None:
    """Return how far a cast is from neutral, a natural logarithm; portraits in a studio are within 0.2."""
    return None if cast is None else float(np.hypot(*cast))


def believable(cast: Cast, pixels: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> Cast:
    """Return as much of the cast as can be taken away before the cheeks have a colour that no skin has:
    the whites of eyes that are narrow or in shadow mislead."""
    irises = landmarks[[468, 473], :2]
    reach = max(1, round(PATCH * float(np.linalg.norm(irises[1] - irises[0]))))
    seen = []
    for x, y in landmarks[list(CHEEKS), :2].round().astype(int):
        patch = pixels[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
        seen.append(patch.reshape(-1, 3))
    light = to_linear(np.concatenate(seen).astype(np.float64) / 255) + 1e-3
    if len(light) == 0:
        return cast
    skin = np.median(np.log(light[:, [0, 2]]) - np.log(light[:, 1:2]), axis=0)
    share = 1.0
    for value, away, (low, high) in zip(skin, cast, SKIN, strict=True):
        room = value - low if away > 0 else high - value
        share = min(share, max(0.0, float(room)) / max(abs(away), 1e-6))
    return cast[0] * share, cast[1] * share


def _of_eye(
    pixels: NDArray[np.uint8], landmarks: NDArray[np.float32], eye: tuple[int, ...], iris: slice
) -> NDArray[np.float64] | None:
    corners = landmarks[[eye[0], eye[8]], :2]
    wide = float(np.linalg.norm(corners[1] - corners[0]))
    if wide < 12:
        return None
    low = np.floor(corners.min(axis=0) - 0.3 * wide).astype(int)
    high = np.ceil(corners.max(axis=0) + 0.3 * wide).astype(int)
    low, high = np.maximum(low, 0), np.minimum(high, pixels.shape[1::-1])
    if (high - low < 4).any():
        return None
    part = pixels[low[1] : high[1], low[0] : high[0]]
    scale = EYE / wide
    size = (max(8, round(part.shape[1] * scale)), max(8, round(part.shape[0] * scale)))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    points = landmarks.copy()
    points[:, :2] -= low
    points = resized(points, scale)
    white = _white(points, eye, iris, size)
    light = to_linear(small[white].astype(np.float64) / 255) + 1e-3
    if len(light) < FEWEST:
        return None
    bright = light @ np.array([0.2126, 0.7152, 0.0722])
    lit = light[(bright >= np.quantile(bright, 0.5)) & (bright <= np.quantile(bright, 0.95))]
    chroma: NDArray[np.float64] = np.median(np.log(lit[:, [0, 2]]) - np.log(lit[:, 1:2]), axis=0)
    return chroma


def _white(
    points: NDArray[np.float32], eye: tuple[int, ...], iris: slice, size: tuple[int, int]
) -> NDArray[np.bool_]:
    """Return bool (h, w): within the lids, and beside the iris."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    ring = points[list(eye), :2]
    ring = ring.mean(axis=0) + 0.88 * (ring - ring.mean(axis=0))
    cv2.fillPoly(mask, [np.round(ring).astype(np.int32)], 1)
    ring = points[iris, :2]
    middle = ring.mean(axis=0)
    radius = 1.25 * float(np.linalg.norm(ring - middle, axis=1).max())
    cv2.circle(mask, (round(float(middle[0])), round(float(middle[1]))), round(radius), 0, -1)
    return mask > 0
