"""Edits of edits: what a lossy file loses is lost once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from editing.photo import decode_photo
from editing.pipeline import EditResult
from tests.workers.fixtures import *  # noqa: F403 (fixtures)
from tests.workers.fixtures import FACE, Make, brightened
from webapp import media
from webapp.edits.models import Status
from webapp.photos.models import Photo
from workers import run
from workers.chain import source_of
from workers.faces import pack_face

pytestmark = pytest.mark.django_db


def raised(left: int, top: int) -> Callable[..., EditResult]:
    """Return what makes a square of 20 pixels one step brighter."""

    def edit(photo: Any, request: Any, *rest: Any) -> EditResult:
        pixels = photo.pixels.copy()
        pixels[top : top + 20, left : left + 20] ^= 1
        return replace(brightened(photo, request, *rest), photo=replace(photo, pixels=pixels))

    return edit


def test_a_chain_of_edits_loses_nothing_to_the_files_between(
    photo: Photo, make_edit: Make, edit_by: Any
) -> None:
    original = decode_photo(media.read(photo.file)).pixels
    parent = None
    for left, top in [(30, 40), (40, 45), (200, 10)]:
        edit_by(raised(left, top))
        edit = make_edit(photo, parent=parent)
        run.run_edit(edit.pk)
        edit.refresh_from_db()
        parent = edit
    wanted = original.copy()
    for left, top in [(30, 40), (40, 45), (200, 10)]:
        wanted[top : top + 20, left : left + 20] ^= 1
    source = source_of(make_edit(photo, parent=parent))
    assert np.array_equal(source.pixels, wanted)
    assert source.sha256 == parent.result_sha256
    assert parent.patch["box"] == [200, 10, 220, 30]
    assert not np.array_equal(decode_photo(media.read(parent.result)).pixels, wanted)


def test_an_edit_that_changes_nothing_keeps_the_chain(
    photo: Photo, make_edit: Make, edit_by: Any
) -> None:
    edit_by(lambda photo, *rest: replace(brightened(photo, *rest), photo=photo))
    edit = make_edit(photo)
    run.run_edit(edit.pk)
    edit.refresh_from_db()
    source = source_of(make_edit(photo, parent=edit))
    assert np.array_equal(source.pixels, decode_photo(media.read(photo.file)).pixels)


def test_a_file_without_loss_needs_no_patch(
    make_photo: Make, make_edit: Make, edit_by: Any, astronaut_jpeg: bytes
) -> None:
    out = BytesIO()
    Image.open(BytesIO(astronaut_jpeg)).save(out, "PNG")
    edit_by(brightened)
    edit = make_edit(make_photo(out.getvalue(), faces=[pack_face(FACE)]))
    run.run_edit(edit.pk)
    edit.refresh_from_db()
    assert (edit.status, edit.patch) == (Status.DONE, None)
    source = source_of(make_edit(edit.photo, parent=edit))
    assert np.array_equal(source.pixels, decode_photo(out.getvalue()).pixels // 2 + 100)
