"""Recipe of ``face_prior``: the Gaussian of faces that completes a face.

    python -m editing.training face_prior

Principal components of the canonical maps of all learned faces and their mirror images, and a ridge
regression that reads each attribute from their coefficients.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from editing.models import ModelStore
from editing.networks.fill import ATTRIBUTES, COMPONENTS, PRIOR_MAP, FacePrior
from editing.training.attributes import attributes
from editing.training.card import write_weights
from editing.training.face_maps import read_maps
from editing.training.frames import Frames, read_frames

# The noise of the rest, times this: neighbouring pixels err together, so they prove less.
CAUTION = 8.0
RIDGE = 30.0

FloatArray = NDArray[np.float32]


def train(out: Path, folder: Path = Path("var/training")) -> None:
    """Write the weights ``face_prior``."""
    models = ModelStore(folder=out)
    frames = read_frames(folder, models)
    maps = read_maps(frames, folder, models, PRIOR_MAP)
    known = attributes(frames, models)
    learn, rest = frames.learned(), _aside(frames)
    prior = fitted(maps[learn], known[learn])
    write_weights(
        out,
        "face_prior",
        {k: _small(k, v) for k, v in prior.state_dict().items()},
        licence="CC-BY-NC-SA-4.0",
        summary="a Gaussian of faces on the canonical map, which completes a face",
        training_data=[
            "omi (CC BY-NC-SA 4.0)",
            "omi_edits (CC BY-NC-SA 4.0)",
            "london (CC BY 4.0)",
        ],
        measured=_measured(prior, maps[rest], known[rest]),
        limits=["one face in front, no hand or mask: what it saw", "few children, few over 80"],
    )


def fitted(maps: NDArray[np.uint8], known: FloatArray, components: int = COMPONENTS) -> FacePrior:
    """Return the prior of maps uint8 (N, 64, 64, 3) whose attributes are ``known`` (N, A)."""
    both = np.concatenate([maps, maps[:, :, ::-1]]).astype(np.float32) / 255
    faces = np.ascontiguousarray(both.transpose(0, 3, 1, 2)).reshape(len(both), -1)
    mean = faces.mean(axis=0)
    faces -= mean
    values, vectors = np.linalg.eigh(faces @ faces.T)
    values, vectors = values[::-1], vectors[:, ::-1]
    basis = (faces.T @ (vectors[:, :components] / np.sqrt(values[:components]))).T
    step = np.abs(basis).max(axis=1) / 127
    basis = np.round(basis / step[:, None])
    variance = values[:components] / len(faces)
    noise = values[components:].sum() / faces.size * CAUTION
    prior = FacePrior(components)
    coefficients = faces @ (basis * step[:, None]).T
    reading, middle, doubt = _readings(
        coefficients, np.concatenate([known, known]), variance.astype(np.float32)
    )
    side = PRIOR_MAP
    prior.load_state_dict(
        {
            "mean": torch.from_numpy(mean.reshape(3, side, side)),
            "basis": torch.from_numpy(basis.reshape(components, 3, side, side)),
            "step": torch.from_numpy(step),
            "variance": torch.from_numpy(np.ascontiguousarray(variance)),
            "noise": torch.tensor(float(noise)),
            "reading": torch.from_numpy(reading),
            "middle": torch.from_numpy(middle),
            "doubt": torch.from_numpy(doubt),
        }
    )
    return prior


def _readings(
    coefficients: FloatArray, known: FloatArray, variance: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return rows (A, K), middles (A,) and doubts (A,): ridge regression on whitened faces."""
    white = coefficients / np.sqrt(variance)
    rows, middles, doubts = [], [], []
    for values in known.T:
        seen = np.isfinite(values)
        x, y = white[seen], values[seen]
        middle = y.mean()
        penalty = RIDGE * np.eye(x.shape[1], dtype=np.float32)
        row = np.linalg.solve(x.T @ x + penalty, x.T @ (y - middle))
        rows.append(row / np.sqrt(variance))
        middles.append(middle)
        doubts.append((y - middle - x @ row).std())
    return np.array(rows, np.float32), np.array(middles, np.float32), np.array(doubts, np.float32)


def _small(name: str, values: Tensor) -> Tensor:
    return values.to(torch.int8) if name == "basis" else values


def _aside(frames: Frames) -> NDArray[np.int64]:
    unseen = np.setdiff1d(np.arange(len(frames.samples)), frames.learned())
    edits = [frames.samples[n].collection == "omi_edits" for n in unseen]
    return unseen[~np.array(edits)]


def _measured(
    prior: FacePrior, maps: NDArray[np.uint8], known: FloatArray
) -> dict[str, float | str]:
    faces = torch.from_numpy(maps).permute(0, 3, 1, 2).float() / 255
    codes = torch.einsum("khij,nhij->nk", prior.basis, faces - prior.mean) * prior.step
    read = torch.stack([prior.attributes(code) for code in codes]).numpy()
    measured: dict[str, float | str] = {"people": f"{len(maps)} pictures of people set aside"}
    for n, name in enumerate(ATTRIBUTES):
        seen = np.isfinite(known[:, n])
        measured[f"{name}_r"] = round(float(np.corrcoef(read[seen, n], known[seen, n])[0, 1]), 3)
    return measured
