"""The whole edit, read from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from editing.faces.face import Face
from editing.models import ModelStore
from editing.photo import Photo
from editing.progress import Progress, silent
from editing.report import Report
from editing.request import EditRequest


@dataclass(frozen=True, slots=True)
class EditResult:
    """The edited photo and what is to be said about it."""

    photo: Photo
    report: Report


def edit_photo(
    photo: Photo,
    request: EditRequest,
    models: ModelStore,
    progress: Progress = silent,
    faces: Sequence[Face] | None = None,
) -> EditResult:
    raise NotImplementedError
