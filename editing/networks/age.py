"""The networks of age: one reads it from a face, one holds what it does on average."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from editing.networks.landmarks import BLOCKS, InvertedResidual

READER_CROP = 128
READER_SIDE = 0.78  # of the frame, about its middle

# After the blocks of the landmark network: (channels, stride, expansion), 8 x 8 to 4 x 4.
READER_BLOCKS = ((160, 2, 4), (160, 1, 4))
OLDEST = 100

COURSE_MAP = 128
CHANGE_FACE, CHANGE_MAP = 128, 64  # sides of what ``AgeChange`` sees and of what it answers
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


class AgeChange(nn.Module):
    """What age does to this face beyond the course: a small U-Net on the canonical map.

    After FRAN (Zoss et al., "Production-Ready Face Re-Aging for Visual Effects", ACM TOG 2022), which
    predicts a difference from photo, present and target age; here the difference is smooth maps that
    the engine applies at the photo's own resolution.

    Input ``face`` float32 (N, 3, 128, 128), RGB in [0, 1], on the canonical map, and ages (N,) in
    years. Output, added to what the course says, (N, C, 64, 64) each: ``move`` (2, in distances
    between the irises), ``tone`` (3) and ``bands`` (BANDS), logarithms of gains, and ``depth`` (1) of
    the wrinkles. All are 0 where the ages are the same.
    """

    face: Tensor
    limits: Tensor

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        w = width
        self.told = nn.Sequential(nn.Linear(12, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU())
        self.stem = nn.Conv2d(3, w, 3, 2, 1)
        self.first = _Told(w)
        self.down = nn.Conv2d(w, 2 * w, 3, 2, 1)
        self.second = _Told(2 * w)
        self.lower = nn.Conv2d(2 * w, 3 * w, 3, 2, 1)
        self.deep = nn.ModuleList([_Told(3 * w), _Told(3 * w)])
        self.up = nn.Conv2d(3 * w, 2 * w, 1)
        self.third = _Told(2 * w)
        self.higher = nn.Conv2d(2 * w, w, 1)
        self.place = nn.Parameter(torch.zeros(1, w, CHANGE_MAP, CHANGE_MAP))
        self.last = _Told(w)
        self.out = nn.Conv2d(w, len(CHANGE_LIMITS), 3, padding=1)
        nn.init.zeros_(self.out.weight)
        assert self.out.bias is not None
        nn.init.zeros_(self.out.bias)
        # What it does to everybody, one map for each part of the basis.
        self.mean = nn.Parameter(torch.zeros(4, len(CHANGE_LIMITS), CHANGE_MAP, CHANGE_MAP))
        # Where the face is, 1, and beyond it 0: hair and neck do not move with every wrinkle.
        self.register_buffer("face", torch.ones(CHANGE_MAP, CHANGE_MAP))
        self.register_buffer("limits", torch.tensor(CHANGE_LIMITS)[:, None, None], persistent=False)

    def forward(
        self, face: Tensor, present: Tensor, target: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        was, is_ = age_basis(present), age_basis(target)
        told = self.told(torch.cat([was, is_, is_ - was], 1))
        first = self.first(self.stem(face - 0.5), told)
        second = self.second(self.down(first), told)
        deep = self.lower(second)
        for block in self.deep:
            deep = block(deep, told)
        x = self.third(second + _twice(self.up(deep)), told)
        x = self.last(first + _twice(self.higher(x)) + self.place, told)
        x = self.out(x) + torch.einsum("nb,bchw->nchw", is_ - was, self.mean)
        way = ((target - present).abs() / NEAR).clamp(max=1)[:, None, None, None]
        x = _smoothed(x, 3).tanh() * self.limits * way
        move = _smoothed(x[:, :2], 7) * self.face
        return move, x[:, 2:3], x[:, 3 : 3 + BANDS], x[:, 3 + BANDS :]


# The most that each of the maps of ``AgeChange`` can add, and the years from which on it may.
CHANGE_LIMITS = (0.09, 0.09, 0.05, *(0.8,) * BANDS, 2.0)
NEAR = 12.0


class _Told(nn.Module):
    """A residual block that is told the ages as a scale and a shift of its channels (FiLM)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.told = nn.Linear(64, 2 * channels)
        self.one = nn.Conv2d(channels, channels, 3, padding=1)
        self.two = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        scale, shift = self.told(told)[:, :, None, None].chunk(2, 1)
        y = F.silu(self.norm(x) * (1 + scale) + shift)
        return x + self.two(F.silu(self.one(y)))


def _smoothed(x: Tensor, side: int) -> Tensor:
    """Return the mean over ``side`` pixels, twice."""
    x = F.pad(x, (side - 1,) * 4, mode="replicate")
    return F.avg_pool2d(F.avg_pool2d(x, side, 1), side, 1)


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear")
