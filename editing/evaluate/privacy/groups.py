"""The same figures for groups of people, since a mean hides whom it fails."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from editing.evaluate.privacy.figures import Figures, in_gallery, of_pairs
from editing.evaluate.privacy.pairs import Pair

FEWEST = 3
SHOWN = (
    "distance_mean",
    "beyond_threshold",
    "second_distance_mean",
    "rank1",
    "accepted_at_far",
    "second_accepted_at_far",
    "still_found",
    "yaw_error",
    "sharpness_median",
)


def by_groups(pairs: Sequence[Pair]) -> dict[str, Figures]:
    """Return the figures of each group of at least 3 faces, searched in the gallery of all originals.

    Gender and age are what readers see in the original, and impressions; skin tone in thirds of those
    who were measured.
    """
    told: dict[str, Figures] = {}
    everybody = list(pairs)
    for name, members in _groups(everybody).items():
        if len(members) < FEWEST:
            continue
        found = of_pairs([everybody[n] for n in members]) | in_gallery(everybody, members)
        told[name] = {"faces": len(members), **{key: found[key] for key in SHOWN}}
    return told


def table(groups: dict[str, Figures]) -> list[str]:
    """Return the lines of a table, none where there are no groups."""
    if not groups:
        return []
    columns = ("faces", *SHOWN)
    lines = ["", f"| group | {' | '.join(columns)} |", "| --- " * (len(columns) + 1) + "|"]
    for name, figures in groups.items():
        cells = ["" if figures[key] is None else str(figures[key]) for key in columns]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _groups(pairs: list[Pair]) -> dict[str, list[int]]:
    tones = [pair.looks.tone for pair in pairs if pair.looks.tone is not None]
    dark, light = np.quantile(tones, (1 / 3, 2 / 3)) if tones else (0.0, 0.0)
    found: dict[str, list[int]] = {}
    for n, pair in enumerate(pairs):
        looks = pair.looks
        names = ["read as male" if looks.male > 0.5 else "read as female"]
        if looks.age is not None:
            bound = next((b for b in (20, 35, 50) if looks.age < b), None)
            names.append(f"read as below {bound}" if bound else "read as 50 or more")
        if looks.tone is not None:
            third = (
                "darkest" if looks.tone < dark else "middle" if looks.tone < light else "lightest"
            )
            names.append(f"{third} third of skin tones")
        for name in names:
            found.setdefault(name, []).append(n)
    return dict(sorted(found.items()))
