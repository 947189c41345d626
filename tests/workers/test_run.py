"""What becomes of an edit in the worker, whichever way it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.utils import timezone
from PIL import Image

from editing.errors import NoFace
from editing.faces.face import Face, Pose
from editing.photo import decode_photo
from editing.pipeline import EditResult
from editing.progress import Cancelled
from editing.provenance import read_provenance
from tests.workers.fixtures import *  # noqa: F403 (fixtures)
from tests.workers.fixtures import FACE, Make, brightened
from webapp import media
from webapp.edits import claims
from webapp.edits.models import Edit, EditEvent, Status
from webapp.edits.services import cancel_edit
from webapp.photos.models import FacesState, Photo
from webapp.photos.services import delete_photo
from workers import reporter, run
from workers.faces import pack_face, unpack_face

pytestmark = pytest.mark.django_db


def kinds(edit: Edit) -> list[str]:
    return list(EditEvent.objects.filter(edit=edit).values_list("kind", flat=True))


def files(edit: Edit) -> list[str]:
    folder = media.path_of(edit.folder)
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_an_edit_is_done_with_its_result_and_provenance(
    photo: Photo, make_edit: Make, edit_by: Any
) -> None:
    seen = {}

    def look(*arguments: Any) -> EditResult:
        seen["request"], seen["faces"] = arguments[1], arguments[4]
        return brightened(*arguments)

    edit_by(look)
    edit = make_edit(photo, seed=5)
    run.run_edit(edit.pk)
    edit.refresh_from_db()
    assert (edit.status, edit.attempt) == (Status.DONE, 1)
    assert kinds(edit) == ["queued", "started", "preview", "progress", "done"]
    assert files(edit) == ["patch-1.png", "preview-1-1.jpg", "result-1.jpg"]
    assert seen["request"].seed == 5
    assert np.array_equal(seen["faces"][0].landmarks, FACE.landmarks)
    data = media.read(edit.result)
    assert decode_photo(data).sha256 == edit.result_sha256
    provenance = read_provenance(data)
    assert provenance is not None
    assert (provenance.operation, provenance.source_sha256) == ("expression", photo.sha256)


def test_a_child_edit_starts_from_the_result(photo: Photo, make_edit: Make, edit_by: Any) -> None:
    seen = []

    def look(
        photo: Any, request: Any, models: Any, progress: Any, faces: Any, mask: Any
    ) -> EditResult:
        seen.append((photo.sha256, faces))
        return brightened(photo, request, models, progress, faces)

    edit_by(look)
    first = make_edit(photo)
    run.run_edit(first.pk)
    first.refresh_from_db()
    second = make_edit(photo, parent=first)
    run.run_edit(second.pk)
    assert seen[1] == (first.result_sha256, None)


def fails_with(error: BaseException) -> Callable[..., EditResult]:
    def fail(*_: Any) -> EditResult:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NoFace("nobody there"), Status.FAILED, "no_face"),
        (RuntimeError("secret"), Status.FAILED, "internal_error"),
        (MemoryError(), Status.FAILED, "internal_error"),
        (Cancelled(), Status.CANCELLED, ""),
    ],
    ids=["no face", "bug", "memory", "cancelled"],
)
def test_every_other_way_out_is_told(
    photo: Photo, make_edit: Make, edit_by: Any, error: BaseException, status: str, code: str
) -> None:
    edit_by(fails_with(error))
    edit = make_edit(photo)
    run.run_edit(edit.pk)
    edit.refresh_from_db()
    assert (edit.status, edit.code) == (status, code)
    assert "secret" not in edit.message
    assert kinds(edit)[-1] == status
    assert not [name for name in files(edit) if name.startswith("result")]


def test_a_message_for_what_is_done_or_gone_does_nothing(
    photo: Photo, make_edit: Make, edit_by: Any
) -> None:
    edit_by(brightened)
    edit = make_edit(photo)
    run.run_edit(edit.pk)
    events = kinds(edit)
    edit_by(fails_with(AssertionError("ran again")))
    run.run_edit(edit.pk)
    run.run_edit(uuid4())
    assert kinds(edit) == events


def test_cancelling_stops_at_the_next_report(photo: Photo, make_edit: Make, edit_by: Any) -> None:
    steps = []

    def work(
        photo: Any, request: Any, models: Any, progress: Any, faces: Any, mask: Any
    ) -> EditResult:
        for step in range(5):
            progress(step / 5)
            steps.append(step)
            if step == 1:
                cancel_edit(edit)
        raise AssertionError("it was not stopped")

    edit_by(work)
    edit = make_edit(photo)
    run.run_edit(edit.pk)
    edit.refresh_from_db()
    assert (edit.status, steps) == (Status.CANCELLED, [0, 1])


def test_a_cancel_after_the_last_report_still_counts(
    photo: Photo, make_edit: Make, edit_by: Any
) -> None:
    def work(*arguments: Any) -> EditResult:
        result = brightened(*arguments)
        cancel_edit(edit)
        return result

    edit_by(work)
    edit = make_edit(photo)
    run.run_edit(edit.pk)
    edit.refresh_from_db()
    assert edit.status == Status.CANCELLED
    assert files(edit) == ["preview-1-1.jpg"]


def test_a_worker_that_was_replaced_leaves_the_heirs_result(
    photo: Photo, make_edit: Make, edit_by: Any
) -> None:
    def overtaken(*arguments: Any) -> EditResult:
        result = brightened(*arguments)
        Edit.objects.filter(pk=edit.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        edit_by(brightened)
        run.run_edit(edit.pk)
        return result

    edit_by(overtaken)
    edit = make_edit(photo)
    run.run_edit(edit.pk)
    edit.refresh_from_db()
    assert (edit.status, edit.attempt) == (Status.DONE, 2)
    assert kinds(edit).count("done") == 1
    assert [name for name in files(edit) if name.startswith("result")] == ["result-2.jpg"]


def test_a_photo_that_is_deleted_meanwhile_leaves_nothing(
    photo: Photo, make_edit: Make, edit_by: Any
) -> None:

    def work(*arguments: Any) -> EditResult:
        result = brightened(*arguments)
        delete_photo(photo)
        return result

    folder = media.path_of(photo.folder)
    assert folder.exists()
    edit_by(work)
    run.run_edit(make_edit(photo).pk)
    assert not folder.exists()


def test_faces_are_found_once(
    make_photo: Make, astronaut_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def detect(*_: Any) -> list[Face]:
        calls.append(1)
        return [FACE]

    monkeypatch.setattr(run, "detect_faces", detect)
    photo = make_photo(astronaut_jpeg, faces=None)
    run.find_faces(photo.pk)
    run.find_faces(photo.pk)
    photo.refresh_from_db()
    assert (photo.faces_state, len(photo.faces), len(calls)) == (FacesState.FOUND, 1, 1)


def test_an_edit_that_comes_before_the_faces_finds_and_keeps_them(
    make_photo: Make,
    make_edit: Make,
    edit_by: Any,
    astronaut_jpeg: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edit_by(brightened)
    monkeypatch.setattr(run, "detect_faces", lambda *_: [FACE])
    photo = make_photo(astronaut_jpeg, faces=None)
    run.run_edit(make_edit(photo).pk)
    photo.refresh_from_db()
    assert photo.faces_state == FacesState.FOUND


def test_faces_that_cannot_be_found_are_told(
    make_photo: Make, astronaut_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "detect_faces", fails_with(RuntimeError("bug")))
    photo = make_photo(astronaut_jpeg, faces=None)
    run.find_faces(photo.pk)
    photo.refresh_from_db()
    assert (photo.faces_state, photo.faces_code) == (FacesState.FAILED, "internal_error")


def test_landmarks_survive_the_database_bit_for_bit() -> None:
    back = unpack_face(json.loads(json.dumps(pack_face(FACE))))
    assert np.array_equal(back.landmarks, FACE.landmarks)
    assert back.landmarks.dtype == np.float32
    assert (back.index, back.box, back.score) == (FACE.index, FACE.box, FACE.score)
    assert back.pose == Pose(1.23, -5.68, 0.0)


class TestReporter:
    @pytest.fixture
    def claimed(self, photo: Photo, make_edit: Make) -> tuple[claims.Claim, Edit]:
        claimed = claims.claim_edit(make_edit(photo).pk, "test")
        assert claimed is not None
        return claimed

    def test_events_are_throttled_but_the_first_is_not(
        self, claimed: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = [100.0]
        monkeypatch.setattr(reporter, "monotonic", lambda: clock[0])
        claim, edit = claimed
        report = reporter.Reporter(claim, edit.folder)
        small = np.zeros((32, 48, 3), np.uint8)
        for step in range(100):
            report(step / 100, f"step {step}", small)
            clock[0] += 0.01
        progress = [event.data for event in edit.events.filter(kind="progress")]
        assert len(progress) == 10
        assert (progress[0]["fraction"], progress[0]["note"], progress[0]["eta"]) == (
            0.0,
            "step 0",
            None,
        )
        assert progress[5]["eta"] == pytest.approx(0.5, abs=0.06)
        assert edit.events.filter(kind="preview").count() == 4

    def test_a_fraction_never_falls(self, claimed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = iter(range(1000))
        monkeypatch.setattr(reporter, "monotonic", lambda: next(clock))
        claim, edit = claimed
        report = reporter.Reporter(claim, edit.folder)
        for fraction in (0.2, 0.5, 0.4, 1.3):
            report(fraction)
        assert [event.data["fraction"] for event in edit.events.filter(kind="progress")] == [
            0.2,
            0.5,
            0.5,
            1.0,
        ]

    def test_it_stops_when_the_edit_is_anothers(self, claimed: Any) -> None:
        claim, edit = claimed
        report = reporter.Reporter(claim, edit.folder)
        Edit.objects.update(attempt=2)
        with pytest.raises(reporter.LeaseLost):
            report(0.5)

    def test_large_previews_are_made_smaller(self, claimed: Any) -> None:
        claim, edit = claimed
        reporter.Reporter(claim, edit.folder)(0.1, "", np.zeros((3000, 2000, 3), np.uint8))
        assert Image.open(media.path_of(f"{edit.folder}/preview-1-1.jpg")).size == (683, 1024)


@pytest.mark.django_db(transaction=True)
def test_the_heart_beats_while_nothing_is_reported(
    photo: Photo, make_edit: Make, settings: Any
) -> None:
    settings.LEASE_SECONDS = 0.4
    claimed = claims.claim_edit(make_edit(photo).pk, "test")
    assert claimed is not None
    claim, edit = claimed
    before = edit.lease_until
    with reporter.Reporter(claim, edit.folder):
        waited = threading.Event()
        for _ in range(100):
            waited.wait(0.05)
            edit.refresh_from_db()
            if (edit.lease_until - before).total_seconds() > 0.5:
                break
        assert (edit.lease_until - before).total_seconds() > 0.5
        assert claims.claim_edit(edit.pk, "thief") is None
    assert not [thread for thread in threading.enumerate() if thread.name == "heartbeat"]
