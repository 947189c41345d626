"""How well faces are protected by whatever made the edited photos: this program or any other.

After Bursic et al., "A Quantitative Evaluation Framework of Video De-Identification Methods", ICPR
2020: identity, expression and photo-reality are told side by side, because each alone is easy.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from editing.command.source import read_photo
from editing.errors import EditingError
from editing.faces.detect import detect_faces
from editing.faces.face import Face
from editing.measure.head import read_head
from editing.measure.sharpness import sharpness_ratio
from editing.models import ModelStore
from editing.photo import Photo

SAME_PERSON = 0.6  # dlib's own threshold
FALSE_ACCEPTS = 1e-3
FEWEST = 3  # faces of which a correlation means anything


@dataclass(frozen=True, slots=True)
class Pair:
    """One face before and after. ``found`` is whether a detector still sees a face there."""

    name: str
    distance: float
    found: bool
    yaw: tuple[float, float]
    expression: tuple[dict[str, float], dict[str, float]]
    sharpness: float | None
    before: NDArray[np.float64]
    after: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Privacy:
    """Everything that was found out; see ``numbers``."""

    original: str
    edited: str
    pairs: list[Pair]
    left_out: dict[str, str] = field(default_factory=dict)


def evaluate_privacy(
    original: Path,
    edited: Path,
    paths: Sequence[Path],
    models: ModelStore,
    tell: Callable[[str], None],
) -> Privacy:
    """Return the comparison of every photo with the edited one of the same name.

    The suffix may differ. Each photo's largest face is compared.
    """
    there = {path.stem: path for path in sorted(edited.iterdir()) if path.is_file()}
    result = Privacy(original.name, edited.name, [])
    for n, path in enumerate(paths):
        tell(f"{n + 1}/{len(paths)} {path.name}")
        if path.stem not in there:
            result.left_out[path.name] = "there is no edited photo of this name"
            continue
        try:
            before, after = read_photo(path), read_photo(there[path.stem])
            pair = _compare(path.name, before, after, models)
        except EditingError as error:
            result.left_out[path.name] = str(error)
            continue
        if pair is None:
            result.left_out[path.name] = "no face was found in the original"
            continue
        result.pairs.append(pair)
    return result


def _compare(name: str, before: Photo, after: Photo, models: ModelStore) -> Pair | None:
    faces = detect_faces(before, models)
    if not faces or before.pixels.shape != after.pixels.shape:
        return None
    return compare_face(name, before, after, faces[0], models)


def compare_face(
    name: str, before: Photo, after: Photo, face: Face, models: ModelStore
) -> Pair | None:
    """Return a face of ``before`` beside what is there in ``after``, of the same size; None where it lies
    outside. One that no detector finds again is read where it was, as an attacker would who knows
    the place.
    """
    again = [one for one in detect_faces(after, models) if overlap(one, face) > 0.3]
    landmarks = again[0].landmarks if again else face.landmarks
    was = read_head(before.pixels, face.landmarks, models)
    now = read_head(after.pixels, landmarks, models)
    if was.chip is None or now.chip is None:
        return None
    return Pair(
        name=name,
        distance=float(np.linalg.norm(was.descriptor - now.descriptor)),
        found=bool(again),
        yaw=(was.pose.yaw, now.pose.yaw),
        expression=(was.expression, now.expression),
        sharpness=sharpness_ratio(before.pixels, after.pixels, face.landmarks),
        before=was.descriptor,
        after=now.descriptor,
    )


def overlap(one: Face, other: Face) -> float:
    """Return the intersection over union of two boxes."""
    a, b = one.box, other.box
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return width * height / (areas - width * height)


def numbers(found: Privacy) -> dict[str, float | int | None]:
    """Return the figures.

    - ``distance_mean``, ``distance_least``: dlib's, original to edited; ``beyond_threshold``: the
      share above 0.6.
    - ``rank1``: share of edited faces whose nearest original in the gallery of all originals is
      their own; ``rank1_chance`` what guessing gives.
    - ``accepted_at_far``: share that a verifier accepts whose threshold lets one impostor in a
      thousand pass (of pairs of different originals).
    - ``still_found``: share in which a face is still detected.
    - ``yaw_error``: mean, degrees. ``sharpness_median``.
    """
    pairs = found.pairs
    if not pairs:
        return {"faces": 0}
    distances = np.array([pair.distance for pair in pairs])
    gallery = np.stack([pair.before for pair in pairs])
    probes = np.stack([pair.after for pair in pairs])
    nearest = np.linalg.norm(probes[:, None] - gallery[None], axis=2).argmin(axis=1)
    impostors = [
        float(np.linalg.norm(one.before - other.before)) for one, other in combinations(pairs, 2)
    ]
    threshold = float(np.quantile(impostors, FALSE_ACCEPTS)) if impostors else None
    sharp = [pair.sharpness for pair in pairs if pair.sharpness is not None]
    seen = [pair for pair in pairs if pair.found]
    return {
        "faces": len(pairs),
        "distance_mean": round(float(distances.mean()), 3),
        "distance_least": round(float(distances.min()), 3),
        "beyond_threshold": round(float((distances > SAME_PERSON).mean()), 4),
        "rank1": round(float((nearest == np.arange(len(pairs))).mean()), 4),
        "rank1_chance": round(1 / len(pairs), 4),
        "threshold_at_far": None if threshold is None else round(threshold, 3),
        "accepted_at_far": None
        if threshold is None
        else round(float((distances < threshold).mean()), 4),
        "still_found": round(len(seen) / len(pairs), 4),
        "yaw_error": round(float(np.mean([abs(p.yaw[1] - p.yaw[0]) for p in seen])), 2)
        if seen
        else None,
        "sharpness_median": round(float(np.median(sharp)), 3) if sharp else None,
    }


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


def to_json(found: Privacy) -> str:
    """Return all of it, with a row for each photo."""
    rows = [
        {"photo": p.name, "distance": round(p.distance, 4), "found": p.found} for p in found.pairs
    ]
    told = {
        "original": found.original,
        "edited": found.edited,
        "numbers": numbers(found),
        "expression": expressions(found.pairs),
        "photos": rows,
        "left_out": found.left_out,
    }
    return json.dumps(told, indent=2) + "\n"


def to_markdown(found: Privacy) -> str:
    """Return the figures as tables."""
    lines = [
        f"# Privacy: `{found.edited}` against `{found.original}`",
        "",
        "| figure | value |",
        "| --- | --- |",
    ]
    lines += [
        f"| {name} | {'' if value is None else value} |" for name, value in numbers(found).items()
    ]
    lines += expression_table(expressions(found.pairs))
    if found.left_out:
        lines += ["", "Left out:", ""]
        lines += [f"- {name}: {why}" for name, why in found.left_out.items()]
    return "\n".join(lines) + "\n"


def expression_table(units: dict[str, dict[str, float]]) -> list[str]:
    """Return the lines of a table of action units, none where there are none."""
    if not units:
        return []
    lines = ["", "| action unit | r | rmse | ccc |", "| --- | --- | --- | --- |"]
    rows = [f"| {unit} | {v['r']} | {v['rmse']} | {v['ccc']} |" for unit, v in units.items()]
    return lines + rows


def draw_plot(found: Privacy) -> bytes:
    """Return a PNG: how far apart original and edited are, and originals of different people."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    impostors = [
        float(np.linalg.norm(one.before - other.before))
        for one, other in combinations(found.pairs, 2)
    ]
    bins = np.linspace(0, 1.3, 53).tolist()
    drawn = [
        ("different people", impostors),
        ("original to edited", [p.distance for p in found.pairs]),
    ]
    for label, values in drawn:
        if values:
            axes.hist(values, bins, density=True, alpha=0.6, label=f"{label} ({len(values)})")
    axes.axvline(SAME_PERSON, color="black", linewidth=1)
    axes.set(xlabel="dlib distance; one person is below 0.6", ylabel="density")
    axes.legend()
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=120)
    return file.getvalue()
