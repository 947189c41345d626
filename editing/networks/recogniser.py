"""A face recogniser that can be differentiated: dlib's, layer by layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CHIP = 150  # pixels a side of the chip it sees
DESCRIPTOR = 128
COLOURS = (122.782, 117.001, 104.298)  # mean RGB that it was taught with, 0 to 255
STAGES = ((32, 3), (64, 4), (128, 3), (256, 3), (256, 1))  # channels, blocks


class _Layer(nn.Module):
    """A convolution and the affine map after it; its weight is whole numbers, stepped by ``scale``."""

    weight: Tensor
    scale: Tensor
    shift: Tensor

    def __init__(
        self, inputs: int, outputs: int, side: int = 3, stride: int = 1, padding: int = 1
    ) -> None:
        super().__init__()
        self.stride, self.padding = stride, padding
        self.register_buffer("weight", torch.zeros(outputs, inputs, side, side))
        self.register_buffer("scale", torch.ones(outputs))
        self.register_buffer("shift", torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        x = F.conv2d(x, self.weight, None, self.stride, self.padding)
        return x * self.scale[:, None, None] + self.shift[:, None, None]


class _Block(nn.Module):
    """Two layers beside a way that leaves out both; where it halves, that way is averaged."""

    def __init__(self, inputs: int, outputs: int, halves: bool) -> None:
        super().__init__()
        self.halves = halves
        stride, padding = (2, 0) if halves else (1, 1)
        self.first = _Layer(inputs, outputs, 3, stride, padding)
        self.second = _Layer(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        y = self.second(F.relu(self.first(x)))
        if not self.halves:
            return F.relu(x + y)
        x = F.avg_pool2d(x, 2, 2)
        # dlib adds what differs in size as if the smaller one went on with zeros.
        side, channels = max(x.shape[-1], y.shape[-1]), y.shape[1]
        return F.relu(_padded(x, side, channels) + _padded(y, side, channels))


def _padded(x: Tensor, side: int, channels: int) -> Tensor:
    wider = side - x.shape[-1]
    return F.pad(x, (0, wider, 0, wider, 0, channels - x.shape[1]))


class Recogniser(nn.Module):
    """dlib's descriptor of a face (King, 2017; a ResNet of 29 convolutions, He et al., CVPR 2016).

    Input float32 (N, 3, 150, 150), RGB in [0, 1], laid as ``looks.chip`` does. Output (N, 128): two
    photos of one person lie closer than 0.6.
    """

    colours: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("colours", torch.tensor(COLOURS)[:, None, None], persistent=False)
        self.stem = _Layer(3, STAGES[0][0], 7, 2, 0)
        blocks, inputs = [], STAGES[0][0]
        for stage, (channels, count) in enumerate(STAGES):
            for n in range(count):
                blocks.append(_Block(inputs, channels, halves=stage > 0 and n == 0))
                inputs = channels
        self.blocks = nn.Sequential(*blocks)
        self.out = _Layer(inputs, DESCRIPTOR, 1, 1, 0)

    def forward(self, chips: Tensor) -> Tensor:
        x = (chips * 255 - self.colours) / 256
        x = F.max_pool2d(F.relu(self.stem(x)), 3, 2)
        x = self.blocks(x).mean((2, 3), keepdim=True)
        return self.out(x).flatten(1)
