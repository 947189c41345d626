"""Attacks by somebody who has the same program and has learned from what it makes.

Whoever learns never sees the people it is tried on: the pairs are split by person, in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from editing.evaluate.privacy.figures import Figures, rank1, rounded
from editing.evaluate.privacy.pairs import SMALL, Pair
from editing.measure.identity import descriptor_at
from editing.models import ModelStore

FEWEST = 10  # people from whom anything can be learned
PARTS = 5
RIDGES = (0.01, 0.1, 1.0, 10.0)
STEPS, BATCH, RATE = 300, 12, 3e-3
UPSCALED = 256
RECONSTRUCTION = (
    "edited_psnr",
    "reconstruction_psnr",
    "reconstruction_rank1",
    "reconstruction_rank1_ceiling",
)


def parrot(pairs: Sequence[Pair]) -> Figures:
    """Return how often people are found by a recogniser that was taught on edited faces.

    Newton, Sweeney & Malin, "Preserving Privacy by De-identifying Face Images", IEEE TKDE 2005.
    ``parrot_rank1``: a ridge regression learns, from other people, to tell the descriptor of the
    original from that of the edited face, and looks it up among all originals. ``linked_rank1``:
    edited photos are looked up among the other edited photos, by people of whom there are several.
    """
    people = [pair.person for pair in pairs]
    told: Figures = {"parrot_rank1": None, "linked_rank1": None}
    before = np.stack([p.before for p in pairs])
    after = np.stack([p.after for p in pairs])
    if len(set(people)) >= FEWEST:
        told["parrot_rank1"] = rank1(_told_by(after, before, people), before, people)
    several = [n for n, who in enumerate(people) if people.count(who) > 1]
    if several and len(set(people)) > 1:
        apart = np.linalg.norm(after[:, None] - after[None], axis=2)
        np.fill_diagonal(apart, np.inf)
        hits = [people[int(apart[n].argmin())] == people[n] for n in several]
        told["linked_rank1"] = rounded(np.mean(hits), 4)
    return told


def reconstruct(pairs: Sequence[Pair], models: ModelStore, tell: Callable[[str], None]) -> Figures:
    """Return what a small U-Net makes of the edited faces that was taught on others to undo it.

    At 64 pixels: ``edited_psnr`` of the edited and ``reconstruction_psnr`` of the reconstructed faces
    against the originals, in dB; ``reconstruction_rank1`` of the latter in the gallery of all
    originals, and ``reconstruction_rank1_ceiling`` of the originals themselves at that size.
    """
    people = [pair.person for pair in pairs]
    if len(set(people)) < FEWEST:
        return dict.fromkeys(RECONSTRUCTION)
    before = _tensor([pair.small.before for pair in pairs])
    after = _tensor([pair.small.after for pair in pairs])
    part = _parts(people, 2)
    undone = torch.empty_like(after)
    for half in range(2):
        learn, tried = (torch.from_numpy(np.flatnonzero(part == n)) for n in (1 - half, half))
        tell(f"an attack that learns, {half + 1} of 2")
        network = _taught(after[learn], before[learn])
        with torch.inference_mode():
            undone[tried] = network(after[tried])
    gallery = np.stack([pair.before for pair in pairs])
    figures = (
        _psnr(after, before),
        _psnr(undone, before),
        rank1(_read(undone, pairs, models), gallery, people),
        rank1(_read(before, pairs, models), gallery, people),
    )
    return dict(zip(RECONSTRUCTION, figures, strict=True))


class Undo(nn.Module):
    """A small U-Net: an edited face (N, 3, 64, 64) in, the original out, RGB in [0, 1]."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.top = _two(3, width)
        self.middle = _two(width, 2 * width)
        self.bottom = _two(2 * width, 4 * width)
        self.lowest = _two(4 * width, 4 * width)
        self.third = _two(8 * width, 2 * width)
        self.second = _two(4 * width, width)
        self.first = _two(2 * width, width)
        self.out = nn.Conv2d(width, 3, 1)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor) -> Tensor:
        top = self.top(x - 0.5)
        middle = self.middle(F.avg_pool2d(top, 2))
        bottom = self.bottom(F.avg_pool2d(middle, 2))
        lowest = self.lowest(F.avg_pool2d(bottom, 2))
        y = self.third(torch.cat([bottom, _twice(lowest)], 1))
        y = self.second(torch.cat([middle, _twice(y)], 1))
        return x + self.out(self.first(torch.cat([top, _twice(y)], 1)))


def _two(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers += [nn.Conv2d(channels, outputs, 3, padding=1), nn.GroupNorm(8, outputs), nn.SiLU()]
    return nn.Sequential(*layers)


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear")


def _taught(edited: Tensor, original: Tensor) -> nn.Module:
    """Return the network after STEPS steps, the same for the same pictures."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = Undo()
        optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
        for _ in range(STEPS):
            drawn = torch.randint(len(edited), (BATCH,))
            pair = torch.cat([edited[drawn], original[drawn]], 1)
            if torch.rand(()) < 0.5:
                pair = pair.flip(3)
            rows, columns = torch.randint(-3, 4, (2,)).tolist()
            pair = pair.roll((rows, columns), (2, 3))
            loss = F.mse_loss(network(pair[:, :3]), pair[:, 3:])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


def _told_by(
    after: NDArray[np.float64], before: NDArray[np.float64], people: list[str]
) -> NDArray[np.float64]:
    """Return the descriptors of the originals (N, D) as a ridge tells them from the edited ones,
    each by a fit without that person, with the ridge that does best on those it learns from."""
    part = _parts(people, PARTS)
    found = np.empty_like(before)
    for n in range(PARTS):
        learn, tried = part != n, part == n
        inner = np.arange(learn.sum()) % 2 == 0
        x, y = after[learn], before[learn]
        losses = [
            float(np.square(_ridge(x[inner], y[inner], ridge)(x[~inner]) - y[~inner]).mean())
            for ridge in RIDGES
        ]
        found[tried] = _ridge(x, y, RIDGES[int(np.argmin(losses))])(after[tried])
    return found


def _ridge(
    x: NDArray[np.float64], y: NDArray[np.float64], ridge: float
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    low, middle = x.mean(axis=0), y.mean(axis=0)
    normal = (x - low).T @ (x - low) + ridge * np.eye(x.shape[1])
    solved = np.linalg.solve(normal, (x - low).T @ (y - middle))

    def told(values: NDArray[np.float64]) -> NDArray[np.float64]:
        result: NDArray[np.float64] = (values - low) @ solved + middle
        return result

    return told


def _parts(people: list[str], count: int) -> NDArray[np.int64]:
    """Return the part of each pair, 0 to count - 1, the same for all of a person."""
    order = {who: n for n, who in enumerate(dict.fromkeys(people))}
    return np.array([order[who] % count for who in people])


def _tensor(pictures: list[NDArray[np.uint8]]) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255


def _psnr(one: Tensor, other: Tensor) -> float:
    error = (one.clamp(0, 1) - other).square().mean((1, 2, 3)).clamp(min=1e-6)
    return rounded(float((-10 * error.log10()).mean()), 2)


def _read(pictures: Tensor, pairs: Sequence[Pair], models: ModelStore) -> NDArray[np.float64]:
    """Return dlib's descriptors (N, 128) of the small faces."""
    large = F.interpolate(pictures, (UPSCALED, UPSCALED), mode="bicubic").clamp(0, 1)
    pixels = (large * 255).round().byte().permute(0, 2, 3, 1).numpy()
    found = []
    for picture, pair in zip(pixels, pairs, strict=True):
        points = pair.small.landmarks * np.float32(UPSCALED / SMALL)
        read = descriptor_at(np.ascontiguousarray(picture), points, models)
        found.append(np.zeros(128) if read is None else read)
    return np.stack(found)
