"""The photo for a passport, cut from a photo in which the head is straight: cut, plain, checked."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from editing.errors import FaceUnknown
from editing.faces.align import align
from editing.faces.face import Face
from editing.faces.landmarks import find_landmarks
from editing.idphoto.background import on_plain, person_in
from editing.idphoto.checks import checks, unrest
from editing.idphoto.crop import IRISES, cut_out
from editing.idphoto.sizes import Size
from editing.measure.head import read_head
from editing.models import ModelStore
from editing.photo import Photo
from editing.report import CheckReport


@dataclass(frozen=True, slots=True)
class IdPhoto:
    """The picture at 300 dots per inch, and every check."""

    size: Size
    photo: Photo
    checks: list[CheckReport]


def check_alone(count: int) -> None:
    """Refuse a photo that shows several people.

    Raises:
        FaceUnknown: it is nobody's photo for a passport.
    """
    if count > 1:
        raise FaceUnknown(f"a photo for a passport shows one person, this one {count}")


def make_id_photo(
    photo: Photo, face: Face, size: Size, models: ModelStore, *, plain: bool = True
) -> IdPhoto:
    """Return the photo of the one person in it, fit for a passport as far as that can be.

    Args:
        photo: of one person, straight and evenly lit.
        face: where it was before it was normalised.
        size: what is wanted.
        models: where weights come from.
        plain: whether the background becomes the size's colour.

    Raises:
        WeightsUnavailable: weights are not there.
    """
    face = replace(face, landmarks=find_landmarks(photo.pixels, face.landmarks, models))
    cut = cut_out(photo, face.landmarks, size)
    # Beyond the photo there is nobody, only a border that was drawn out.
    person = person_in(cut, align(photo, face, models), models) * cut.inside
    pixels = on_plain(cut.pixels, person, size.background) if plain else cut.pixels
    head = read_head(photo.pixels, face.landmarks, models)
    right, left = (face.landmarks[iris, :2].mean(axis=0) for iris in IRISES)
    told = checks(size, cut, head, float(np.linalg.norm(left - right)), unrest(pixels, person))
    return IdPhoto(size, replace(photo, pixels=np.ascontiguousarray(pixels), alpha=None), told)
