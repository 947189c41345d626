"""Every labelled face in the frame that engines work in, with what labels there are of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.align import align, resized
from editing.faces.canonical import Similarity, canonical_face, fit_face
from editing.faces.face import Face, Pose
from editing.models import ModelStore
from editing.photo import decode_photo
from editing.training.data import Sample, ratings, samples

SIDE = 512
SET_ASIDE = (0, 1)

Picture = NDArray[np.uint8]
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Frames:
    """Pictures uint8 (N, 512, 512, 3), RGB, and landmarks float32 (N, 478, 3) in their pixels.

    ``ages`` float32 (N,) are raters' for ``omi``, self-reported for ``london``, NaN elsewhere.
    """

    samples: list[Sample]
    pictures: Picture
    landmarks: Points
    ages: NDArray[np.float32]

    def laid(self, n: int, models: ModelStore) -> Similarity:
        """Return the canonical face on face ``n``."""
        return fit_face(canonical_face(models), self.landmarks[n])

    def learned(self) -> NDArray[np.int64]:
        """Return the indices of people that recipes of edits may see."""
        return np.flatnonzero([s.fold not in SET_ASIDE for s in self.samples])


def read_frames(folder: Path, models: ModelStore) -> Frames:
    """Return the frames of all labelled faces, cut once and kept in ``folder``."""
    chosen = samples()
    folder.mkdir(parents=True, exist_ok=True)
    pictures_file, points_file = folder / "frames.npy", folder / "frames-landmarks.npy"
    if not points_file.is_file():
        pictures = np.lib.format.open_memmap(
            pictures_file, mode="w+", dtype=np.uint8, shape=(len(chosen), SIDE, SIDE, 3)
        )
        landmarks = np.empty((len(chosen), 478, 3), np.float32)
        for n, sample in enumerate(chosen):
            pictures[n], landmarks[n] = _cut(sample, models)
        pictures.flush()
        np.save(points_file, landmarks)
    return Frames(
        chosen,
        np.load(pictures_file, mmap_mode="r"),
        np.load(points_file),
        np.array([_age(sample) for sample in chosen], np.float32),
    )


def _cut(sample: Sample, models: ModelStore) -> tuple[Picture, Points]:
    photo = decode_photo(sample.path.read_bytes())
    points = sample.points(photo.width)
    face = Face(0, (0, 0, photo.width, photo.height), points, Pose(0.0, 0.0, 0.0), 1.0)
    frame = align(photo, face, models, largest=SIDE)
    landmarks = resized(frame.landmarks, SIDE / frame.size)
    picture = (frame.picture() * 255).round().astype(np.uint8)
    return cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), landmarks


_RATINGS: dict[str, dict[str, dict[str, str]]] = {}


def rating(sample: Sample) -> dict[str, str]:
    """Return the row of the sample's person in the collection's CSV; empty where there is none."""
    if sample.collection == "omi_edits":
        return {}
    rows = _RATINGS.setdefault(sample.collection, ratings(sample.collection))
    person = sample.person.split("/")[1]
    return rows.get(str(int(person)), rows.get(person, {}))


def _age(sample: Sample) -> float:
    told = rating(sample).get("age" if sample.collection == "omi" else "face_age", "")
    return float("nan") if told in ("", "NA") else float(told)
