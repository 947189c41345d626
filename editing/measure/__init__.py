"""What an edit did to a face. The networks that measure are not those that edit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editing.faces.canonical import canonical_face, fit_face
from editing.faces.face import Face
from editing.faces.landmarks import find_landmarks
from editing.faces.pose import pose_of
from editing.measure.age import read_age
from editing.measure.change import measure_change
from editing.measure.chip import cut_chip
from editing.measure.expression import action_units
from editing.measure.identity import identity_distance
from editing.measure.light import light_asymmetry
from editing.measure.sharpness import sharpness_ratio
from editing.measure.similarity import face_ssim
from editing.models import ModelStore
from editing.operations.base import Operation
from editing.photo import Photo
from editing.report import Measures


def measure(
    before: Photo,
    after: Photo,
    face: Face,
    mask: NDArray[np.bool_],
    operation: Operation,
    models: ModelStore,
) -> Measures:
    """Return every measure by its name in the report; None where it could not be taken.

    Args:
        before: the photo that was edited.
        after: what became of it, of the same size.
        face: the face, as found in ``before``.
        mask: bool (H, W), true where the edit may have changed pixels.
        operation: what was done; every operation is measured alike.
        models: keeps what the measures load.

    Raises:
        ValueError: the sizes differ.
        WeightsUnavailable: landmark network or canonical face are not there.
    """
    change = measure_change(before.pixels, after.pixels, mask)
    return {
        **_of_the_head(before, after, face, models),
        "change_outside_mask": change.outside,
        "change_inside_mask": change.inside,
        "sharpness_ratio": sharpness_ratio(before.pixels, after.pixels, face.landmarks),
        "face_ssim": face_ssim(before.pixels, after.pixels, face.box),
    }


def _of_the_head(before: Photo, after: Photo, face: Face, models: ModelStore) -> Measures:
    """Return what is read of the face as it was and of the face found again."""
    canonical = canonical_face(models)
    x0, y0, x1, y1 = face.box
    unchanged = np.array_equal(before.pixels[y0:y1, x0:x1], after.pixels[y0:y1, x0:x1])
    found = face.landmarks
    if not unchanged:
        found = find_landmarks(after.pixels, face.landmarks, models)
    laid_before, laid_after = fit_face(canonical, face.landmarks), fit_face(canonical, found)
    pose_before, pose_after = pose_of(laid_before.rotation), pose_of(laid_after.rotation)
    chip_before = cut_chip(before.pixels, laid_before, models)
    chip_after = cut_chip(after.pixels, laid_after, models)
    identity = None
    if chip_before and chip_after:
        identity = identity_distance(chip_before, chip_after, models)
    return {
        "identity_distance": identity,
        "age_before": read_age(chip_before, models) if chip_before else None,
        "age_after": read_age(chip_after, models) if chip_after else None,
        "yaw_before": pose_before.yaw,
        "yaw_after": pose_after.yaw,
        "pitch_before": pose_before.pitch,
        "pitch_after": pose_after.pitch,
        "roll_before": pose_before.roll,
        "roll_after": pose_after.roll,
        "light_asymmetry_before": light_asymmetry(before.pixels, face.landmarks, models),
        "light_asymmetry_after": light_asymmetry(after.pixels, found, models),
        "expression_before": dict(action_units(face.landmarks, laid_before)),
        "expression_after": dict(action_units(found, laid_after)),
    }
