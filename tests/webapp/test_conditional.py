"""Entity tags, HEAD, ranges, filters and pages: what programs ask beyond the plain GET."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from webapp import files, media
from webapp.edits.models import Edit, Status
from webapp.photos.models import Photo
from webapp.ranges import read_range

pytestmark = pytest.mark.django_db
Make = Callable[..., Any]
DATA = bytes(range(256)) * 8


@pytest.fixture
def file(make_photo: Make) -> str:
    return f"/api/v1/photos/{make_photo(DATA, sha256='ab' * 32).pk}/file/"


def test_a_resource_that_the_client_has_is_not_sent_again(api: Client, make_edit: Make) -> None:
    edit = make_edit()
    for address in (f"/api/v1/edits/{edit.pk}/", "/api/v1/edits/", "/api/v1/operations/"):
        first = api.get(address)
        assert first["Cache-Control"] == "private, no-cache"
        again = api.get(address, headers={"if-none-match": first["ETag"]})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    Edit.objects.update(status=Status.RUNNING)
    later = api.get(f"/api/v1/edits/{edit.pk}/", headers={"if-none-match": first["ETag"]})
    assert (later.status_code, later.json()["status"]) == (200, "running")


def test_a_precondition_that_fails_is_a_problem(api: Client, make_edit: Make, file: str) -> None:
    for address in (f"/api/v1/edits/{make_edit().pk}/", file):
        answer = api.get(address, headers={"if-match": '"old"'})
        assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
        assert api.get(address, headers={"if-match": answer["ETag"]}).status_code == 200


def test_head_tells_what_get_would(api: Client, make_edit: Make, file: str) -> None:
    for address in (f"/api/v1/edits/{make_edit().pk}/", file):
        got, head = api.get(address), api.head(address)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("ETag", "Content-Type", "Content-Length"):
            assert head.get(name) == got.get(name), name
    assert head["Accept-Ranges"] == "bytes"
    assert api.head(file, headers={"range": "bytes=0-1"}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("0-0", 0, 0), ("5-9", 5, 9), ("2000-", 2000, 2047), ("-3", 2045, 2047), ("2040-9999", 2040, 2047),
     ("-9999", 0, 2047)],
)  # fmt: skip
def test_a_part_of_a_file(api: Client, file: str, asked: str, first: int, last: int) -> None:
    answer = api.get(file, headers={"range": f"bytes={asked}"})
    assert (answer.status_code, answer.content) == (206, DATA[first : last + 1])
    assert answer["Content-Range"] == f"bytes {first}-{last}/2048"
    assert answer["Content-Length"] == str(last + 1 - first)
    assert answer["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize("asked", ["bytes=2048-", "bytes=99999-100000", "bytes=-0"])
def test_a_part_behind_the_end_is_told(api: Client, file: str, asked: str) -> None:
    answer = api.get(file, headers={"range": asked})
    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer["Content-Range"] == "bytes */2048"


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes=5-2", "bytes=0-1,3-4", "bytes=-", "bytes=x-1",
                                   "bytes=" + "1" * 99 + "-"])  # fmt: skip
def test_what_is_no_range_gives_the_whole_file(api: Client, file: str, asked: str) -> None:
    answer = api.get(file, headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, DATA)


def test_a_download_goes_on_only_with_the_same_file(api: Client, file: str) -> None:
    etag = api.get(file)["ETag"]
    part = {"range": "bytes=100-"}
    assert api.get(file, headers={**part, "if-range": etag}).content == DATA[100:]
    for other in ('"other"', f"W/{etag}", "Wed, 21 Oct 2026 07:28:00 GMT"):
        answer = api.get(file, headers={**part, "if-range": other})
        assert (answer.status_code, answer.content) == (200, DATA)


def test_a_large_file_is_sent_in_pieces(
    make_photo: Make, rf: RequestFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SMALL", 100)
    monkeypatch.setattr(files, "PIECE", 500)
    photo = make_photo(DATA)

    def ask(**headers: str) -> list[bytes]:
        answer = files.answer_file(rf.get("/", headers=headers), photo.file, "me.jpg")
        assert answer.streaming

        async def collect() -> list[bytes]:
            return [piece async for piece in answer.streaming_content]

        pieces = asyncio.run(collect())
        assert answer["Content-Length"] == str(sum(map(len, pieces)))
        return pieces

    assert [len(piece) for piece in ask()] == [500, 500, 500, 500, 48]
    assert b"".join(ask()) == DATA
    assert b"".join(ask(range="bytes=3-1002")) == DATA[3:1003]


def test_the_tag_of_a_copy_for_the_screen_stays(api: Client, make_photo: Make) -> None:
    photo = make_photo()
    media.write(f"{photo.folder}/photo-320.jpg", b"small")
    address = f"/api/v1/photos/{photo.pk}/thumbnail/"
    first = api.get(address)
    assert first["ETag"] == api.get(address)["ETag"] != f'"{hashlib.sha256(b"").hexdigest()}"'
    assert api.get(address, headers={"if-none-match": first["ETag"]}).status_code == 304


@pytest.mark.parametrize("size", [1, 10])
def test_ranges_stay_inside_the_file(size: int) -> None:
    for first in range(size):
        for last in range(first, size + 3):
            assert read_range(f"bytes={first}-{last}", size) == range(first, min(last + 1, size))


def ids(answer: Any) -> list[str]:
    return [row["id"] for row in answer.json()["results"]]


def test_edits_by_status_operation_photo_and_time(api: Client, make_edit: Make) -> None:
    first, second, third = make_edit(), make_edit(), make_edit()
    now = timezone.now()
    for age, edit, status in ((3, first, "done"), (2, second, "failed"), (1, third, "queued")):
        Edit.objects.filter(pk=edit.pk).update(created=now - timedelta(hours=age), status=status)
    everything = "/api/v1/edits/"
    assert ids(api.get(everything, {"status": "done"})) == [str(first.pk)]
    assert ids(api.get(f"{everything}?status=done&status=failed")) == [
        str(second.pk),
        str(first.pk),
    ]
    assert ids(api.get(everything, {"photo": str(third.photo_id)})) == [str(third.pk)]
    assert len(ids(api.get(everything, {"operation": "expression"}))) == 3
    since = {"created_since": (now - timedelta(hours=2)).isoformat()}
    assert ids(api.get(everything, since)) == [str(third.pk), str(second.pk)]
    until = {"created_until": (now - timedelta(hours=2)).isoformat()}
    assert ids(api.get(everything, until)) == [str(first.pk)]
    assert ids(api.get(everything, {**since, **until})) == []


def test_photos_by_time(api: Client, make_photo: Make) -> None:
    old, new = make_photo(), make_photo()
    Photo.objects.filter(pk=old.pk).update(created=timezone.now() - timedelta(hours=1))
    since = {"created_since": (timezone.now() - timedelta(minutes=5)).isoformat()}
    assert ids(api.get("/api/v1/photos/", since)) == [str(new.pk)]


@pytest.mark.parametrize(
    "query",
    ["status=asleep", "status=", "operation=levitate", "photo=mine", "photo=", "created_since=soon",
     "created_until=", "limit=0", "limit=201", "limit=x", "limit=", "cursor=x", "cursor=cD1ub3c="],
)  # fmt: skip
def test_a_question_that_cannot_be_is_refused(api: Client, query: str) -> None:
    answer = api.get(f"/api/v1/edits/?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid"), answer.content


def test_pages_lead_through_all_rows_once(api: Client, make_edit: Make) -> None:
    made = [str(make_edit().pk) for _ in range(5)]
    address: str | None = "/api/v1/edits/?limit=2&status=queued"
    seen: list[str] = []
    while address:
        page = api.get(address)
        seen += ids(page)
        address = page.json()["next"]
        if len(seen) == 2:
            made.append(str(make_edit().pk))  # newer than what is read: does not shift the pages
    assert seen == made[4::-1]
