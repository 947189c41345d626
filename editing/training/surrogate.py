"""Recipe of ``surrogate``: by what shapes of faces differ between people, and a gallery of nobody.

    python -m editing.training surrogate

All of it is learned from ``omi``, whose people were made by a generator and do not exist. Shapes
are regressed on expression first, so that what is left is the person's.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from editing.faces.canonical import canonical_face, fit_face
from editing.models import ModelStore
from editing.networks.fill import ATTRIBUTES, PRIOR_MAP, FacePrior
from editing.training.attributes import attributes
from editing.training.card import write_weights
from editing.training.face_maps import read_maps
from editing.training.frames import Frames, read_frames

SHAPES = 40  # components of shape
EXPRESSION = ("smile", "mouth_open")


def train(out: Path, folder: Path = Path("var/training")) -> None:
    """Write the weights ``surrogate``."""
    models = ModelStore(folder=out)
    frames = read_frames(folder, models)
    learn = np.array([n for n in frames.learned() if frames.samples[n].collection == "omi"])
    maps = read_maps(frames, folder, models, PRIOR_MAP)
    known = attributes(frames, models)[learn]
    shapes = _shapes(frames, learn, models)
    smiling = np.nan_to_num(known[:, [ATTRIBUTES.index(name) for name in EXPRESSION]], nan=0.3)
    design = np.concatenate([np.ones((len(learn), 1)), smiling], axis=1)
    effect = np.linalg.lstsq(design, shapes, rcond=None)[0]
    own = shapes - design @ effect
    _, values, basis = np.linalg.svd(own, full_matrices=False)
    spread = values[:SHAPES] / np.sqrt(len(learn))
    kept = float((values[:SHAPES] ** 2).sum() / (values**2).sum())
    prior = models.network("face_prior", FacePrior)
    assert isinstance(prior, FacePrior)
    faces = torch.from_numpy(maps[learn]).permute(0, 3, 1, 2).float() / 255
    codes = torch.einsum("khij,nhij->nk", prior.basis, faces - prior.mean) * prior.step
    white = (codes / prior.variance.sqrt()).clamp(-4, 4)
    write_weights(
        out,
        "surrogate",
        {
            "effect": torch.from_numpy(effect).half(),
            "basis": torch.from_numpy(basis[:SHAPES]).half(),
            "spread": torch.from_numpy(spread).float(),
            "gallery": (white * (127 / 4)).round().to(torch.int8),
        },
        licence="CC-BY-NC-SA-4.0",
        summary="how shapes of faces differ between people, and a gallery of faces of nobody",
        training_data=["omi (CC BY-NC-SA 4.0): synthetic people"],
        measured={
            "people": f"{len(learn)} synthetic people",
            "shape_variance_kept": round(kept, 3),
        },
        limits=["adults seen from the front, few over 80", "shape in the photo's plane, mostly"],
    )


def _shapes(frames: Frames, learn: NDArray[np.int64], models: ModelStore) -> NDArray[np.float64]:
    """Return (N, 1434): canonical shapes, half themselves and half their mirror images."""
    canonical = canonical_face(models)
    rows = []
    for n in learn:
        points = frames.landmarks[n]
        shape = fit_face(canonical, points).invert(points)
        other = shape[canonical.mirror] * np.array([-1, 1, 1], np.float32)
        # A turned head is seen as a crooked face: both together stand straight.
        rows.append(((shape + other) / 2).ravel())
    return np.array(rows, np.float64)
