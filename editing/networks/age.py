"""The networks of age: one reads it from a face, the other changes it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from editing.networks.landmarks import InvertedResidual

READER_CROP = 128

# (channels, stride, expansion), from 64 x 64 down to 4 x 4.
READER_BLOCKS = (
    (32, 2, 3), (32, 1, 3),
    (64, 2, 3), (64, 1, 3), (64, 1, 3),
    (96, 2, 4), (96, 1, 4), (96, 1, 4),
    (160, 2, 4), (160, 1, 4),
)  # fmt: skip
OLDEST = 100


class AgeReader(nn.Module):
    """How old a face looks.

    Input float32 (N, 3, 128, 128), RGB in [0, 1]. Output float32 (N, 101): logits of the ages 0 to
    100; the age is their expectation (DEX: Rothe, Timofte, Van Gool, IJCV 2018).
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv2d(3, 24, 3, 2, 1, bias=False),
            nn.BatchNorm2d(24),
            nn.ReLU(inplace=True),
        ]
        channels = 24
        for outputs, stride, expansion in READER_BLOCKS:
            layers.append(InvertedResidual(channels, outputs, stride, expansion))
            channels = outputs
        layers += [
            nn.Conv2d(channels, 256, 1, bias=False),
            nn.BatchNorm2d(256),
            nn.ReLU(inplace=True),
        ]
        self.features = nn.Sequential(*layers)
        self.ages = nn.Linear(256, OLDEST + 1)

    def forward(self, crop: Tensor) -> Tensor:
        return self.ages(self.features(crop - 0.5).float().mean((2, 3)))


def expected_age(logits: Tensor) -> Tensor:
    """Return (N,): the expectation of the ages, years."""
    ages = torch.arange(logits.shape[1], dtype=torch.float32, device=logits.device)
    return logits.softmax(1) @ ages
