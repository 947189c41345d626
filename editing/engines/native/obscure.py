"""Blur, mosaic and solid: the honest baselines, strong enough that a recogniser finds nothing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces import parts
from editing.faces.align import FaceFrame
from editing.faces.paste import FaceEdit
from editing.faces.topology import FACE_OVAL
from editing.operations.deidentify import Hiding

WIDER = 1.28  # of the face's oval is hidden, to the ears and the hair
UP = 0.25  # distances between the irises by which it reaches over the forehead
# At full strength, in distances between the irises: the blur's sigma and the mosaic's cell.
SIGMA, CELL = 0.75, 0.62

FloatMap = NDArray[np.float32]


def obscured(frame: FaceFrame, method: Hiding, strength: float) -> FaceEdit:
    """Return the edit that hides the face. ``strength`` is 0 to 1; solid is solid at any."""
    picture, unit = frame.picture(), parts.eye_distance(frame.landmarks)
    mask = _head(frame, unit)
    if method == "blur":
        after = _blurred(picture, max(1.0, SIGMA * unit * strength))
    elif method == "mosaic":
        after = _mosaic(picture, max(2.0, CELL * unit * strength))
    else:
        after = np.zeros_like(picture) + 0.5
    return FaceEdit(mask, gain=np.zeros_like(after), difference=after)


def _head(frame: FaceFrame, unit: float) -> FloatMap:
    """Return the face and a margin; whole pixels, for a soft border would show what is under it."""
    corners = frame.landmarks[list(FACE_OVAL), :2]
    middle = corners.mean(axis=0)
    wide = middle + (corners - middle) * WIDER
    wide[:, 1] -= UP * unit * (corners[:, 1] < middle[1])
    hull = cv2.convexHull(wide.astype(np.float32))[:, 0]
    return (parts.drawn(hull, frame.size) > 0).astype(np.float32)


def _blurred(picture: FloatMap, sigma: float) -> FloatMap:
    """Return the picture blurred, from a copy so small that sharpening brings nothing back."""
    size = picture.shape[0]
    small = max(4, round(2.5 * size / sigma))
    reduced = cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA)
    reduced = cv2.GaussianBlur(reduced, (0, 0), 2.2)
    # A coarse scale of levels takes what a deconvolution would need.
    reduced = (np.round(reduced * 24) / 24).astype(np.float32)
    return cv2.resize(reduced, (size, size), interpolation=cv2.INTER_CUBIC).clip(0, 1)


def _mosaic(picture: FloatMap, cell: float) -> FloatMap:
    size = picture.shape[0]
    cells = max(2, round(size / cell))
    reduced = cv2.resize(picture, (cells, cells), interpolation=cv2.INTER_AREA)
    reduced = (np.round(reduced * 24) / 24).astype(np.float32)
    return cv2.resize(reduced, (size, size), interpolation=cv2.INTER_NEAREST)
