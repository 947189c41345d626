"""Holes such as people make them, on the canonical map: parts of the face, and strokes of a brush."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.networks.fill import FILL_MAP

Mask = NDArray[np.bool_]

# Middle and half axes, pixels of the canonical map of 256 a side.
PARTS = {
    "mouth": ((128, 178), (42, 26)),
    "left eye": ((97, 112), (28, 17)),
    "right eye": ((159, 112), (28, 17)),
    "nose": ((128, 140), (26, 32)),
    "left brow": ((93, 94), (32, 12)),
    "right brow": ((163, 94), (32, 12)),
    "moustache": ((128, 168), (36, 12)),
    "beard": ((128, 205), (62, 48)),
    "spectacles": ((128, 112), (70, 26)),
}


def drawn_hole(random: np.random.Generator) -> Mask:
    """Return bool (256, 256): a part of the face as loosely as it is painted, or some strokes."""
    if random.random() < 0.3:
        return strokes(random, share=random.uniform(0.02, 0.2))
    middle, axes = PARTS[str(random.choice(list(PARTS)))]
    hole = np.zeros((FILL_MAP, FILL_MAP), np.uint8)
    at = np.array(middle) + random.normal(0, 4, 2)
    half = np.array(axes) * np.exp(random.normal(0, 0.12, 2))
    turn = float(random.normal(0, 5))
    cv2.ellipse(hole, (_pair(at), _pair(half * 2), turn), 1, -1)
    return hole > 0


def whole_face(random: np.random.Generator) -> Mask:
    """Return bool (256, 256): all of the face, ears and hair apart."""
    hole = np.zeros((FILL_MAP, FILL_MAP), np.uint8)
    at = np.array((128, 150)) + random.normal(0, 3, 2)
    half = np.array((72, 92)) * np.exp(random.normal(0, 0.06, 2))
    cv2.ellipse(hole, (_pair(at), _pair(half * 2), 0.0), 1, -1)
    return hole > 0


def strokes(random: np.random.Generator, share: float) -> Mask:
    """Return bool (256, 256): strokes over the face until ``share`` of its square is covered."""
    hole = np.zeros((FILL_MAP, FILL_MAP), np.uint8)
    left, right, top, bottom = 60, 196, 72, 224
    inside = (slice(top, bottom), slice(left, right))
    while hole[inside].mean() < share:
        at = random.uniform((left, top), (right, bottom))
        for _ in range(random.integers(1, 4)):
            to = np.clip(at + random.normal(0, 26, 2), (left, top), (right, bottom))
            thick = int(random.integers(4, 22))
            cv2.line(hole, _whole(at), _whole(to), 1, thick)
            at = to
    return hole > 0


def _pair(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _whole(values: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(values[0])), round(float(values[1]))
