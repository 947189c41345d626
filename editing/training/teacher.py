"""A teacher of age: the features of ``second_recogniser``.

What that network says of age itself is never used: a kernel ridge on its features is fitted on the
raters' ages of people that recipes may see.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from editing.models import ModelStore
from editing.networks.second_recogniser import SECOND_CROP, SECOND_SIDE, SecondRecogniser
from editing.training.frames import SIDE, Frames

WIDTH, RIDGE = 3e-4, 0.1  # of the kernel, and of the ridge


def teacher(models: ModelStore) -> SecondRecogniser:
    network = models.network("second_recogniser", SecondRecogniser)
    assert isinstance(network, SecondRecogniser)
    return network


def descriptors(frames: Frames, folder: Path) -> NDArray[np.float32]:
    """Return (N, 1024): the teacher's descriptor of every frame, kept in ``folder``."""
    file = folder / "faceres.npy"
    if not file.is_file():
        network = teacher(ModelStore()).features
        found = []
        with torch.inference_mode():
            for start in range(0, len(frames.pictures), 16):
                batch = torch.from_numpy(frames.pictures[start : start + 16].copy())
                found.append(network(_crop(batch.permute(0, 3, 1, 2).float() / 255)).numpy())
        np.save(file, np.concatenate(found))
    return np.asarray(np.load(file), np.float32)


def _crop(pictures: Tensor) -> Tensor:
    low, size = round((1 - SECOND_SIDE) / 2 * SIDE), round(SECOND_SIDE * SIDE)
    part = pictures[..., low : low + size, low : low + size]
    return F.interpolate(part, (SECOND_CROP, SECOND_CROP), mode="bilinear", antialias=True)


def taught_ages(frames: Frames, folder: Path) -> NDArray[np.float32]:
    """Return (N,): the teacher's age of every frame; of those it was fitted on, left out of the fit.

    A kernel ridge (Gaussian kernel) of the raters' ages of ``omi`` on the descriptor.
    """
    learn = [n for n in frames.learned() if frames.samples[n].collection == "omi"]
    values = descriptors(frames, folder).astype(np.float64)
    values = (values - values[learn].mean(axis=0)) / (values[learn].std(axis=0) + 1e-3)
    mean = float(frames.ages[learn].mean())
    wanted = frames.ages[learn] - mean

    def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T
        return np.exp(-WIDTH * square)

    between = kernel(values[learn], values[learn])
    inverse = np.linalg.inv(between + RIDGE * np.eye(len(learn)))
    ages = kernel(values, values[learn]) @ (inverse @ wanted)
    hat = between @ inverse
    ages[learn] = (ages[learn] - np.diag(hat) * wanted) / (1 - np.diag(hat))
    return (ages + mean).astype(np.float32)


class Taught:
    """What the teacher's descriptor tells of a rating, as a function that can be differentiated."""

    def __init__(self, values: NDArray[np.float32], ratings: NDArray[np.float32]) -> None:
        """Fit a kernel ridge of ``ratings`` (N,) on descriptors (N, 1024)."""
        wide = values.astype(np.float64)
        self.mean = torch.from_numpy(values.mean(axis=0))
        self.spread = torch.from_numpy(values.std(axis=0) + np.float32(1e-3))
        wide = (wide - wide.mean(axis=0)) / (wide.std(axis=0) + 1e-3)
        square = (wide**2).sum(axis=1)
        between = np.exp(-WIDTH * (square[:, None] + square[None] - 2 * wide @ wide.T))
        self.middle = float(ratings.mean())
        solved = np.linalg.solve(between + RIDGE * np.eye(len(wide)), ratings - self.middle)
        self.support = torch.from_numpy(wide.astype(np.float32))
        self.weights = torch.from_numpy(solved.astype(np.float32))

    def __call__(self, descriptor: Tensor) -> Tensor:
        """Return (N,) ratings of descriptors (N, 1024)."""
        values = (descriptor - self.mean) / self.spread
        square = torch.cdist(values, self.support) ** 2
        return torch.exp(-WIDTH * square) @ self.weights + self.middle
