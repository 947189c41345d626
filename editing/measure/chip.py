"""A face as the reading networks want it: cut out, reduced, with dlib's five points on it.

No second detection is needed: dlib's five-point predictor starts from a rectangle like those of its
own detector, which is laid on the landmarks here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import dlib
import face_recognition_models
import numpy as np
from numpy.typing import NDArray

from editing.faces.canonical import Similarity
from editing.models import ModelStore

# Where dlib's HOG detector puts its square, in distances between the irises: its middle as a point
# of the canonical face, and half its side. The mean of 40 faces of the labelled collections.
RECTANGLE_MIDDLE = np.array([[0.0, 0.465, 0.0]], np.float32)
RECTANGLE_HALF = 1.21

# The chips that are read are 64 and 150 px wide: a larger face is reduced to this first.
LARGEST_RECTANGLE = 400.0
# dlib's chips reach beyond the rectangle, and further where the head leans.
REACH = 2.2


@dataclass(frozen=True, slots=True)
class FaceChip:
    """``pixels`` is uint8 (h, w, 3), RGB; ``points`` is dlib's detection of five points on it."""

    pixels: NDArray[np.uint8]
    points: Any


def cut_chip(pixels: NDArray[np.uint8], laid: Similarity, models: ModelStore) -> FaceChip | None:
    """Return the face, or None when its rectangle lies wholly outside the picture.

    Args:
        pixels: uint8 (H, W, 3), RGB.
        laid: the canonical face on the picture.
        models: keeps the predictor.
    """
    middle = laid.apply(RECTANGLE_MIDDLE)[0, :2]
    half = RECTANGLE_HALF * laid.scale
    low = np.maximum(np.floor(middle - REACH * half).astype(int), 0)
    high = np.minimum(np.ceil(middle + REACH * half).astype(int), pixels.shape[1::-1])
    if (high - low < 2).any():
        return None
    part = pixels[low[1] : high[1], low[0] : high[0]]
    factor = min(1.0, LARGEST_RECTANGLE / (2 * half))
    if factor < 1:
        part = cv2.resize(part, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    part = np.ascontiguousarray(part)
    x, y = (middle - low) * factor
    side = half * factor
    sides = [round(float(v)) for v in (x - side, y - side, x + side, y + side)]
    predictor = models.keep("dlib-five-points", _five_points)
    return FaceChip(part, predictor(part, dlib.rectangle(*sides)))


def _five_points() -> Any:
    path = face_recognition_models.pose_predictor_five_point_model_location()
    return dlib.shape_predictor(path)
