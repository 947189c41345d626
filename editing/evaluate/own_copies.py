"""Normalisation where the truth is known: copies that we relight and turn ourselves, brought back.

A turned copy is drawn by the same mesh that turns it back, so it flatters us where the mesh is wrong;
what it shows is what is lost and what the fillings cost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from editing.command.source import read_photo
from editing.errors import EditingError
from editing.faces import parts
from editing.faces.canonical import canonical_face, fit_face
from editing.faces.detect import detect_faces
from editing.faces.face import Face
from editing.faces.landmarks import find_landmarks
from editing.faces.pose import pose_of
from editing.measure.identity import descriptor_at
from editing.models import ModelStore
from editing.photo import Photo
from editing.pipeline import edit_photo
from editing.request import EditRequest

LIGHTS = (-60.0, 60.0)
LIT = {"pose": 0.0, "light": 0.0, "light_strength": 1.0}
TURNED = {"pose": 0.0, "light": 0.0}
YAWS = (-30.0, -20.0, -10.0, 10.0, 20.0, 30.0)
FALSE_ACCEPTS = 1e-3
FRONTAL = 8.0  # degrees: only a face that looks ahead has a frontal truth


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a face, ``what`` was done to it ("light -60", "yaw 20"): PSNR in dB of the face's skin
    against the original and dlib's distance to the person's frontal photo, of the copy and of what it
    was brought back to; ``yaw`` in degrees likewise."""

    person: str
    what: str
    psnr: tuple[float, float]
    distance: tuple[float, float]
    yaw: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Copies:
    """All copies, and dlib's distances between the frontal photos of different people."""

    copies: list[Copy]
    strangers: list[float]


def measure_copies(
    photos: Sequence[Path], models: ModelStore, tell: Callable[[str], None]
) -> Copies:
    """Return the copies of every photo whose largest face looks straight ahead.

    The frontal photo that a copy is verified against is another one of the person where there is one
    (``ID_neutral`` and ``ID_smiling``), else the original.
    """
    copies: list[Copy] = []
    gallery: dict[str, NDArray[np.float64]] = {}
    faces: dict[str, tuple[Photo, Face, NDArray[np.float64]]] = {}
    for path in photos:
        known = _frontal(path, models)
        if known is not None:
            faces[path.stem] = known
    for stem, (_, _, descriptor) in faces.items():
        gallery.setdefault(stem.split("_")[0], descriptor)
    for n, (stem, (photo, face, own)) in enumerate(faces.items()):
        tell(f"copies {n + 1}/{len(faces)}")
        others = [d for other, (_, _, d) in faces.items()
                  if other != stem and other.split("_")[0] == stem.split("_")[0]]  # fmt: skip
        frontal = others[0] if others else own
        asked = [
            (f"light {angle:+.0f}", LIT | {"light_from": angle}, {"pose": 0.0}) for angle in LIGHTS
        ]
        asked += [(f"yaw {angle:+.0f}", TURNED | {"yaw": angle}, {"light": 0.0}) for angle in YAWS]
        for what, there, back in asked:
            copies.append(_copy(stem, what, photo, face, frontal, (there, back), models))
    strangers = [float(np.linalg.norm(a - b)) for a, b in combinations(gallery.values(), 2)]
    return Copies(copies, strangers)


def _frontal(path: Path, models: ModelStore) -> tuple[Photo, Face, NDArray[np.float64]] | None:
    try:
        photo = read_photo(path)
        found = detect_faces(photo, models)
    except EditingError:
        return None
    if not found or abs(found[0].pose.yaw) > FRONTAL:
        return None
    descriptor = descriptor_at(photo.pixels, found[0].landmarks, models)
    return None if descriptor is None else (photo, found[0], descriptor)


def _copy(
    person: str,
    what: str,
    photo: Photo,
    face: Face,
    frontal: NDArray[np.float64],
    asked: tuple[dict[str, float], dict[str, float]],
    models: ModelStore,
) -> Copy:
    skin = parts.skin(face.landmarks, max(photo.width, photo.height)) > 0.5
    skin = skin[: photo.height, : photo.width]
    made, at = photo, face
    told: list[tuple[float, float, float]] = []
    for params in asked:
        request = EditRequest(operation="normalize", params=dict(params), faces=[0], seed=0)
        made = edit_photo(made, request, models, faces=[at]).photo
        points = find_landmarks(made.pixels, at.landmarks, models)
        pose = pose_of(fit_face(canonical_face(models), points).rotation)
        at = Face(0, face.box, points, pose, face.score)
        seen = descriptor_at(made.pixels, points, models)
        far = float("nan") if seen is None else float(np.linalg.norm(seen - frontal))
        told.append((_psnr(made, photo, skin), far, pose.yaw))
    first, second = told
    return Copy(person, what, (first[0], second[0]), (first[1], second[1]), (first[2], second[2]))


def _psnr(one: Photo, other: Photo, where: NDArray[np.bool_]) -> float:
    error = (one.pixels[where].astype(np.float64) - other.pixels[where]) / 255
    return float(-10 * np.log10(max(float((error**2).mean()), 1e-9)))


def summary(found: Copies) -> dict[str, dict[str, float]]:
    """Return of each kind of copy the means before and after it was brought back, and the share that a
    verifier accepts whose threshold lets one stranger in a thousand pass."""
    threshold = float(np.quantile(found.strangers, FALSE_ACCEPTS)) if found.strangers else np.nan
    told = {}
    for what in dict.fromkeys(copy.what for copy in found.copies):
        chosen = [copy for copy in found.copies if copy.what == what]
        row: dict[str, float] = {"faces": len(chosen)}
        for n, when in enumerate(("copy", "back")):
            row[f"psnr_{when}"] = round(float(np.mean([c.psnr[n] for c in chosen])), 2)
            row[f"yaw_{when}"] = round(float(np.mean([abs(c.yaw[n]) for c in chosen])), 1)
            distances = np.array([c.distance[n] for c in chosen])
            row[f"distance_{when}"] = round(float(np.nanmedian(distances)), 3)
            row[f"accepted_{when}"] = round(float(np.mean(distances < threshold)), 3)
        told[what] = row
    return told


def to_markdown(found: Copies) -> str:
    """Return the summary as a table; nothing where there were no frontal faces."""
    rows = summary(found)
    if not rows:
        return ""
    names = list(next(iter(rows.values())))
    lines = ["", "## Our own copies, brought back", "", f"| copy | {' | '.join(names)} |"]
    lines.append("| --- " * (len(names) + 1) + "|")
    for what, row in rows.items():
        lines.append(f"| {what} | {' | '.join(str(value) for value in row.values())} |")
    return "\n".join(lines) + "\n"
