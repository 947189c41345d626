"""Is it still the same person? By dlib's 128-number descriptor.

King, "High Quality Face Recognition with Deep Metric Learning", 2017 (dlib's blog): two photos of
one person lie closer than 0.6. The network takes no part in any edit but camouflage, whose report
says so.
"""

from __future__ import annotations

from typing import Any

import dlib
import face_recognition_models
import numpy as np
from numpy.typing import NDArray

from editing.faces.canonical import canonical_face, fit_face
from editing.measure.chip import FaceChip, cut_chip
from editing.models import ModelStore


def descriptor(chip: FaceChip, models: ModelStore) -> NDArray[np.float64]:
    """Return the (128,) descriptor of the face."""
    network = models.own("dlib-descriptor", _network)
    return np.array(network.compute_face_descriptor(chip.pixels, chip.points[0]))


def descriptor_at(
    pixels: NDArray[np.uint8], landmarks: NDArray[np.float32], models: ModelStore
) -> NDArray[np.float64] | None:
    """Return the (128,) descriptor of the face at ``landmarks`` (478, 3) of uint8 (H, W, 3) RGB; None
    where it lies outside the picture.

    Raises:
        WeightsUnavailable: the canonical face is not there.
    """
    chip = cut_chip(pixels, fit_face(canonical_face(models), landmarks), models)
    return None if chip is None else descriptor(chip, models)


def _network() -> Any:
    path = face_recognition_models.face_recognition_model_location()
    return dlib.face_recognition_model_v1(path)
