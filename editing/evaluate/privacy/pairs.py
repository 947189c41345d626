"""A face before and after: everything that the figures are computed from."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.evaluate.age_readers import read_gender
from editing.evaluate.people import skin_tone
from editing.faces.align import FaceFrame, align, resized
from editing.faces.canonical import canonical_face, fit_face
from editing.faces.detect import detect_faces
from editing.faces.face import Face
from editing.measure.head import read_head
from editing.measure.second import second_features
from editing.measure.sharpness import sharpness_ratio
from editing.models import ModelStore
from editing.photo import Photo

SMALL = 64  # pixels a side of the upright faces that attacks look at
MIDDLE = 0.7  # of the frame


@dataclass(frozen=True, slots=True)
class Small:
    """The same part of the original and of the edited photo, uint8 (64, 64, 3) each, and the
    original's landmarks (478, 3) on it."""

    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    landmarks: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Looks:
    """What the original's face looks like to who reads it: ``age`` in years, ``male`` a share, skin
    ``tone`` in degrees (``people.skin_tone``)."""

    age: float | None
    male: float
    tone: float | None


@dataclass(frozen=True, slots=True)
class Pair:
    """One face before and after, of a ``person``. ``found`` is whether a detector still sees a face.

    ``before`` and ``after`` are dlib's descriptors (128,), ``second`` the second recogniser's features
    (1024,) of both.
    """

    name: str
    person: str
    distance: float
    found: bool
    yaw: tuple[float, float]
    expression: tuple[dict[str, float], dict[str, float]]
    sharpness: float | None
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    second: tuple[NDArray[np.float32], NDArray[np.float32]]
    looks: Looks
    small: Small


def compare_face(
    name: str, person: str, before: Photo, after: Photo, face: Face, models: ModelStore
) -> Pair | None:
    """Return a face of ``before`` beside what is there in ``after``, of the same size; None where it lies
    outside. One that no detector finds again is read where it was, as an attacker would who knows
    the place.
    """
    again = [one for one in detect_faces(after, models) if overlap(one, face) > 0.3]
    there = again[0] if again else face
    was = read_head(before.pixels, face.landmarks, models)
    now = read_head(after.pixels, there.landmarks, models)
    if was.chip is None or now.chip is None:
        return None
    laid = fit_face(canonical_face(models), face.landmarks)
    return Pair(
        name=name,
        person=person,
        distance=float(np.linalg.norm(was.descriptor - now.descriptor)),
        found=bool(again),
        yaw=(was.pose.yaw, now.pose.yaw),
        expression=(was.expression, now.expression),
        sharpness=sharpness_ratio(before.pixels, after.pixels, face.landmarks),
        before=was.descriptor,
        after=now.descriptor,
        second=(second_features(before, face, models), second_features(after, there, models)),
        looks=Looks(
            was.age,
            read_gender(was.chip, models),
            skin_tone(before.pixels, face.landmarks, laid),
        ),
        small=_small(before, after, face, models),
    )


def overlap(one: Face, other: Face) -> float:
    """Return the intersection over union of two boxes."""
    a, b = one.box, other.box
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return width * height / (areas - width * height)


def _small(before: Photo, after: Photo, face: Face, models: ModelStore) -> Small:
    whole = round(SMALL / MIDDLE)
    rim = (whole - SMALL) // 2

    def cut(frame: FaceFrame) -> NDArray[np.uint8]:
        small = cv2.resize(frame.picture(), (whole, whole), interpolation=cv2.INTER_AREA)
        part = small[rim : rim + SMALL, rim : rim + SMALL]
        pixels: NDArray[np.uint8] = np.clip(part * 255 + 0.5, 0, 255).astype(np.uint8)
        return pixels

    frame, edited = (align(photo, face, models, largest=256) for photo in (before, after))
    points = resized(frame.landmarks, whole / frame.size)
    points[:, :2] -= rim
    return Small(cut(frame), cut(edited), points)
