"""The photo for a passport, read from top to bottom: normalise, cut, take the background, check."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from editing.errors import FaceUnknown, NoFace
from editing.faces.align import align
from editing.faces.detect import detect_faces
from editing.faces.landmarks import find_landmarks
from editing.idphoto.background import on_plain, person_in
from editing.idphoto.checks import Check, checks, unrest
from editing.idphoto.crop import IRISES, cut_out
from editing.idphoto.sizes import Size
from editing.measure.head import read_head
from editing.models import ModelStore
from editing.photo import Photo
from editing.pipeline import edit_photo
from editing.progress import Progress, part, silent
from editing.report import Report
from editing.request import EditRequest


@dataclass(frozen=True, slots=True)
class IdPhoto:
    """The picture at 300 dots per inch, the report of its normalisation, and every check."""

    photo: Photo
    report: Report
    checks: list[Check]


def make_id_photo(
    photo: Photo,
    size: Size,
    models: ModelStore,
    *,
    pose: float = 1.0,
    light: float = 1.0,
    plain: bool = True,
    progress: Progress = silent,
) -> IdPhoto:
    """Return the photo of the one person in it, fit for a passport as far as that can be.

    Args:
        photo: of one person.
        size: what is wanted.
        pose, light: as of ``normalize``.
        plain: whether the background becomes the size's colour.

    Raises:
        NoFace: there is no face.
        FaceUnknown: there are several: it is nobody's photo for a passport.
        PoseRefused: as ``normalize``.
        WeightsUnavailable: weights are not there.
        Cancelled: the reporter asked to stop.
    """
    faces = detect_faces(photo, models)
    if not faces:
        raise NoFace("no face was found in the photo")
    if len(faces) > 1:
        raise FaceUnknown(f"a photo for a passport shows one person, this one {len(faces)}")
    request = EditRequest(operation="normalize", params={"pose": pose, "light": light}, seed=0)
    done = edit_photo(photo, request, models, part(progress, 0.0, 0.7), faces)
    found = find_landmarks(done.photo.pixels, faces[0].landmarks, models)
    face = replace(faces[0], landmarks=found)
    cut = cut_out(done.photo, face.landmarks, size)
    progress(0.8, "telling the person from the background")
    # Beyond the photo there is nobody, only a border that was drawn out.
    person = person_in(cut, align(done.photo, face, models), models) * cut.inside
    pixels = on_plain(cut.pixels, person, size.background) if plain else cut.pixels
    head = read_head(done.photo.pixels, face.landmarks, models)
    right, left = (face.landmarks[iris, :2].mean(axis=0) for iris in IRISES)
    told = checks(size, cut, head, float(np.linalg.norm(left - right)), unrest(pixels, person))
    progress(1.0, "done")
    made = replace(done.photo, pixels=np.ascontiguousarray(pixels), alpha=None)
    return IdPhoto(made, done.report, told)
