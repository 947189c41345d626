"""The network that tells hair and person from the background."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HEAD_CROP = 128


def _double(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class HeadNet(nn.Module):
    """Person and hair in a face's frame: a U-Net (Ronneberger 2015) from 64 to 8 pixels and back.

    Input float32 (N, 3, 128, 128), RGB in [0, 1]. Output float32 (N, 2, 128, 128): logits of
    "person, not background" and of "hair of the head".
    """

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            [_double(3, 24, 2), _double(24, 48, 2), _double(48, 96, 2), _double(96, 128, 2)]
        )
        self.up = nn.ModuleList([_double(128 + 96, 96), _double(96 + 48, 48), _double(48 + 24, 32)])
        self.out = nn.Conv2d(32, 2 * 4, 3, 1, 1)

    def forward(self, frame: Tensor) -> Tensor:
        kept = []
        x = frame - 0.5
        for block in self.down:
            x = block(x)
            kept.append(x)
        for block, skip in zip(self.up, reversed(kept[:-1]), strict=True):
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = block(torch.cat([x, skip], 1))
        return F.pixel_shuffle(self.out(x), 2)
