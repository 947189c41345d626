"""A reader of age that learned how old people are, beside ours, which learned how old they look to raters."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

XCEPTION_CROP = 112
XCEPTION_SIDE = 0.66  # of the frame, about its middle
MEANS = (122.782, 117.001, 104.298)  # of red, green and blue, 0 to 255


class XceptionAge(nn.Module):
    """The age network of the npm package ``@vladmandic/face-api``, a small Xception (Chollet, CVPR 2017).

    Input float32 (N, 3, 112, 112), RGB in [0, 1], the middle of the frame. Output float32 (N,): years,
    which are not bounded.
    """

    means: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 3, 2)
        self.entry = nn.ModuleList([_Reduction(32, 64, first=True), _Reduction(64, 128)])
        self.middle = nn.ModuleList(
            [nn.ModuleList([_Separable(128, 128) for _ in range(3)]) for _ in range(2)]
        )
        self.exit = _Reduction(128, 256)
        self.last = _Separable(256, 512)
        self.years = nn.Linear(512, 1)
        self.register_buffer("means", torch.tensor(MEANS)[:, None, None], persistent=False)

    def forward(self, crop: Tensor) -> Tensor:
        x = F.relu(self.stem(_padded(crop - self.means / 255)))
        for block in self.entry:
            x = block(x)
        for three in self.middle:
            y = x
            assert isinstance(three, nn.ModuleList)
            for layer in three:
                y = layer(F.relu(y))
            x = x + y
        x = F.relu(self.last(self.exit(x)))
        return self.years(x.mean((2, 3)))[:, 0]


class _Separable(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.depth = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False)
        self.point = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.point(self.depth(x))


class _Reduction(nn.Module):
    """Two separable convolutions, half the size, beside a convolution that strides."""

    def __init__(self, inputs: int, outputs: int, first: bool = False) -> None:
        super().__init__()
        self.first = first
        self.one, self.two = _Separable(inputs, outputs), _Separable(outputs, outputs)
        self.beside = nn.Conv2d(inputs, outputs, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.one(x if self.first else F.relu(x))
        y = F.max_pool2d(_padded(self.two(F.relu(y)), -torch.inf), 3, 2)
        return y + self.beside(x)


def _padded(x: Tensor, value: float = 0.0) -> Tensor:
    """Return a picture of even sides with what TensorFlow's "same" lays around it for a stride of 2."""
    return F.pad(x, (0, 1, 0, 1), value=value)
