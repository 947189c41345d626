"""What is known of the faces besides who they are: ratings, reported facts, and what we saw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editing.faces.canonical import canonical_face, fit_face
from editing.models import ModelStore
from editing.networks.fill import ATTRIBUTES
from editing.training.data import Sample, ratings
from editing.training.frames import Frames
from editing.training.spectacles import WEARERS

# Beards of ``omi`` that we saw on sheets of all lower faces, the darkest first.
BEARDED = frozenset({
    10, 13, 29, 45, 49, 63, 68, 71, 84, 94, 104, 126, 135, 144, 145, 151, 160, 182, 183, 195, 200,
    236, 240, 253, 272, 291, 293, 306, 310, 313, 366, 392, 401, 412, 434, 464, 468, 483, 486, 492,
    500, 504, 508, 526, 531, 555, 579, 584, 586, 609, 616, 625, 656, 695, 726, 743, 752, 755, 759,
    779, 793, 801, 805, 808, 812, 828, 839, 850, 851, 862, 892, 906, 914, 930, 949, 958, 966, 972,
    986, 1000,
})  # fmt: skip
UPPER_LIP, LOWER_LIP = 13, 14


def attributes(frames: Frames, models: ModelStore) -> NDArray[np.float32]:
    """Return (N, A) in the order of ``ATTRIBUTES``, 0 to 1 (age: years / 100); NaN: not known."""
    rated = ratings("omi")
    reported = ratings("london")
    rows = []
    for n, sample in enumerate(frames.samples):
        values = dict.fromkeys(ATTRIBUTES, np.nan)
        values["age"] = frames.ages[n] / 100
        values["mouth_open"] = _opening(frames.landmarks[n], models)
        if sample.collection == "omi":
            values |= _of_omi(sample, rated[str(int(sample.name))])
        if sample.collection == "london":
            values |= _of_london(sample, reported[sample.person.split("/")[1]])
        rows.append([values[name] for name in ATTRIBUTES])
    return np.array(rows, np.float32)


def labels_of(sample: Sample, row: dict[str, str], models: ModelStore) -> dict[str, float]:
    """Return what is known of a face of ``omi``, 0 to 1, by the names of ``ATTRIBUTES``."""
    opening = _opening(sample.points(1024), models)
    return {"age": float(row["age"]) / 100, "mouth_open": opening, **_of_omi(sample, row)}


def _of_omi(sample: Sample, row: dict[str, str]) -> dict[str, float]:
    number = int(sample.name)
    gender, smile = float(row["gender"]) / 100, float(row["happy"]) / 100
    worn = {"spectacles": float(number in WEARERS), "beard": float(number in BEARDED)}
    return {"gender": gender, "smile": smile, **worn}


def _of_london(sample: Sample, row: dict[str, str]) -> dict[str, float]:
    gender = {"male": 1.0, "female": 0.0}.get(row["face_gender"], np.nan)
    known = {"gender": gender, "spectacles": 0.0, "smile": float(sample.name.endswith("smiling"))}
    if gender == 0:
        known["beard"] = 0.0
    return known


def _opening(landmarks: NDArray[np.float32], models: ModelStore) -> float:
    laid = fit_face(canonical_face(models), landmarks)
    gap = np.linalg.norm(landmarks[LOWER_LIP] - landmarks[UPPER_LIP]) / laid.scale
    return min(1.0, float(gap) / 0.3)
