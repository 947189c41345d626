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

# Readings of age hang on how the rectangle happens to lie; these shifts, in distances between the
# irises, are averaged over.
SHIFTS = ((0.0, 0.0), (0.06, 0.0), (-0.06, 0.0), (0.0, 0.06), (0.0, -0.06))

# A rectangle wider than this is halved, as dlib does by itself and with the same filter; other
# filters leave another grain, which the age network reads as up to twenty years.
LARGEST_RECTANGLE = 900.0
# dlib's chips reach beyond the rectangle, and further where the head leans.
REACH = 2.2


@dataclass(frozen=True, slots=True)
class FaceChip:
    """``pixels`` is uint8 (h, w, 3), RGB. ``points`` are dlib's detections of five points on it,
    one from each of the SHIFTS; the first is from the rectangle as it is."""

    pixels: NDArray[np.uint8]
    points: tuple[Any, ...]


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
    middle = middle - low
    unit = laid.scale
    while 2 * RECTANGLE_HALF * unit > LARGEST_RECTANGLE:
        part, middle, unit = cv2.pyrDown(part), middle / 2, unit / 2
    part = np.ascontiguousarray(part)
    predictor = models.keep("dlib-five-points", _five_points)
    shifted = [middle + np.multiply(shift, unit) for shift in SHIFTS]
    return FaceChip(
        part, tuple(predictor(part, _rectangle(at, RECTANGLE_HALF * unit)) for at in shifted)
    )


def _rectangle(middle: NDArray[np.float64], half: float) -> Any:
    sides = np.round([*(middle - half), *(middle + half)]).astype(int)
    return dlib.rectangle(*(int(side) for side in sides))


def _five_points() -> Any:
    path = face_recognition_models.pose_predictor_five_point_model_location()
    return dlib.shape_predictor(path)
