"""What an edit did to a face. The networks that measure are not those that edit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from editing.faces.face import Face
from editing.faces.landmarks import find_landmarks
from editing.measure.change import measure_change
from editing.measure.head import HeadReading, head_distance, read_head
from editing.measure.second import cosine_distance, second_features
from editing.measure.sharpness import sharpness_ratio
from editing.measure.similarity import appearance_ssim, face_ssim
from editing.models import ModelStore
from editing.operations.base import Operation
from editing.photo import Photo
from editing.report import Measures

SECOND = "second_identity_distance"


def measure(
    before: Photo,
    after: Photo,
    face: Face,
    mask: NDArray[np.bool_],
    operation: Operation,
    models: ModelStore,
    was: HeadReading | None = None,
) -> Measures:
    """Return every measure by its name in the report; None where it could not be taken.

    Args:
        before: the photo that was edited.
        after: what became of it, of the same size.
        face: the face, as found in ``before``.
        mask: bool (H, W), true where the edit may have changed pixels.
        operation: what was done; every operation is measured alike.
        models: keeps what the measures load.
        was: what ``read_head`` read of the face in ``before``, where that is known already.

    Raises:
        ValueError: the sizes differ.
        WeightsUnavailable: landmark network or canonical face are not there.
    """
    change = measure_change(before.pixels, after.pixels, mask)
    if was is None:
        was = read_head(before.pixels, face.landmarks, models)
    found = _found_again(before, after, face, models)
    return {
        **_of_the_head(after, found, was, models),
        **_second_opinion(before, after, face, found, operation, models),
        "change_outside_mask": change.outside,
        "change_inside_mask": change.inside,
        "sharpness_ratio": sharpness_ratio(before.pixels, after.pixels, face.landmarks),
        "face_ssim": face_ssim(before.pixels, after.pixels, face.box),
        "appearance_ssim": appearance_ssim(before.pixels, after.pixels, face.box),
    }


def _second_opinion(
    before: Photo, after: Photo, face: Face, found: Face, operation: Operation, models: ModelStore
) -> Measures:
    """Return what the second recogniser says; only of operations that ask for it, since it costs time."""
    if SECOND not in operation.measures:
        return {}
    features = [second_features(*one, models) for one in ((before, face), (after, found))]
    return {SECOND: cosine_distance(*features)}


def _found_again(before: Photo, after: Photo, face: Face, models: ModelStore) -> Face:
    """Return the face as it lies in ``after``; where nothing of it changed it is where it was."""
    x0, y0, x1, y1 = face.box
    if np.array_equal(before.pixels[y0:y1, x0:x1], after.pixels[y0:y1, x0:x1]):
        return face
    return replace(face, landmarks=find_landmarks(after.pixels, face.landmarks, models))


def _of_the_head(after: Photo, found: Face, was: HeadReading, models: ModelStore) -> Measures:
    """Return what is read of the face as it was and of the face found again."""
    now = read_head(after.pixels, found.landmarks, models)
    return {
        "identity_distance": head_distance(was, now),
        "age_before": was.age,
        "age_after": now.age,
        "yaw_before": was.pose.yaw,
        "yaw_after": now.pose.yaw,
        "pitch_before": was.pose.pitch,
        "pitch_after": now.pose.pitch,
        "roll_before": was.pose.roll,
        "roll_after": now.pose.roll,
        "light_asymmetry_before": was.light_asymmetry,
        "light_asymmetry_after": now.light_asymmetry,
        "colour_cast_before": was.cast,
        "colour_cast_after": now.cast,
        "expression_before": was.expression,
        "expression_after": now.expression,
    }
