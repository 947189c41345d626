"""Soft masks of the parts of a face, from its landmarks, at the frame's own resolution."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.topology import (
    FACE_OVAL,
    LEFT_BROW,
    LEFT_EYE,
    LEFT_IRIS,
    LIPS_BETWEEN,
    LIPS_INNER,
    LIPS_OUTER,
    NOSE,
    RIGHT_BROW,
    RIGHT_EYE,
    RIGHT_IRIS,
)

FloatMap = NDArray[np.float32]
Points = NDArray[np.float32]

EYES = (RIGHT_EYE, LEFT_EYE)
BROWS = (RIGHT_BROW, LEFT_BROW)
JAW = FACE_OVAL[FACE_OVAL.index(361) : FACE_OVAL.index(132) + 1]


def drawn(corners: Points, size: int) -> FloatMap:
    """Return float32 (size, size): 1 inside the polygon (N, 2), with a smooth border."""
    mask = np.zeros((size, size), np.float32)
    cv2.fillPoly(mask, [np.round(corners * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    return mask


def ring(landmarks: Points, points: tuple[int, ...], size: int, wide: float = 1.0) -> FloatMap:
    """Return the inside of a ring of landmarks, ``wide`` times as large."""
    corners = landmarks[list(points), :2]
    middle = corners.mean(axis=0)
    return drawn(middle + (corners - middle) * wide, size)


def around(landmarks: Points, points: tuple[int, ...], size: int, margin: float) -> FloatMap:
    """Return the convex hull of some landmarks, widened by ``margin`` pixels."""
    hull = cv2.convexHull(np.ascontiguousarray(landmarks[list(points), :2]))[:, 0]
    mask, corners = drawn(hull, size), np.round(hull * 16).astype(np.int32)
    # A line of that width around it, with round ends, is the disc that would be drawn along it.
    wide = 2 * max(1, round(margin))
    cv2.polylines(mask, [corners], True, 1.0, wide, cv2.LINE_AA, 4)
    return mask


def eye_distance(landmarks: Points) -> float:
    """Return the distance between the irises, pixels."""
    right, left = landmarks[RIGHT_IRIS[0], :2], landmarks[LEFT_IRIS[0], :2]
    return float(np.hypot(*(left - right)))


def hole_of(region: str, landmarks: Points, size: int) -> FloatMap:
    """Return what is painted anew when a part is: the part and a margin, (size, size).

    Raises:
        KeyError: landmarks alone do not tell where the region is.
    """
    unit = eye_distance(landmarks)
    return _HOLES[region](landmarks, size, unit)


def lips(landmarks: Points, size: int) -> FloatMap:
    """Return the red of the lips, without what shows between them."""
    return np.clip(ring(landmarks, LIPS_OUTER, size) - ring(landmarks, LIPS_INNER, size), 0, 1)


def irises(landmarks: Points, size: int) -> FloatMap:
    """Return the irises and pupils, as far as the lids leave them free."""
    mask = np.zeros((size, size), np.float32)
    for iris, eye in ((RIGHT_IRIS, RIGHT_EYE), (LEFT_IRIS, LEFT_EYE)):
        middle = landmarks[iris[0], :2]
        radius = float(np.hypot(*(landmarks[list(iris[1:]), :2] - middle).T).mean())
        disc = np.zeros((size, size), np.float32)
        at = (round(float(middle[0]) * 16), round(float(middle[1]) * 16))
        cv2.circle(disc, at, round(radius * 16), 1.0, -1, cv2.LINE_AA, 4)
        mask = np.maximum(mask, np.minimum(disc, ring(landmarks, eye, size)))
    return mask


def brows(landmarks: Points, size: int) -> FloatMap:
    return np.maximum(*(ring(landmarks, brow, size) for brow in BROWS)).astype(np.float32)


def skin(landmarks: Points, size: int) -> FloatMap:
    """Return the face without eyes, brows, lips and nostrils; hair over it is not known here."""
    unit = eye_distance(landmarks)
    mask = ring(landmarks, FACE_OVAL, size, 0.98)
    for eye in EYES:
        mask = np.minimum(mask, 1 - around(landmarks, eye, size, 0.07 * unit))
    for brow in BROWS:
        mask = np.minimum(mask, 1 - around(landmarks, brow, size, 0.06 * unit))
    mask = np.minimum(mask, 1 - around(landmarks, LIPS_OUTER, size, 0.04 * unit))
    return mask.astype(np.float32)


def _mouth(landmarks: Points, size: int, unit: float) -> FloatMap:
    return around(landmarks, LIPS_OUTER, size, 0.16 * unit)


def _eyes(landmarks: Points, size: int, unit: float) -> FloatMap:
    return np.maximum(*(around(landmarks, eye, size, 0.14 * unit) for eye in EYES))


def _brows(landmarks: Points, size: int, unit: float) -> FloatMap:
    return np.maximum(*(around(landmarks, brow, size, 0.10 * unit) for brow in BROWS))


def _nose(landmarks: Points, size: int, unit: float) -> FloatMap:
    lower = tuple(point for point in NOSE if point not in (193, 417, 168, 245, 465))
    return around(landmarks, lower, size, 0.06 * unit)


def _moustache(landmarks: Points, size: int, unit: float) -> FloatMap:
    upper = (*LIPS_OUTER[10:], LIPS_OUTER[0])
    mask = around(landmarks, (*upper, 98, 327, 2, 206, 426), size, 0.04 * unit)
    return np.minimum(mask, 1 - ring(landmarks, LIPS_OUTER, size, 1.02)).astype(np.float32)


def _beard(landmarks: Points, size: int, unit: float) -> FloatMap:
    """Return the jaw from ear to ear, a little below it, and the upper lip; the lips themselves stay."""
    jaw = landmarks[list(JAW), :2]
    below = jaw + np.array([0, 0.03 * unit], np.float32)
    cheeks = landmarks[[213, 206, 98, 2, 327, 426, 433], :2]
    mask = drawn(np.concatenate([below, cheeks]), size)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.03 * unit)
    return np.minimum(mask, 1 - ring(landmarks, LIPS_OUTER, size, 1.02)).astype(np.float32)


def _glasses(landmarks: Points, size: int, unit: float) -> FloatMap:
    """Return a band over both eyes to the temples; the eyes between the lids stay."""
    right, left = landmarks[RIGHT_EYE[0], :2], landmarks[LEFT_EYE[0], :2]
    across = (left - right) / max(float(np.hypot(*(left - right))), 1e-6)
    down = np.array([-across[1], across[0]], np.float32)
    reach = 0.26 * unit
    corners = [
        right - across * reach - down * 0.36 * unit,
        left + across * reach - down * 0.36 * unit,
        left + across * reach + down * 0.46 * unit,
        right - across * reach + down * 0.46 * unit,
    ]
    band = drawn(np.array(corners, np.float32), size)
    for eye in EYES:
        band = np.minimum(band, 1 - around(landmarks, eye, size, 0.02 * unit))
    return band.astype(np.float32)


_HOLES = {
    "mouth": _mouth,
    "eyes": _eyes,
    "brows": _brows,
    "nose": _nose,
    "moustache": _moustache,
    "beard": _beard,
    "glasses": _glasses,
}


def feathered(mask: FloatMap, share: float) -> FloatMap:
    """Return the mask fading inwards over ``share`` of its half width; outside it stays 0."""
    if share <= 0 or not mask.any():
        return mask
    inside = (mask > 0.5).astype(np.uint8)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 5)
    reach = max(1.0, share * float(depth.max()))
    ramp = np.clip(depth / reach, 0, 1)
    return (mask * (ramp * ramp * (3 - 2 * ramp))).astype(np.float32)


def with_closed_mouth(landmarks: Points) -> Points:
    """Return the landmarks (478, 3) with the lips together where they met half way."""
    closed = landmarks.copy()
    inner = landmarks[list(LIPS_INNER)]
    # The lower lip is 1 to 9, the upper 19 to 11, corner to corner.
    gap = (inner[19:10:-1] - inner[1:10]) / 2
    for points, share in zip(
        (LIPS_INNER, *LIPS_BETWEEN[::-1], LIPS_OUTER), (1, 0.95, 0.9, 0.85), strict=True
    ):
        closed[list(points[1:10])] += share * gap
        closed[list(points[19:10:-1])] -= share * gap
    return closed
