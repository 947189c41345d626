"""What the judge reads of real people of an age, so that its own bias can be told from ours.

The judge finds people of 50 several years younger than raters do. An edit that shows 50 as
real people of 50 do is then counted as an error, and one that overdoes it is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from editing.evaluate.age_readers import TAUGHT_BY
from editing.faces.canonical import canonical_face, fit_face
from editing.measure.age import read_age
from editing.measure.chip import cut_chip
from editing.models import ModelStore
from editing.training.data import ratings, samples

WIDTH = 5.0  # years within which people tell of an age


@dataclass(frozen=True, slots=True)
class JudgeCurve:
    """Raters' ages (N,) of people, and what the judge read of them, (N,), years."""

    ages: NDArray[np.float64]
    read: NDArray[np.float64]

    def at(self, age: float) -> float:
        """Return the judge's mean reading of people of an age: a line through those about it, which
        leans to no side where there are few people beyond (Cleveland, JASA 1979)."""
        near = np.exp(-0.25 * ((self.ages - age) / WIDTH) ** 2)  # the root of their weight
        line = np.stack([np.ones_like(self.ages), self.ages - age], axis=1)
        found = np.linalg.lstsq(line * near[:, None], self.read * near, rcond=None)[0]
        return float(found[0])

    def error(self, age: float) -> float:
        """Return the judge's mean absolute error on people about that old: of a face that nobody edited."""
        weights = np.exp(-0.5 * ((self.ages - age) / WIDTH) ** 2)
        return float(np.average(np.abs(self.read - self.ages), weights=weights))


def judge_curve(cache: Path, models: ModelStore) -> JudgeCurve | None:
    """Return the curve of the people of ``omi`` that recipes may see; None where they are not there.

    Args:
        cache: where the readings are kept, a file that may be deleted.
        models: keeps what reads them.
    """
    try:
        taught = [one for one in samples(("omi",)) if one.fold in TAUGHT_BY]
        rated = ratings("omi")
    except FileNotFoundError:
        return None
    ages = np.array([float(rated[str(int(one.name))]["age"]) for one in taught])
    read = np.load(cache) if cache.is_file() else np.empty(0)
    if len(read) != len(taught):
        canonical = canonical_face(models)
        chips = (
            cut_chip(one.read(1024), fit_face(canonical, one.points(1024)), models)
            for one in taught
        )
        read = np.array([np.nan if chip is None else read_age(chip, models) for chip in chips])
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.save(cache, read)
    known = np.isfinite(read)
    return JudgeCurve(ages[known], read[known])
