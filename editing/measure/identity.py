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

from editing.measure.chip import FaceChip
from editing.models import ModelStore


def descriptor(chip: FaceChip, models: ModelStore) -> NDArray[np.float64]:
    """Return the (128,) descriptor of the face."""
    network = models.keep("dlib-descriptor", _network)
    return np.array(network.compute_face_descriptor(chip.pixels, chip.points[0]))


def _network() -> Any:
    path = face_recognition_models.face_recognition_model_location()
    return dlib.face_recognition_model_v1(path)
