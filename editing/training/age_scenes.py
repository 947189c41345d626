"""What the recipe of ``age_change`` knows of each face: its canvas at 256 pixels, made once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editing.engines.native.age import SKETCH, read_ages
from editing.engines.native.age_canvas import canvas_of
from editing.faces.align import align, resized
from editing.faces.face import Face, Pose
from editing.models import ModelStore
from editing.networks.age import AgeCourse
from editing.photo import decode_photo
from editing.training.data import Sample

MASKS = ("skin", "hair", "face", "reach")


@dataclass(frozen=True, slots=True)
class Scenes:
    """Of N faces: ``picture`` uint8 (N, S, S, 3), ``on_map`` the face on the canonical map, uint8
    (N, M, M, 3), ``where`` float16 (N, S, S, 2), ``masks`` uint8 (N, S, S, 4) in the order of MASKS,
    ``turn`` (N, 3, 2), ``points`` (N, 478, 2), pixels of the picture, and ``present``
    (N,), years."""

    picture: NDArray[np.uint8]
    on_map: NDArray[np.uint8]
    where: NDArray[np.float16]
    masks: NDArray[np.uint8]
    turn: NDArray[np.float32]
    points: NDArray[np.float32]
    present: NDArray[np.float32]


def read_scenes(chosen: list[Sample], folder: Path, models: ModelStore) -> Scenes:
    """Return the scenes of the samples, kept in ``folder``."""
    file = folder / "age-scenes.npz"
    if not file.is_file():
        scenes = [_scene(sample, models) for sample in chosen]
        parts: Any = {key: np.stack([one[key] for one in scenes]) for key in scenes[0]}
        np.savez(file, **parts)
    with np.load(file) as kept:
        found = {key: kept[key] for key in kept.files}
    found["present"] = found["present"].astype(np.float32)
    return Scenes(**found)


def _scene(sample: Sample, models: ModelStore) -> dict[str, NDArray[Any]]:
    course = models.network("age", AgeCourse)
    assert isinstance(course, AgeCourse)
    photo = decode_photo(sample.path.read_bytes())
    points = sample.points(photo.width)
    face = Face(0, (0, 0, photo.width, photo.height), points, Pose(0.0, 0.0, 0.0), 1.0)
    frame = align(photo, face, models, largest=2 * SKETCH)
    canvas = canvas_of(frame, course, 0, models).reduced(SKETCH)
    landmarks = resized(frame.landmarks, SKETCH / frame.size)
    masks = np.stack([getattr(canvas, name) for name in MASKS], axis=2)
    return {
        "picture": _bytes(canvas.picture),
        "on_map": _bytes(canvas.on_map),
        "where": canvas.where.astype(np.float16),
        "masks": _bytes(masks),
        "turn": canvas.turn,
        "points": landmarks[:, :2],
        "present": read_ages([canvas.picture], models)[0],
    }


def _bytes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    rounded: NDArray[np.uint8] = np.clip(np.round(values * 255), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(rounded)
