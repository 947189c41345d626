"""Batches over the API, from the ZIP to the ZIP. The worker is played by the tests."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from tests.archives import small_jpeg
from tests.batches import (
    JPEG,
    begin,
    body,
    counts,
    fail,
    finish,
    kinds,
    post_archive,
    post_json,
    queued,
    states,
    told,
    work_off,
)
from webapp import media
from webapp.accounts.models import User
from webapp.batches.feeding import feed
from webapp.batches.models import Batch, Item
from webapp.batches.upkeep import delete_expired_batches, sweep_batches
from webapp.celery import FEED_BATCH, RUN_EDIT
from webapp.edits import claims
from webapp.edits.models import Edit, Status
from webapp.photos.models import FacesState, Photo
from webapp.photos.services import delete_photo, resend_faces

pytestmark = [
    pytest.mark.django_db,
    # The test client is synchronous; a real server is not (tests/services).
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume"),
]
Make = Callable[..., Any]


def test_a_zip_becomes_a_zip(
    api: Client, sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    files = {"day 1/写真.jpg": small_jpeg(10), "day 2/b.JPG": small_jpeg(20), "c.jpg": b"no photo"}
    with django_capture_on_commit_callbacks(execute=True):
        answer = post_archive(api, files)
    first = answer.json()
    assert (answer.status_code, answer["Location"]) == (202, f"/api/v1/batches/{first['id']}/")
    assert (first["status"], first["counts"], first["total"]) == ("queued", counts(queued=3), 3)
    assert sent == [(FEED_BATCH, first["id"], "batch")]

    batch = Batch.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        assert feed(batch.pk) == 3
    one, two = queued(batch)
    assert sent[1:] == [(RUN_EDIT, str(edit.pk), "batch") for edit in (one, two)]
    assert media.read(one.photo.file) == files["day 1/写真.jpg"]
    assert told(api, batch)["counts"] == counts(queued=2, failed=1)
    claim = begin(one)
    assert told(api, batch)["status"] == "running"
    assert told(api, batch)["counts"] == counts(queued=1, running=1, failed=1)
    media.write(f"{one.folder}/result-1.jpg", b"result one")
    claims.finish_done(
        claim, claims.Outcome(f"{one.folder}/result-1.jpg", "0" * 64, {"seconds": 2.0})
    )
    finish(two, b"result two")

    last = told(api, batch)
    assert (last["status"], last["counts"], last["fraction"], last["eta"]) == (
        "done", counts(done=2, failed=1), 1.0, 0.0,
    )  # fmt: skip
    assert kinds(batch)[0 :: len(kinds(batch)) - 1] == ["queued", "done"]
    assert "started" in kinds(batch)

    answer = api.get(last["archive"])
    assert answer["Content-Type"] == "application/zip"
    assert 'filename="photos-mien.zip"' in answer["Content-Disposition"]
    archive = zipfile.ZipFile(io.BytesIO(body(answer)))
    assert archive.testzip() is None
    assert archive.namelist() == ["day 1/写真.jpg", "day 2/b.JPG", "report.csv", "report.json"]
    assert archive.read("day 1/写真.jpg") == b"result one"
    assert archive.read("day 2/b.JPG") == b"result two"
    rows = json.loads(archive.read("report.json"))
    assert [(row["file"], row["status"], row["result"]) for row in rows] == [
        ("day 1/写真.jpg", "done", "day 1/写真.jpg"),
        ("day 2/b.JPG", "done", "day 2/b.JPG"),
        ("c.jpg", "failed", None),
    ]
    assert rows[0]["report"] == {"seconds": 2.0}
    assert rows[2]["error"]["code"] == "photo_unreadable"
    assert json.loads(body(api.get(last["report"]))) == rows
    lines = list(csv.DictReader(io.StringIO(archive.read("report.csv").decode())))
    assert [(line["file"], line["error"]) for line in lines] == [
        ("day 1/写真.jpg", ""), ("day 2/b.JPG", ""), ("c.jpg", "photo_unreadable"),
    ]  # fmt: skip
    assert lines[2]["message"] == rows[2]["error"]["message"]
    assert body(api.get(f"{last['report']}?format=csv")) == archive.read("report.csv")


def test_a_result_of_another_format_gets_its_ending(make_batch: Make, api: Client) -> None:
    batch = make_batch("a.gif", "a.gif.jpg", "b.jpeg")
    work_off(batch)
    archive = zipfile.ZipFile(io.BytesIO(body(api.get(told(api, batch)["archive"]))))
    assert archive.namelist()[:3] == ["a.gif.jpg", "a.gif.jpg.jpg", "b.jpeg"]


def test_a_name_cannot_be_a_formula(make_batch: Make, api: Client) -> None:
    batch = make_batch("=1+1.jpg")
    report = body(api.get(f"{told(api, batch)['report']}?format=csv")).decode()
    assert list(csv.reader(io.StringIO(report)))[1][0] == "'=1+1.jpg"


def test_photos_that_were_sent_before(api: Client, make_photo: Make) -> None:
    photos = [
        make_photo(name="me.jpg"),
        make_photo(name="me.jpg"),
        make_photo(name="you.jpg", faces=0),
    ]
    answer = post_json(
        api,
        {"photos": [str(p.pk) for p in photos], "operation": "expression", "params": {"smile": 1}},
    )
    assert answer.status_code == 202, answer.content
    batch = Batch.objects.get()
    feed(batch.pk)
    assert [edit.photo_id for edit in queued(batch)] == [photos[0].pk, photos[1].pk]
    work_off(batch)
    rows = json.loads(body(api.get(told(api, batch)["report"])))
    assert [(row["file"], row["status"], row["photo"]) for row in rows] == [
        ("me.jpg", "done", str(photos[0].pk)),
        ("me-2.jpg", "done", str(photos[1].pk)),
        ("you.jpg", "failed", str(photos[2].pk)),
    ]
    assert rows[2]["error"]["code"] == "no_face"


@pytest.mark.parametrize(
    ("change", "status", "code", "word"),
    [
        ({"operation": "levitate"}, 422, "operation_unknown", "levitate"),
        ({"operation": None}, 422, "request_invalid", "operation"),
        ({"params": {"smile": 2}}, 422, "params_invalid", "smile"),
        ({"engine": "diffusion"}, 503, "engine_unavailable", "diffusion"),
        ({"photos": []}, 422, "request_invalid", "photos"),
        ({"photos": "all"}, 422, "request_invalid", "photos"),
        ({"photos": ["x"]}, 422, "request_invalid", "not an id"),
        ({"photos": [7]}, 422, "request_invalid", "not an id"),
        ({"photos": [str(uuid4())]}, 404, "not_found", ""),
        ({"photos": None, "archive": "x"}, 422, "request_invalid", "archive"),
        ({"photos": None}, 422, "request_invalid", "prefix"),
        ({"prefix": "s3://a/b"}, 422, "request_invalid", "one of"),
        ({"colour": 1}, 422, "request_invalid", "colour"),
        ({"name": 7}, 422, "request_invalid", "name"),
        ({"recipe": [{"operation": "expression"}]}, 422, "request_invalid", "recipe"),
        ({"operation": None, "params": None, "recipe": []}, 422, "request_invalid", "recipe"),
        ({"operation": None, "params": None, "recipe": [7]}, 422, "request_invalid", "step 1"),
        (
            {"operation": None, "params": None,
             "recipe": [{"operation": "expression"}, {"operation": "expression", "params": {"smile": 9}}]},
            422, "params_invalid", "step 2",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_code(
    api: Client, make_photo: Make, change: Any, status: int, code: str, word: str
) -> None:
    asked = {"photos": [str(make_photo().pk)], "operation": "expression", "params": {}, **change}
    asked = {name: value for name, value in asked.items() if value is not None}
    answer = post_json(api, asked)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert word in answer.json()["detail"]
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    ("files", "status", "code"),
    [
        ({"../a.jpg": JPEG}, 422, "archive_unsafe"),
        ({"in.zip": JPEG}, 422, "archive_nested"),
        ({}, 422, "archive_unreadable"),
    ],
)
def test_a_refused_archive_leaves_nothing(
    api: Client, media_folder: Any, files: Any, status: int, code: str
) -> None:
    answer = post_archive(api, files)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Batch.objects.exists()
    assert not [path for path in media_folder.rglob("*") if path.is_file()]


def test_a_large_archive_is_told(api: Client, settings: Any) -> None:
    settings.MAX_ARCHIVE_BYTES = 100
    answer = post_archive(api, {"a.jpg": JPEG})
    assert (answer.status_code, answer.json()["code"]) == (413, "archive_too_large")


def test_the_same_key_gives_the_same_batch(api: Client, owner: User) -> None:
    key = {"idempotency-key": "k"}
    first = post_archive(api, {"a.jpg": JPEG}, headers=key)
    again = post_archive(api, {"a.jpg": JPEG}, headers=key)
    assert (first.status_code, again.json()["id"]) == (202, first.json()["id"])
    other = post_archive(api, {"a.jpg": small_jpeg(1)}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    changed = post_archive(api, {"a.jpg": JPEG}, headers=key, params='{"smile": 0.1}')
    assert changed.status_code == 409
    assert Batch.objects.count() == 1


def test_a_photo_that_is_deleted_meanwhile_fails_alone(
    make_photo: Make, make_batch: Make, api: Client
) -> None:
    photos = [make_photo() for _ in range(3)]
    asked = {
        "photos": [str(p.pk) for p in photos],
        "operation": "expression",
        "params": {"smile": 1},
    }
    batch = Batch.objects.get(pk=post_json(api, asked).json()["id"])
    delete_photo(photos[0])
    feed(batch.pk)
    delete_photo(photos[1])
    sweep_batches()
    assert states(batch) == ["failed", "failed", "sent"]
    assert {item.code for item in Item.objects.filter(state="failed")} == {"photo_deleted"}
    finish(queued(batch)[0])
    assert told(api, batch)["status"] == "done"


def test_faces_of_a_batch_are_not_asked_for_by_themselves(
    make_batch: Make, sent: list[Any]
) -> None:
    feed(make_batch().pk)
    Photo.objects.update(created=timezone.now() - timedelta(hours=1))
    assert Photo.objects.get(name="a.jpg").faces_state == FacesState.PENDING
    assert resend_faces() == 0


def test_items_are_listed_by_status(make_batch: Make, api: Client) -> None:
    batch = make_batch("a.jpg", "b.jpg", "c.jpg")
    feed(batch.pk)
    fail(queued(batch)[0])
    finish(queued(batch)[0])
    address = f"/api/v1/batches/{batch.pk}/items/"
    page = api.get(f"{address}?limit=2").json()
    assert [item["file"] for item in page["results"]] == ["a.jpg", "b.jpg"]
    assert [item["file"] for item in api.get(page["next"]).json()["results"]] == ["c.jpg"]
    (failed,) = api.get(f"{address}?status=failed").json()["results"]
    assert (failed["file"], failed["error"]["code"]) == ("a.jpg", "no_face")
    assert [item["file"] for item in api.get(f"{address}?status=queued").json()["results"]] == [
        "c.jpg"
    ]
    assert api.get(f"{address}?status=lost").status_code == 422


def test_batches_are_listed_with_their_counts(make_batch: Make, api: Client) -> None:
    first, second = make_batch("a.jpg"), make_batch("b.jpg", "c.jpg")
    shown = api.get("/api/v1/batches/").json()["results"]
    assert [(one["id"], one["counts"]["queued"]) for one in shown] == [
        (str(second.pk), 2), (str(first.pk), 1),
    ]  # fmt: skip
    events = api.get(f"/api/v1/batches/{first.pk}/events/?since=0").json()["results"]
    assert [event["kind"] for event in events] == ["queued"]


def test_deleting_takes_all_that_was_made(make_batch: Make, api: Client, media_folder: Any) -> None:
    batch = make_batch("a.jpg", "b.jpg")
    feed(batch.pk)
    finish(queued(batch)[0])
    claim = begin(queued(batch)[0])
    assert api.delete(f"/api/v1/batches/{batch.pk}/").status_code == 204
    assert not Photo.objects.exists()
    assert not Edit.objects.exists()
    assert not Item.objects.exists()
    assert not [path for path in media_folder.rglob("*") if path.is_file()]
    assert claims.is_cancelled(claim) is None
    assert api.get(f"/api/v1/batches/{batch.pk}/").status_code == 404


def test_deleting_leaves_photos_that_were_there_before(
    make_photo: Make, api: Client, media_folder: Any
) -> None:
    photo = make_photo()
    asked = {"photos": [str(photo.pk)], "operation": "expression", "params": {"smile": 1}}
    batch = Batch.objects.get(pk=post_json(api, asked).json()["id"])
    work_off(batch)
    api.delete(f"/api/v1/batches/{batch.pk}/")
    assert not Edit.objects.exists()
    assert [path for path in media_folder.rglob("*") if path.is_file()] == [
        media.path_of(photo.file)
    ]


def test_a_long_batch_is_deleted_in_parts(
    make_batch: Make, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.batches.upkeep.DELETED_AT_ONCE", 2)
    batch = make_batch(*[f"{n}.jpg" for n in range(5)])
    work_off(batch)
    api.delete(f"/api/v1/batches/{batch.pk}/")
    # Nobody sees any of it, though some is still there.
    assert (Photo.objects.count(), len(api.get("/api/v1/photos/").json()["results"])) == (3, 0)
    assert api.get("/api/v1/batches/").json()["results"] == []
    assert [delete_expired_batches() for _ in range(3)] == [0, 1, 0]
    assert not Photo.objects.exists()
    assert not Batch.objects.exists()


def test_a_batch_and_its_photos_expire_together(make_batch: Make) -> None:
    batch = make_batch()
    feed(batch.pk)
    assert {photo.expires_at for photo in Photo.objects.all()} == {batch.expires_at}
    Batch.objects.update(expires_at=timezone.now())
    assert feed(batch.pk) == 0
    assert delete_expired_batches() == 1
    assert not Photo.objects.exists()


def test_nobody_sees_another_persons_batch(make_batch: Make, api: Client, stranger: User) -> None:
    batch = make_batch()
    Batch.objects.update(owner=stranger)
    assert api.get("/api/v1/batches/").json()["results"] == []
    for path in ("", "items/", "events/", "archive/", "report/"):
        assert api.get(f"/api/v1/batches/{batch.pk}/{path}").status_code == 404
    for verb in ("cancel", "retry", "pause", "resume"):
        assert api.post(f"/api/v1/batches/{batch.pk}/{verb}/").status_code == 404
    assert api.delete(f"/api/v1/batches/{batch.pk}/").status_code == 404
    theirs = Photo.objects.create(
        owner=stranger, name="x", file="x", format="JPEG", width=9, height=9, bytes=1, sha256="0",
        expires_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    asked = {"photos": [str(theirs.pk)], "operation": "expression"}
    assert post_json(api, asked).status_code == 404


def test_edits_of_a_batch_wait_in_its_queue(make_batch: Make) -> None:
    feed(make_batch().pk)
    assert {(edit.queue, edit.status) for edit in Edit.objects.all()} == {("batch", Status.QUEUED)}
