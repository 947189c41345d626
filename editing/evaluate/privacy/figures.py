"""The figures that photos and videos share."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from editing.evaluate.privacy.pairs import Pair
from editing.measure.second import cosine_distance

SAME_PERSON = 0.6  # dlib's own threshold
FALSE_ACCEPTS = 1e-3
FEWEST = 3  # faces of which a correlation means anything
DEGREE = 3  # of the kernel

Figures = dict[str, float | int | None]


def of_pairs(pairs: Sequence[Pair]) -> Figures:
    """Return what each pair tells by itself, in the mean.

    - ``distance_mean``, ``distance_least``: dlib's, original to edited; ``beyond_threshold``: the
      share above 0.6; ``second_distance_mean``: 1 less the cosine, by the second recogniser.
    - ``still_found``: share in which a face is still detected.
    - ``yaw_error``: mean, degrees. ``sharpness_median``.
    """
    distances = np.array([pair.distance for pair in pairs])
    seen = [pair for pair in pairs if pair.found]
    sharp = [pair.sharpness for pair in pairs if pair.sharpness is not None]
    return {
        "distance_mean": rounded(distances.mean(), 3),
        "distance_least": rounded(distances.min(), 3),
        "beyond_threshold": rounded((distances > SAME_PERSON).mean(), 4),
        "second_distance_mean": rounded(np.mean([cosine_distance(*p.second) for p in pairs]), 3),
        "still_found": rounded(len(seen) / len(pairs), 4),
        "yaw_error": mean([abs(p.yaw[1] - p.yaw[0]) for p in seen], 2),
        "sharpness_median": rounded(np.median(sharp), 3) if sharp else None,
    }


def in_gallery(pairs: Sequence[Pair], of: Sequence[int] | None = None) -> Figures:
    """Return whether the edited faces, or those numbered ``of``, are found among all the originals.

    - ``rank1``: share of edited faces whose nearest original is of the same person;
      ``rank1_chance`` what guessing gives.
    - ``threshold_at_far``, ``accepted_at_far``: the threshold that lets one impostor in a thousand
      pass (of pairs of different people), and the share that a verifier then accepts.
    - ``second_...``: the same by the second recogniser.
    """
    people = [pair.person for pair in pairs]
    chosen = list(range(len(pairs))) if of is None else list(of)
    told: Figures = {"rank1_chance": rounded(1 / len(set(people)), 4)}
    for name, (before, after) in (("", _descriptors(pairs)), ("second_", _second(pairs))):
        strangers = _strangers(before, people)
        own = np.linalg.norm(after - before, axis=1)[chosen]
        threshold = float(np.quantile(strangers, FALSE_ACCEPTS)) if strangers else None
        accepted = None if threshold is None else rounded((own < threshold).mean(), 4)
        told |= {
            f"{name}rank1": rank1(after, before, people, chosen),
            f"{name}threshold_at_far": None if threshold is None else rounded(threshold, 3),
            f"{name}accepted_at_far": accepted,
        }
    return told


def rank1(
    probes: NDArray[np.float64],
    gallery: NDArray[np.float64],
    people: list[str],
    of: Sequence[int] | None = None,
) -> float:
    """Return the share of probes (N, D), or of those numbered ``of``, whose nearest of the gallery
    (N, D) is of the same person."""
    nearest = np.linalg.norm(probes[:, None] - gallery[None], axis=2).argmin(axis=1)
    chosen = range(len(people)) if of is None else of
    return rounded(np.mean([people[n] == people[nearest[n]] for n in chosen]), 4)


def expressions(pairs: Sequence[Pair]) -> dict[str, dict[str, float]]:
    """Return of each action unit, over the faces that are still found: Pearson's ``r``, ``rmse``,
    and Lin's concordance ``ccc`` (Biometrics 45, 1989), before against after."""
    seen = [pair for pair in pairs if pair.found]
    if len(seen) < FEWEST:
        return {}
    told = {}
    for unit in seen[0].expression[0]:
        x = np.array([pair.expression[0][unit] for pair in seen])
        y = np.array([pair.expression[1][unit] for pair in seen])
        covariance = float(((x - x.mean()) * (y - y.mean())).mean())
        spread = float(x.var() + y.var() + (x.mean() - y.mean()) ** 2)
        told[unit] = {
            "r": round(covariance / max(float(x.std() * y.std()), 1e-9), 3),
            "rmse": round(float(np.sqrt(((x - y) ** 2).mean())), 4),
            "ccc": round(2 * covariance / max(spread, 1e-9), 3),
        }
    return told


def realism(pairs: Sequence[Pair]) -> Figures:
    """Return how far the edited faces lie from photographs.

    ``kernel_distance`` is KID (Binkowski et al., "Demystifying MMD GANs", ICLR 2018: the unbiased
    square of the maximum mean discrepancy under a cubic kernel) on the features of
    ``second_recogniser``, originals against edited; ``kernel_distance_floor`` the same between two
    halves of the originals.
    """
    if len(pairs) < 2 * FEWEST:
        return {"kernel_distance": None, "kernel_distance_floor": None}
    before, after = (np.stack([pair.second[n] for pair in pairs]) for n in (0, 1))
    return {
        "kernel_distance": rounded(_discrepancy(before, after), 4),
        "kernel_distance_floor": rounded(_discrepancy(before[::2], before[1::2]), 4),
    }


def table(figures: Figures) -> list[str]:
    """Return the lines of a table of figures."""
    rows = [f"| {name} | {'' if value is None else value} |" for name, value in figures.items()]
    return ["| figure | value |", "| --- | --- |", *rows]


def expression_table(units: dict[str, dict[str, float]]) -> list[str]:
    """Return the lines of a table of action units, none where there are none."""
    if not units:
        return []
    lines = ["", "| action unit | r | rmse | ccc |", "| --- | --- | --- | --- |"]
    rows = [f"| {unit} | {v['r']} | {v['rmse']} | {v['ccc']} |" for unit, v in units.items()]
    return lines + rows


def rounded(value: float | np.floating, digits: int) -> float:
    """Return a plain number."""
    return round(float(value), digits)


def mean(values: list[float], digits: int) -> float | None:
    """Return the mean; None of nothing."""
    return rounded(np.mean(values), digits) if values else None


def _descriptors(pairs: Sequence[Pair]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.stack([p.before for p in pairs]), np.stack([p.after for p in pairs])


def _second(pairs: Sequence[Pair]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the second recogniser's features as directions: their distances rank as the cosines."""
    both = [np.stack([p.second[n] for p in pairs]).astype(np.float64) for n in (0, 1)]
    before, after = (b / np.linalg.norm(b, axis=1, keepdims=True) for b in both)
    return before, after


def _strangers(gallery: NDArray[np.float64], people: list[str]) -> list[float]:
    return [
        float(np.linalg.norm(gallery[a] - gallery[b]))
        for a, b in combinations(range(len(people)), 2)
        if people[a] != people[b]
    ]


def _discrepancy(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    x, y = one.astype(np.float64), other.astype(np.float64)

    def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        values: NDArray[np.float64] = (a @ b.T / a.shape[1] + 1) ** DEGREE
        return values

    def within(a: NDArray[np.float64]) -> float:
        values = kernel(a, a)
        return float((values.sum() - np.trace(values)) / (len(a) * (len(a) - 1)))

    return within(x) + within(y) - 2 * float(kernel(x, y).mean())
