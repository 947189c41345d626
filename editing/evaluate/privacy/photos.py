"""A folder of photos, and what any program made of it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np

from editing.command.source import read_photo
from editing.errors import EditingError
from editing.evaluate.privacy import attacks, groups
from editing.evaluate.privacy.figures import (
    SAME_PERSON,
    Figures,
    expression_table,
    expressions,
    in_gallery,
    of_pairs,
    realism,
    table,
)
from editing.evaluate.privacy.pairs import Pair, compare_face
from editing.faces.detect import detect_faces
from editing.models import ModelStore
from editing.photo import Photo


@dataclass(frozen=True, slots=True)
class Privacy:
    """Everything that was found out; see ``numbers``. ``attacks`` are the figures of those."""

    original: str
    edited: str
    pairs: list[Pair]
    attacks: Figures = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def evaluate_privacy(
    original: Path,
    edited: Path,
    paths: Sequence[Path],
    models: ModelStore,
    tell: Callable[[str], None],
    person: re.Pattern[str] | None = None,
    quick: bool = False,
) -> Privacy:
    """Return the comparison of every photo with the edited one of the same name.

    The suffix may differ. Each photo's largest face is compared.

    Args:
        original, edited: the folders.
        paths: the photos of ``original``.
        models: keeps what reads them.
        tell: told how far it is.
        person: what of a photo's name says who it shows; without it each shows somebody else.
        quick: leave out the attack that learns, which takes minutes.
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
            pair = _compare(path.name, _who(path, person), before, after, models)
        except EditingError as error:
            result.left_out[path.name] = str(error)
            continue
        if pair is None:
            result.left_out[path.name] = "no face was found in the original"
            continue
        result.pairs.append(pair)
    if result.pairs:
        result.attacks.update(attacks.parrot(result.pairs))
        if not quick:
            result.attacks.update(attacks.reconstruct(result.pairs, models, tell))
    return result


def _who(path: Path, person: re.Pattern[str] | None) -> str:
    seen = person.search(path.stem) if person else None
    return seen.group() if seen else path.stem


def _compare(
    name: str, person: str, before: Photo, after: Photo, models: ModelStore
) -> Pair | None:
    faces = detect_faces(before, models)
    if not faces or before.pixels.shape != after.pixels.shape:
        return None
    return compare_face(name, person, before, after, faces[0], models)


def numbers(found: Privacy) -> Figures:
    """Return the figures of ``figures`` and ``attacks``."""
    pairs = found.pairs
    if not pairs:
        return {"faces": 0}
    told = {"faces": len(pairs), **of_pairs(pairs), **in_gallery(pairs), **realism(pairs)}
    return told | found.attacks


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
        "groups": groups.by_groups(found.pairs),
        "photos": rows,
        "left_out": found.left_out,
    }
    return json.dumps(told, indent=2) + "\n"


def to_markdown(found: Privacy) -> str:
    """Return the figures as tables."""
    lines = [f"# Privacy: `{found.edited}` against `{found.original}`", ""]
    lines += table(numbers(found))
    lines += groups.table(groups.by_groups(found.pairs))
    lines += expression_table(expressions(found.pairs))
    if found.left_out:
        lines += ["", "Left out:", ""]
        lines += [f"- {name}: {why}" for name, why in found.left_out.items()]
    return "\n".join(lines) + "\n"


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
