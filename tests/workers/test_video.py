"""An edit of a video in the worker: done, stopped, gone on with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from editing.photo import Photo as Picture
from editing.request import EditRequest
from editing.signing import check_signature
from editing.video.clip import open_clip, read_frames
from tests.editing.clips import moving, write_clip
from webapp import media
from webapp.accounts.models import User
from webapp.edits.models import Edit, EditEvent, Status
from webapp.edits.services import cancel_edit, create_edit, retry_edit
from webapp.photos.models import Photo
from webapp.photos.services import store_photo
from workers import run
from workers import video as worker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def signer_folder(settings: Any, tmp_path: Any) -> None:
    settings.DATA = tmp_path
    run.signer.cache_clear()


@pytest.fixture(scope="module")
def clip(astronaut_photo: Picture, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    frames = moving(astronaut_photo.pixels, 12)
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return write_clip(path, frames, sound=False).read_bytes()


@pytest.fixture
def video(owner: User, clip: bytes) -> Photo:
    return store_photo(owner, clip, "party.mp4")


@pytest.fixture
def make(owner: User, video: Photo) -> Callable[..., Edit]:
    def ask(method: str = "mosaic") -> Edit:
        asked = EditRequest(operation="deidentify", params={"method": method}, seed=3)
        return create_edit(owner, video, asked)

    return ask


def test_everybody_is_hidden_and_the_report_tells_who(make: Callable[..., Edit]) -> None:
    edit = make()
    run.run_edit(edit.pk)
    edit.refresh_from_db()
    assert (edit.status, edit.message) == (Status.DONE, "")
    assert edit.report is not None
    assert edit.report["video"]["frames"] == 12
    assert [person["frames"] for person in edit.report["faces"]] == [12]
    out = media.path_of(edit.result)
    assert (open_clip(out).width, open_clip(out).height) == (320, 240)
    before = [frame.pixels for frame in read_frames(media.path_of(edit.photo.file))]
    after = [frame.pixels for frame in read_frames(out)]
    assert len(after) == 12
    face = (slice(60, 150), slice(110, 210))
    changed = [
        np.abs(a[face].astype(int) - b[face]).mean() for a, b in zip(after, before, strict=True)
    ]
    assert min(changed) > 8
    assert check_signature(out.read_bytes(), "video/mp4").state in ("valid", "untrusted")
    assert not media.path_of(f"{edit.folder}/pieces").exists()
    kinds = list(EditEvent.objects.filter(edit=edit).values_list("kind", flat=True))
    assert kinds[:2] == ["queued", "started"]
    assert kinds[-1] == "done"


def test_people_are_served_in_between(
    make: Callable[..., Edit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "SERVE_EVERY_SECONDS", 0.0)
    served: list[int] = []
    run.run_edit(make().pk, between=lambda: served.append(1))
    assert len(served) > 10


def test_what_was_stopped_goes_on_where_it_was(
    make: Callable[..., Edit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("editing.video.edit.PIECE", 4)
    monkeypatch.setattr(worker, "SERVE_EVERY_SECONDS", 0.0)
    edit = make()

    def stop() -> None:
        pieces = media.path_of(f"{edit.folder}/pieces")
        if (pieces / "00001.mp4").exists():
            cancel_edit(edit)

    run.run_edit(edit.pk, between=stop)
    edit.refresh_from_db()
    assert (edit.status, edit.result) == (Status.CANCELLED, "")
    done = media.path_of(f"{edit.folder}/pieces/00001.mp4")
    made_at = done.stat().st_mtime_ns
    seen: list[int] = []
    retry_edit(edit)
    run.run_edit(edit.pk, between=lambda: seen.append(done.stat().st_mtime_ns))
    edit.refresh_from_db()
    assert edit.status == Status.DONE
    assert set(seen) == {made_at}
    assert len(list(read_frames(media.path_of(edit.result)))) == 12


def test_a_video_without_a_face_says_so(owner: User, tmp_path: Any) -> None:
    path = write_clip(tmp_path / "wall.mp4", [np.full((120, 160, 3), 90, np.uint8)] * 6)
    video = store_photo(owner, path.read_bytes(), "wall.mp4")
    asked = EditRequest(operation="deidentify", params={"method": "mosaic"}, seed=3)
    edit = create_edit(owner, video, asked)
    run.run_edit(edit.pk)
    edit.refresh_from_db()
    assert (edit.status, edit.code) == (Status.FAILED, "no_face")
