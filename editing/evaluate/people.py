"""Who is in the photos that age is tried on, as far as the labelled faces tell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.canonical import Similarity
from editing.training.data import faces_folder, fold_of, ratings

SET_ASIDE = (0, 1)  # folds that no weights of an edit have seen

# The middles of the cheeks, and how far around them the skin is read, in distances between irises.
CHEEKS = (50, 280)
PATCH = 0.14


@dataclass(frozen=True, slots=True)
class Person:
    """``age`` in years and ``gender`` ("female", "male") are labels, None where there are none.

    ``counts`` is whether the person counts for the headline: no weights have learned from them.
    """

    age: float | None
    gender: str | None
    counts: bool


def who_is(path: Path) -> Person:
    """Return who is in the photo; a folder of strangers has no labels, and all of it counts."""
    try:
        known = faces_folder().resolve()
    except FileNotFoundError:
        return Person(None, None, counts=True)
    folder = path.resolve().parent
    if folder.parent != known:
        return Person(None, None, counts=True)
    name = path.stem.split("_")[0]
    counts = fold_of(f"{folder.name}/{name}") in SET_ASIDE
    if folder.name == "omi":
        row = _rated("omi").get(str(int(name)))
        if row is not None:
            gender = "male" if float(row["gender"]) > 50 else "female"
            return Person(float(row["age"]), gender, counts)
    if folder.name == "london":
        row = _rated("london").get(name)
        if row is not None:
            return Person(_number(row["face_age"]), row["face_gender"].lower(), counts)
    return Person(None, None, counts)


@lru_cache(maxsize=2)
def _rated(collection: str) -> dict[str, dict[str, str]]:
    return ratings(collection)


def skin_tone(
    pixels: NDArray[np.uint8], landmarks: NDArray[np.float32], laid: Similarity
) -> float | None:
    """Return the individual typology angle of the cheeks in degrees: above 55 very light, below -30
    dark. None where no cheek lies in the photo.

    Chardon, Cretois and Hourseau, "Skin colour typology and suntanning pathways", International
    Journal of Cosmetic Science, 1991. The light of the photo is in it.
    """
    reach = max(1, round(PATCH * laid.scale))
    seen = []
    for cheek in CHEEKS:
        x, y = np.round(landmarks[cheek, :2]).astype(int)
        patch = pixels[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
        if patch.size:
            lab = cv2.cvtColor(
                np.ascontiguousarray(patch).astype(np.float32) / 255, cv2.COLOR_RGB2LAB
            )
            seen.append(np.median(lab.reshape(-1, 3), axis=0))
    if not seen:
        return None
    lightness, _, yellow = np.mean(seen, axis=0)
    return math.degrees(math.atan2(float(lightness) - 50, float(yellow)))


def _number(told: str) -> float | None:
    """Return a number of a table, None where nobody told it."""
    return None if told.strip() in ("", "NA") else float(told)
