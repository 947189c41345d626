"""The networks of age: one reads it from a face, one holds what it does on average."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from editing.networks.landmarks import BLOCKS, InvertedResidual

READER_CROP = 128
READER_SIDE = 0.78  # of the frame, about its middle

# After the blocks of the landmark network: (channels, stride, expansion), 8 x 8 to 4 x 4.
READER_BLOCKS = ((160, 2, 4), (160, 1, 4))
OLDEST = 100

COURSE_MAP = 128
BANDS = 4  # octaves of detail, the finest first: 1, 2, 4 and 8 pixels of a 512-pixel frame


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
        for outputs, stride, expansion in (*BLOCKS, *READER_BLOCKS):
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


class AgeCourse(nn.Module):
    """What age does on average, as maps on the canonical face (``faces.maps``).

    Of each of the four parts of ``age_basis``: ``move`` (4, 3, 128, 128), in distances between the
    irises; ``tone`` (4, 3, 128, 128) and ``bands`` (4, BANDS, 128, 128), logarithms of gains of the
    colour and of each octave of detail. Of old skin: ``relief`` (BANDS, 128, 128), how strong the
    detail is that young skin lacks, relative to its brightness, and ``folds`` (2, 128, 128),
    along which lines it runs: cosine and sine of twice the angle, as long as it is certain.
    """

    move: Tensor
    tone: Tensor
    bands: Tensor
    relief: Tensor
    folds: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name, channels in (("move", 3), ("tone", 3), ("bands", BANDS)):
            self.register_buffer(name, torch.zeros(4, channels, COURSE_MAP, COURSE_MAP))
        self.register_buffer("relief", torch.zeros(BANDS, COURSE_MAP, COURSE_MAP))
        self.register_buffer("folds", torch.zeros(2, COURSE_MAP, COURSE_MAP))

    def forward(self, step: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return movement, tone and bands, (C, 128, 128) each, of a ``step`` (4,) of the basis."""
        move = torch.einsum("b,bchw->chw", step, self.move)
        tone = torch.einsum("b,bchw->chw", step, self.tone)
        bands = torch.einsum("b,bchw->chw", step, self.bands)
        return move, tone.clamp(-0.18, 0.09), bands.clamp(-1.2, 0.9)


def age_basis(age: Tensor) -> Tensor:
    """Return (N, 4): age as a line and as the parts of it below 18, above 45 and above 62."""
    parts = [
        (age - 35) / 20,
        (18 - age).relu() / 10,
        (age - 45).relu() / 15,
        (age - 62).relu() / 10,
    ]
    return torch.stack(parts, 1)
