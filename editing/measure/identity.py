"""Is it still the same person? By dlib's 128-number descriptor.

King, "High Quality Face Recognition with Deep Metric Learning", 2017 (dlib's blog): two photos of
one person lie closer than 0.6. The network takes no part in any edit but camouflage, whose report
says so.
"""

from __future__ import annotations

from pathlib import Path

import dlib
import face_recognition_models
import numpy as np
import torch
from numpy.typing import NDArray

from editing.faces.canonical import canonical_face, fit_face
from editing.measure.chip import FaceChip, cut_chip
from editing.measure.dlib_file import read_recogniser
from editing.models import ModelStore
from editing.networks.recogniser import CHIP, Recogniser

PADDING = 0.25  # of a chip, sides of the face's square, as dlib's own default


def descriptor(chip: FaceChip, models: ModelStore) -> NDArray[np.float64]:
    """Return the (128,) descriptor of the face."""
    network = models.keep("dlib-descriptor", lambda: _network().to(models.device))
    seen = dlib.get_face_chip(chip.pixels, chip.points[0], CHIP, PADDING)
    tensor = torch.from_numpy(seen).permute(2, 0, 1)[None].to(models.device).float() / 255
    with torch.inference_mode():
        found = network(tensor)[0]
    return np.asarray(found.cpu(), np.float64)


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


def _network() -> Recogniser:
    return read_recogniser(Path(face_recognition_models.face_recognition_model_location()))
