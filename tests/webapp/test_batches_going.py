"""Batches on their way: few out at once, pause, cancel, retry, and what is lost is found again."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.batches import (
    begin,
    body,
    counts,
    fail,
    finish,
    kinds,
    queued,
    states,
    told,
    work_off,
)
from webapp import media
from webapp.accounts.models import User
from webapp.batches.feeding import OUT_AT_ONCE, feed
from webapp.batches.models import Batch, Item
from webapp.batches.upkeep import sweep_batches
from webapp.celery import FEED_BATCH
from webapp.edits import claims
from webapp.edits.models import Edit
from webapp.edits.services import retry_edit
from webapp.photos.models import Photo

pytestmark = [
    pytest.mark.django_db,
    # The test client is synchronous; a real server is not (tests/services).
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume"),
]
Make = Callable[..., Any]


def test_only_a_few_are_out_at_once(make_batch: Make, owner: User) -> None:
    batch = make_batch(*[f"{n}.jpg" for n in range(OUT_AT_ONCE + 5)])
    assert (feed(batch.pk), feed(batch.pk)) == (OUT_AT_ONCE, 0)
    assert Photo.objects.count() == OUT_AT_ONCE
    finish(queued(batch)[0])
    assert feed(batch.pk) == 1
    work_off(batch)
    assert states(batch) == ["done"] * (OUT_AT_ONCE + 5)


def test_the_seconds_that_are_left_are_measured(make_batch: Make, api: Client) -> None:
    batch = make_batch(*[f"{n}.jpg" for n in range(10)])
    feed(batch.pk)
    for edit in queued(batch)[:4]:
        finish(edit)
    start = timezone.now() + timedelta(seconds=1)
    for n, item in enumerate(Item.objects.filter(batch=batch, state="done")):
        item.ended_at = start + timedelta(seconds=3 * n)
        item.save()
    shown = told(api, batch)
    assert (shown["fraction"], shown["eta"]) == (0.4, 18.0)


def test_pause_takes_back_what_waits_and_resume_goes_on(make_batch: Make, api: Client) -> None:
    batch = make_batch("a.jpg", "b.jpg", "c.jpg")
    feed(batch.pk)
    running = queued(batch)[0]
    claim = begin(running)
    answer = api.post(f"/api/v1/batches/{batch.pk}/pause/")
    assert (answer.status_code, answer.json()["paused"]) == (202, True)
    assert states(batch) == ["running", "waiting", "waiting"]
    assert list(Edit.objects.all()) == [running]
    assert (feed(batch.pk), sweep_batches()) == (0, 0)
    media.write(f"{running.folder}/result-1.jpg", b"x")
    assert claims.finish_done(claim, claims.Outcome(f"{running.folder}/result-1.jpg", "0" * 64, {}))
    assert feed(batch.pk) == 0
    photos = set(Photo.objects.values_list("pk", flat=True))
    assert told(api, batch)["counts"] == counts(queued=2, done=1)
    assert told(api, batch)["eta"] is None

    assert api.post(f"/api/v1/batches/{batch.pk}/resume/").json()["paused"] is False
    work_off(batch)
    assert states(batch) == ["done"] * 3
    assert set(Photo.objects.values_list("pk", flat=True)) == photos
    for verb in ("pause", "resume", "cancel"):
        assert api.post(f"/api/v1/batches/{batch.pk}/{verb}/").status_code == 409


def test_cancel_ends_all_that_has_not_ended(make_batch: Make, api: Client) -> None:
    batch = make_batch("a.jpg", "b.jpg", "c.jpg")
    feed(batch.pk)
    finish(queued(batch)[0])
    claim = begin(queued(batch)[0])
    answer = api.post(f"/api/v1/batches/{batch.pk}/cancel/")
    assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")
    assert answer.json()["counts"] == counts(done=1, running=1, cancelled=1)
    assert kinds(batch)[-1] == "cancelled"
    assert claims.is_cancelled(claim)
    assert claims.finish_cancelled(claim)
    assert told(api, batch)["counts"] == counts(done=1, cancelled=2)
    assert (feed(batch.pk), kinds(batch).count("done")) == (0, 0)
    assert api.post(f"/api/v1/batches/{batch.pk}/cancel/").status_code == 202
    assert (
        zipfile.ZipFile(io.BytesIO(body(api.get(told(api, batch)["archive"])))).namelist()[0]
        == "a.jpg"
    )


def test_retry_tries_what_failed_and_nothing_else(make_batch: Make, api: Client) -> None:
    batch = make_batch("a.jpg", "b.jpg")
    feed(batch.pk)
    good, bad = queued(batch)
    finish(good)
    fail(bad)
    assert told(api, batch)["status"] == "done"
    assert kinds(batch).count("done") == 1
    answer = api.post(f"/api/v1/batches/{batch.pk}/retry/")
    assert (answer.status_code, answer.json()["status"]) == (202, "running")
    assert answer.json()["counts"] == counts(done=1, queued=1)
    feed(batch.pk)
    (again,) = queued(batch)
    assert (again.photo_id, again.attempt) == (bad.photo_id, 0)
    finish(again)
    assert told(api, batch)["counts"] == counts(done=2)
    assert kinds(batch).count("done") == 2
    assert api.post(f"/api/v1/batches/{batch.pk}/retry/").status_code == 409


def test_a_single_edit_that_is_tried_again_wakes_its_batch(make_batch: Make, api: Client) -> None:
    batch = make_batch("a.jpg")
    feed(batch.pk)
    (edit,) = queued(batch)
    fail(edit)
    retry_edit(edit)
    assert (told(api, batch)["status"], states(batch)) == ("running", ["sent"])
    finish(edit)
    assert (told(api, batch)["status"], states(batch)) == ("done", ["done"])


def test_an_archive_is_there_when_the_batch_has_ended(make_batch: Make, api: Client) -> None:
    batch = make_batch()
    answer = api.get(told(api, batch)["archive"])
    assert (answer.status_code, answer.json()["code"]) == (409, "not_done")
    assert len(json.loads(body(api.get(told(api, batch)["report"])))) == 2


def test_a_lost_item_is_found_again(
    make_batch: Make, sent: list[Any], settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """A worker that died while it read the file, and one that died again and again."""
    batch = make_batch("a.jpg")
    later = timezone.now() - timedelta(seconds=1)
    Item.objects.update(state="taken", takes=1, taken_until=later)
    Batch.objects.update(fed_at=None)
    assert sweep_batches() == 1
    assert sent[-1] == (FEED_BATCH, str(batch.pk), "batch")
    assert sweep_batches() == 0  # not at once again
    Item.objects.update(takes=settings.MAX_ATTEMPTS)
    assert feed(batch.pk) == 1
    item = Item.objects.get()
    assert (item.state, item.code) == ("failed", "worker_lost")
