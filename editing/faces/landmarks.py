"""The 478 points of a face, by our own network."""

from __future__ import annotations

import math

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from editing.faces.crop import MARGIN, Matrix, Points, crop_matrix, from_crop, square_matrix
from editing.models import ModelStore
from editing.networks.landmarks import CROP, LandmarkNet, fused

# Where the points' box lies in dlib's rectangle, measured on the labelled faces.
RECT_SHIFT = (0.0, -0.03)
RECT_SCALE = 1.08

EYES = (33, 133, 362, 263)


def find_landmarks(
    pixels: NDArray[np.uint8],
    around: tuple[float, float, float, float] | Points,
    models: ModelStore,
) -> Points:
    """Return float32 (478, 3): the points of the face, pixels of the picture.

    Args:
        pixels: uint8 (H, W, 3), RGB.
        around: a detector's (x0, y0, x1, y1), or points of about the same face, which saves a pass.

    The first pass finds the face in the rectangle, the second sees it upright and centred.

    Raises:
        WeightsUnavailable: the network is not there.
    """
    points = around if isinstance(around, np.ndarray) else _first_pass(pixels, around, models)
    right, left = points[list(EYES[:2]), :2].mean(axis=0), points[list(EYES[2:]), :2].mean(axis=0)
    roll = math.atan2(float(left[1] - right[1]), float(left[0] - right[0]))
    middle = np.zeros(2, np.float32)
    return _run(pixels, _upright(points, roll, middle), models)


def _upright(points: Points, roll: float, middle: Points) -> Matrix:
    """Return the crop of the points' own upright box."""
    cos, sin = math.cos(-roll), math.sin(-roll)
    turn = np.array([[cos, -sin], [sin, cos]], np.float32)
    level = points.copy()
    level[:, :2] = points[:, :2] @ turn.T
    crop_from_level = crop_matrix(level, MARGIN, 0.0, middle)
    level_from_picture = np.concatenate([turn, np.zeros((2, 1), np.float32)], axis=1)
    return (
        crop_from_level[:, :2] @ level_from_picture
        + np.concatenate([np.zeros((2, 2), np.float32), crop_from_level[:, 2:]], axis=1)
    ).astype(np.float32)


def _first_pass(
    pixels: NDArray[np.uint8], box: tuple[float, float, float, float], models: ModelStore
) -> Points:
    x0, y0, x1, y1 = box
    side = max(x1 - x0, y1 - y0)
    middle = [(x0 + x1) / 2 + RECT_SHIFT[0] * side, (y0 + y1) / 2 + RECT_SHIFT[1] * side]
    centre = np.array(middle, np.float32)
    return _run(pixels, square_matrix(centre, side * RECT_SCALE * MARGIN, 0.0), models)


def _run(pixels: NDArray[np.uint8], crop_from_picture: Matrix, models: ModelStore) -> Points:
    crop = cut(pixels, crop_from_picture)
    network = models.batched("landmarks", LandmarkNet, fused)
    tensor = torch.from_numpy(crop).permute(2, 0, 1)[None].float().div(255)
    with torch.inference_mode():
        found = network(tensor.to(models.device, memory_format=torch.channels_last))
    return from_crop(found[0].cpu().numpy(), crop_from_picture)


def cut(pixels: NDArray[np.uint8], crop_from_picture: Matrix) -> NDArray[np.uint8]:
    """Return the crop, uint8 (128, 128, 3), reduced without aliasing."""
    scale = float(np.hypot(crop_from_picture[0, 0], crop_from_picture[1, 0]))
    matrix = crop_from_picture
    if scale < 0.5:
        # Only the part of a large photo that the crop shows is reduced, by areas.
        inverse = cv2.invertAffineTransform(matrix)
        corners = (
            np.array([[0, 0, 1], [CROP, 0, 1], [0, CROP, 1], [CROP, CROP, 1]], np.float32)
            @ inverse.T
        )
        low = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 1, pixels.shape[1::-1])
        if (high <= low).any():
            return np.zeros((CROP, CROP, 3), np.uint8)
        part = pixels[low[1] : high[1], low[0] : high[0]]
        factor = scale * 1.5
        size = (max(1, round(part.shape[1] * factor)), max(1, round(part.shape[0] * factor)))
        small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        fx, fy = size[0] / part.shape[1], size[1] / part.shape[0]
        picture_from_small = np.array(
            [[1 / fx, 0, 0.5 / fx - 0.5 + low[0]], [0, 1 / fy, 0.5 / fy - 0.5 + low[1]], [0, 0, 1]]
        )
        pixels, matrix = small, (matrix @ picture_from_small).astype(np.float32)
    return cv2.warpAffine(
        pixels, matrix, (CROP, CROP), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.uint8)
