"""The crop that the landmark network sees, for training and for use."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from editing.networks.landmarks import CROP

MARGIN = 1.35  # side of the crop / longer side of the points' box

Points = NDArray[np.float32]
Matrix = NDArray[np.float32]


def crop_matrix(points: Points, margin: float, roll: float, shift: Points) -> Matrix:
    """Return the 2 x 3 similarity from a picture to the crop around ``points``.

    ``roll`` is in radians and is added to the picture; ``shift`` moves the crop, in its own sides.
    """
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    side = float((high - low).max()) * margin
    return square_matrix((low + high) / 2 + shift * side, side, roll)


def square_matrix(centre: Points, side: float, roll: float) -> Matrix:
    """Return the 2 x 3 similarity that brings a square of the picture to the crop."""
    scale = CROP / side
    cos, sin = scale * math.cos(roll), scale * math.sin(roll)
    turn = np.array([[cos, -sin], [sin, cos]], np.float32)
    offset = np.array([CROP / 2 - 0.5, CROP / 2 - 0.5], np.float32) - turn @ np.float32(centre)
    return np.concatenate([turn, offset[:, None]], axis=1).astype(np.float32)


def to_crop(points: Points, crop_from_picture: Matrix) -> Points:
    """Return points (478, 3) of the picture in the network's units: half crops, z alike."""
    scale = float(np.hypot(crop_from_picture[0, 0], crop_from_picture[1, 0]))
    xy = points[:, :2] @ crop_from_picture[:, :2].T + crop_from_picture[:, 2]
    half = CROP / 2
    return np.concatenate([(xy + 0.5) / half - 1, points[:, 2:] * scale / half], axis=1).astype(
        np.float32
    )


def from_crop(points: Points, crop_from_picture: Matrix) -> Points:
    """Return points (478, 3) of the network in pixels of the picture."""
    half = CROP / 2
    turn = crop_from_picture[:, :2].astype(np.float64)
    scale = float(np.hypot(turn[0, 0], turn[1, 0]))
    xy = (points[:, :2] + 1) * half - 0.5 - crop_from_picture[:, 2]
    xy = xy @ np.linalg.inv(turn).T
    return np.concatenate([xy, points[:, 2:] * half / scale], axis=1).astype(np.float32)
