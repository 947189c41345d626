"""What is read of one face in one photo: age, pose, light, expression and who it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from editing.faces.canonical import canonical_face, fit_face
from editing.faces.face import Pose
from editing.faces.pose import pose_of
from editing.measure.age import read_age
from editing.measure.cast import cast_strength, colour_cast
from editing.measure.chip import FaceChip, cut_chip
from editing.measure.expression import action_units
from editing.measure.identity import descriptor
from editing.measure.light import light_asymmetry
from editing.models import ModelStore


@dataclass(frozen=True)
class HeadReading:
    """A face as the measures see it; ``chip`` and ``age`` are None where it lies outside the photo.

    ``cast`` is how far the colour of the light is from neutral (``measure.cast``).

    Read once for the photo as it was, and held against every variant of a request.
    """

    chip: FaceChip | None
    age: float | None
    pose: Pose
    light_asymmetry: float | None
    cast: float | None
    expression: dict[str, float]
    models: ModelStore

    @cached_property
    def descriptor(self) -> NDArray[np.float64]:
        """The (128,) descriptor of the person, computed when it is first asked for.

        Raises:
            ValueError: the face lies outside the photo.
        """
        if self.chip is None:
            raise ValueError("there is no chip to compute a descriptor of")
        return descriptor(self.chip, self.models)


def read_head(
    pixels: NDArray[np.uint8], landmarks: NDArray[np.float32], models: ModelStore
) -> HeadReading:
    """Return what is read of the face at ``landmarks`` (478, 3) of uint8 (H, W, 3) RGB.

    Raises:
        WeightsUnavailable: the canonical face is not there.
    """
    laid = fit_face(canonical_face(models), landmarks)
    chip = cut_chip(pixels, laid, models)
    return HeadReading(
        chip=chip,
        age=read_age(chip, models) if chip else None,
        pose=pose_of(laid.rotation),
        light_asymmetry=light_asymmetry(pixels, landmarks, models),
        cast=cast_strength(colour_cast(pixels, landmarks)),
        expression=dict(action_units(landmarks, laid)),
        models=models,
    )


def head_distance(before: HeadReading, after: HeadReading) -> float | None:
    """Return dlib's distance: 0 the same picture, < 0.6 one person; None where one is outside."""
    if before.chip is None or after.chip is None:
        return None
    if before.chip.pixels.shape == after.chip.pixels.shape and np.array_equal(
        before.chip.pixels, after.chip.pixels
    ):
        return 0.0
    return float(np.linalg.norm(after.descriptor - before.descriptor))
