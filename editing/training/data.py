"""The labelled faces that every recipe learns from, split by person.

The folder (``../shared/faces`` by default, or ``MIEN_FACES``) is read where it is; nothing of it is
ever copied into the repository. Its README names the sets and their licences.
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

FOLDS = 10


def faces_folder() -> Path:
    """Return the folder of labelled faces.

    Raises:
        FileNotFoundError: it is not there; the message says how to name another.
    """
    default = Path(__file__).resolve().parents[3] / "shared" / "faces"
    folder = Path(os.environ.get("MIEN_FACES", default))
    if not (folder / "landmarks478.npz").is_file():
        raise FileNotFoundError(f"no labelled faces in {folder}; set MIEN_FACES to their folder")
    return folder


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled picture: where it is, who it is, and its 478 points (x, y, z) in pixels."""

    collection: str
    name: str
    person: str
    path: Path
    unit_points: NDArray[np.float32]

    @property
    def fold(self) -> int:
        return fold_of(self.person)

    def read(self, size: int) -> NDArray[np.uint8]:
        """Return the picture as uint8 (size, size, 3), RGB."""
        flag = cv2.IMREAD_REDUCED_COLOR_2 if size <= 512 else cv2.IMREAD_COLOR
        bgr = cv2.imread(str(self.path), flag)
        if bgr is None:
            raise FileNotFoundError(self.path)
        if bgr.shape[0] != size:
            bgr = cv2.resize(bgr, (size, size), interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(bgr[..., ::-1])

    def points(self, size: int) -> NDArray[np.float32]:
        """Return float32 (478, 3): x and y in pixels of a ``size`` picture, z in the same unit."""
        scaled = self.unit_points * np.float32(size)
        scaled[:, :2] -= 0.5
        return scaled


def fold_of(person: str) -> int:
    """Return the person's fold, 0 to 9. 0 is never trained on; 0 and 1 are set aside for edits."""
    return int(hashlib.sha256(person.encode()).hexdigest(), 16) % FOLDS


def samples(collections: Iterable[str] = ("omi", "omi_edits", "london")) -> list[Sample]:
    """Return every labelled picture of the named collections, in a fixed order."""
    folder = faces_folder()
    wanted = set(collections)
    found = []
    with np.load(folder / "landmarks478.npz") as labels:
        for key in sorted(labels.files):
            collection, name = key.split("/")
            if collection not in wanted:
                continue
            stem = name.removesuffix(".jpg")
            path = folder / collection / f"{stem}.jpg"
            person = f"{collection}/{stem.split('_')[0]}"
            found.append(Sample(collection, stem, person, path, labels[key].astype(np.float32)))
    return found


def ratings(collection: str) -> dict[str, dict[str, str]]:
    """Return the rows of the collection's CSV by the first column, as text."""
    with (faces_folder() / f"{collection}.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    key = next(iter(rows[0]))
    return {row[key]: row for row in rows}
