"""The landmark network: a 128-pixel crop in, 478 points out."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from editing.faces.topology import POINTS

CROP = 128

# (channels, stride, expansion) of each inverted residual block, from 64 x 64 down to 8 x 8.
BLOCKS = (
    (32, 2, 2), (32, 1, 2), (32, 1, 2),
    (64, 2, 3), (64, 1, 3), (64, 1, 3), (64, 1, 3),
    (128, 2, 3), (128, 1, 3), (128, 1, 3), (128, 1, 3), (128, 1, 3),
)  # fmt: skip


class InvertedResidual(nn.Module):
    """Widen, filter each channel alone, narrow again (MobileNetV2, Sandler 2018, section 3)."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.skip = stride == 1 and inputs == outputs
        self.body = nn.Sequential(
            nn.Conv2d(inputs, wide, 1, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU(inplace=True),
            nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU(inplace=True),
            nn.Conv2d(wide, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.skip else self.body(x)


class LandmarkNet(nn.Module):
    """478 points of a face crop.

    Input float32 (N, 3, 128, 128), RGB in [0, 1]. Output float32 (N, 478, 3) in units of half the
    crop: x and y are -1 and 1 at its edges, z has the same unit, smaller is nearer.

    The last layer starts as the principal components of the training shapes, so that the network
    begins by choosing among plausible faces and learns to leave their span.
    """

    def __init__(self, components: int = 160) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv2d(3, 24, 3, 2, 1, bias=False),
            nn.BatchNorm2d(24),
            nn.ReLU(inplace=True),
        ]
        channels = 24
        for outputs, stride, expansion in BLOCKS:
            layers.append(InvertedResidual(channels, outputs, stride, expansion))
            channels = outputs
        layers += [
            nn.Conv2d(channels, 48, 1, bias=False),
            nn.BatchNorm2d(48),
            nn.ReLU(inplace=True),
        ]
        self.features = nn.Sequential(*layers)
        self.coefficients = nn.Linear(48 * 8 * 8, components)
        self.shape = nn.Linear(components, POINTS * 3)

    def forward(self, crop: Tensor) -> Tensor:
        features = self.features(crop - 0.5).flatten(1)
        return self.shape(self.coefficients(features.float())).view(-1, POINTS, 3)

    @torch.no_grad()
    def start_from_shapes(self, shapes: Tensor) -> None:
        """Set the last layer to the principal components of ``shapes``, (N, 478, 3)."""
        flat = shapes.flatten(1)
        mean = flat.mean(0)
        _, singular, basis = torch.linalg.svd(flat - mean, full_matrices=False)
        rank = min(self.coefficients.out_features, basis.shape[0])
        spread = singular[:rank] / max(1.0, len(flat)) ** 0.5
        self.shape.weight.zero_()
        self.shape.weight[:, :rank] = (basis[:rank] * spread[:, None]).T
        self.shape.bias.copy_(mean)
        self.coefficients.weight.mul_(0.1)
        self.coefficients.bias.zero_()


def fused(network: nn.Module) -> nn.Module:
    """Return the network in eval mode, each batch norm folded into its convolution."""
    copy = deepcopy(network).eval()
    for part in copy.modules():
        if not isinstance(part, nn.Sequential):
            continue
        for n in range(len(part) - 1):
            convolution, norm = part[n], part[n + 1]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                part[n] = fuse_conv_bn_eval(convolution, norm)
                part[n + 1] = nn.Identity()
    return copy.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
