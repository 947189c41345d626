"""Somebody unlike: drawn by chance, and away from what is the source's own."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from editing.engines.native.fill import Laid, likely
from editing.engines.native.people import WIDEST
from editing.models import ModelStore
from editing.networks.fill import FacePrior

CANDIDATES = 32  # drawn faces of which the least alike is taken
DRAWN = 96  # components of colour that chance moves; those beyond are grain


def other_shape(
    own: NDArray[np.float32], random: np.random.Generator, opposed: float
) -> NDArray[np.float32]:
    """Return the drawn shape (S,) that is least like one's own, of which ``opposed`` is turned into its
    opposite.
    """
    drawn = np.clip(random.standard_normal((CANDIDATES, len(own))), -WIDEST, WIDEST)
    alike = drawn @ own / (np.linalg.norm(drawn, axis=1) * max(float(np.linalg.norm(own)), 1e-6))
    chosen = drawn[int(alike.argmin())]
    return (chosen - opposed * own).clip(-WIDEST, WIDEST).astype(np.float32)


def other_face(
    laid: Laid,
    source: Tensor,
    prior: FacePrior,
    models: ModelStore,
    conditions: dict[str, float],
    random: np.random.Generator,
    opposed: float,
) -> Tensor:
    """Return the coefficients of a face that is likely here and least like the source, of whose own
    colours ``opposed`` is turned into its opposite.
    """
    usual = likely(laid, models, conditions)
    root = prior.variance.sqrt()
    own = (source - usual) / root
    numbers = random.standard_normal((CANDIDATES, DRAWN)).astype(np.float32)
    drawn = torch.zeros(len(usual), CANDIDATES)
    drawn[:DRAWN] = torch.from_numpy(numbers.T)
    faces = likely(laid, models, conditions, drawn)
    moved = (faces - usual[:, None]) / root[:, None]
    alike = torch.cosine_similarity(moved, own[:, None], dim=0)
    best = faces[:, int(alike.argmin())]
    # What is farther than that from the mean face is no usual face's colour.
    return ((best / root) - opposed * own).clamp(-WIDEST, WIDEST) * root
