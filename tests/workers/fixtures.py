"""A photo, an edit and an engine that stands in for the real ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from editing.faces.face import Face, Pose
from editing.photo import decode_photo
from editing.pipeline import EditResult
from editing.report import PhotoReport, Report
from webapp.photos.models import FacesState, Photo
from workers import run
from workers.faces import pack_face

Make = Callable[..., Any]
FACE = Face(
    0,
    (1, 2, 30, 40),
    np.random.default_rng(3).normal(200, 50, (478, 3)).astype(np.float32),
    Pose(1.234, -5.678, 0.0),
    0.9,
)


@pytest.fixture(autouse=True)
def signer_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    run.signer.cache_clear()


@pytest.fixture
def photo(make_photo: Make, astronaut_jpeg: bytes) -> Photo:
    return make_photo(
        astronaut_jpeg, faces=[pack_face(FACE)], sha256=decode_photo(astronaut_jpeg).sha256
    )  # type: ignore[no-any-return]


@pytest.fixture
def make_photo(make_photo: Make) -> Make:
    def make(data: bytes, faces: Any, **values: Any) -> Photo:
        photo = make_photo(data, faces=None, **values)
        photo.faces = faces
        photo.faces_state = FacesState.PENDING if faces is None else FacesState.FOUND
        photo.save()
        return photo  # type: ignore[no-any-return]

    return make


def brightened(
    photo: Any, request: Any, models: Any, progress: Any, faces: Any, mask: Any = None
) -> EditResult:
    progress(0.5, "half", photo.pixels)
    told = PhotoReport(width=photo.width, height=photo.height, sha256=photo.sha256)
    report = Report(
        operation=request.operation, params=request.params, engine="native", seed=request.seed,
        seconds=0.1, photo=told, faces=[], weights=[],
    )  # fmt: skip
    return EditResult(replace(photo, pixels=photo.pixels // 2 + 100), report)


@pytest.fixture
def edit_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    def use(function: Any) -> None:
        monkeypatch.setattr(run, "edit_photo", function)

    return use
