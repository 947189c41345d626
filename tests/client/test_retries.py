"""A server that fails first: what is sent again, with which key, and what is not."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from mien.client import (
    AnswerUnreadable,
    AsyncClient,
    Client,
    Conflict,
    NoFace,
    NotFound,
    Photo,
    PhotoRefused,
    Problem,
    RequestInvalid,
    Retries,
    ServerUnreachable,
    TooManyRequests,
    Unavailable,
)
from mien.client.retries import read_retry_after
from tests.client.scripted import DROP, Answer, Scripted, refused, scripted, told

QUICK = Retries(attempts=4, first=0.01, longest=0.02)
ID = "0b9c6a0e-57a5-4a4e-9b7e-0d3a0f4f9a11"
EDIT = {"id": ID, "status": "queued", "photo": ID, "operation": "expression"}
PHOTO = {"id": ID, "width": 5, "height": 4, "faces": [], "expires_at": "2026-11-25T00:00:00Z"}


def mien_photo() -> Photo:
    return Photo.model_validate(PHOTO)


def ask(script: Scripted) -> Client:
    return Client(script.url, retries=QUICK)


@pytest.mark.parametrize("failure", [DROP, refused(429), refused(502), refused(503), refused(504)])
def test_an_edit_is_asked_for_again_with_the_same_key_and_body(failure: Answer) -> None:
    with scripted(failure, failure, told(EDIT, 202)) as script, ask(script) as mien:
        edit = mien.edit(mien_photo(), "expression", smile=1)
        assert edit.id == ID
    assert [one.path for one in script.seen] == ["/api/v1/edits/"] * 3
    assert len(set(script.keys)) == 1
    assert script.keys[0]
    assert len({one.body for one in script.seen}) == 1


async def test_the_async_client_does_the_same() -> None:
    with scripted(DROP, refused(503), told(EDIT, 202)) as script:
        async with AsyncClient(script.url, retries=QUICK) as mien:
            assert (await mien.edit(mien_photo(), "expression")).id == ID
    assert len(script.seen) == 3
    assert len(set(script.keys)) == 1


def test_two_calls_have_two_keys() -> None:
    with scripted(told(EDIT, 202)) as script, ask(script) as mien:
        mien.edit(mien_photo(), "expression")
        mien.edit(mien_photo(), "expression")
        mien.edit(mien_photo(), "expression", idempotency_key="mine")
    assert len(set(script.keys)) == 3
    assert script.keys[2] == "mine"


@pytest.mark.parametrize("kind", ["path", "file", "bytes", "stream"])
def test_a_photo_is_sent_again_whole(kind: str, tmp_path: Path) -> None:
    data = bytes(range(256)) * 400
    (tmp_path / "me.jpg").write_bytes(b"front" + data)
    with scripted(DROP, refused(502), told(PHOTO, 201)) as script, ask(script) as mien:
        if kind == "path":
            (tmp_path / "me.jpg").write_bytes(data)
            mien.upload(tmp_path / "me.jpg")
        elif kind == "bytes":
            mien.upload(data, name="me.jpg")
        elif kind == "stream":
            mien.upload(OneWay(data), name="me.jpg")
        else:
            with (tmp_path / "me.jpg").open("rb") as file:
                file.seek(5)  # what was read before is not ours to send
                mien.upload(file)
    assert len(script.seen) == 3
    for one in script.seen:
        assert data in one.body
        assert b"front" not in one.body
        assert b'filename="me.jpg"' in one.body
    assert len(set(script.keys)) == 1


class OneWay(io.BytesIO):
    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "not_found", NotFound),
        (409, "idempotency_conflict", Conflict),
        (422, "params_invalid", RequestInvalid),
        (422, "no_face", NoFace),
        (413, "photo_too_large", PhotoRefused),
        (503, "weights_unavailable", Unavailable),
        (503, "engine_unavailable", Unavailable),
        (500, "internal_error", Problem),
    ],
)
def test_what_waiting_does_not_mend_is_told_at_once(
    status: int, code: str, kind: type[Problem]
) -> None:
    with (
        scripted(refused(status, code)) as script,
        ask(script) as mien,
        pytest.raises(kind) as raised,
    ):
        mien.edit(mien_photo(), "expression")
    error = raised.value
    assert len(script.seen) == 1
    assert (error.status, error.code, error.title, error.detail) == (
        status,
        code,
        "Told",
        "because",
    )
    assert error.fields == {"a": ["b"]}


def test_it_gives_up_and_says_the_last_reason() -> None:
    with (
        scripted(refused(503, "busy")) as script,
        ask(script) as mien,
        pytest.raises(Unavailable) as raised,
    ):
        mien.operations()
    assert len(script.seen) == QUICK.attempts
    assert raised.value.code == "busy"
    with (
        scripted(DROP) as script,
        ask(script) as mien,
        pytest.raises(ServerUnreachable, match=script.url),
    ):
        mien.operations()
    assert len(script.seen) == QUICK.attempts


def test_retry_after_is_waited_for_or_told(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("mien.client.connection.time.sleep", slept.append)
    with scripted(refused(429, Retry_After="7"), told([])) as script, ask(script) as mien:
        mien.operations()
    assert slept == [7.0]
    with (
        scripted(refused(429, Retry_After="3600"), told([])) as script,
        ask(script) as mien,
        pytest.raises(TooManyRequests) as raised,
    ):
        mien.operations()
    assert len(script.seen) == 1
    assert raised.value.retry_after == 3600


def test_an_attempt_that_the_server_still_works_on_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("mien.client.connection.time.sleep", slept.append)
    busy = refused(409, "idempotency_in_progress", Retry_After="1")
    with scripted(DROP, *[busy] * 12, told(EDIT, 202)) as script, ask(script) as mien:
        assert mien.edit(mien_photo(), "expression").id == ID
    assert slept[1:] == [1.0] * 12
    with scripted(busy) as script, ask(script) as mien, pytest.raises(Conflict):
        mien.edit(mien_photo(), "expression")


def test_retry_after_may_be_a_date() -> None:
    soon = read_retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True))
    assert soon is not None
    assert 25 < soon <= 30
    assert read_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert read_retry_after("perhaps") is None


def test_pauses_grow_and_differ() -> None:
    retries = Retries(attempts=9, first=1, longest=10)
    pauses = [retries.pause(n) for n in range(1, 9)]
    for n, pause in enumerate(pauses):
        assert pause is not None
        assert min(10, 2**n) / 2 <= pause <= min(10, 2**n)
    assert retries.pause(9) is None


def test_a_deletion_whose_answer_was_lost_is_a_deletion() -> None:
    with scripted(DROP, refused(404, "not_found")) as script, ask(script) as mien:
        mien.delete_photo(ID)
    assert len(script.seen) == 2
    with (
        scripted(refused(404, "not_found")) as script,
        ask(script) as mien,
        pytest.raises(NotFound),
    ):
        mien.delete_photo(ID)


def test_a_file_that_breaks_off_is_fetched_again(tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    out = tmp_path / "out.jpg"
    broken, whole = Answer(body=data, short=9), Answer(body=data)
    with scripted(told(EDIT), broken, whole) as script, ask(script) as mien:
        mien.find_edit(ID).save(out)
    assert out.read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["out.jpg"]


async def test_a_file_is_there_whole_or_as_it_was(tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    out = tmp_path / "out.jpg"
    out.write_bytes(b"old")
    with (
        scripted(told(EDIT), Answer(body=data, short=9)) as script,
        ask(script) as mien,
        pytest.raises(ServerUnreachable),
    ):
        mien.find_edit(ID).save(out)
    with scripted(told(EDIT), Answer(body=data, short=9)) as script:
        async with AsyncClient(script.url, retries=QUICK) as other:
            with pytest.raises(ServerUnreachable):
                await (await other.find_edit(ID)).save(out)
    assert out.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["out.jpg"]


def test_something_that_is_not_mien() -> None:
    page = Answer(body=b"<h1>It works!</h1>", headers={"Content-Type": "text/html"})
    with (
        scripted(page) as script,
        ask(script) as mien,
        pytest.raises(AnswerUnreadable, match="is this the address of a Mien"),
    ):
        mien.operations()
    odd = Answer(404, b"<h1>no</h1>", {"Content-Type": "text/html"})
    with scripted(odd) as script, ask(script) as mien, pytest.raises(NotFound) as raised:
        mien.operations()
    assert raised.value.code == "http_404"


def test_an_address_that_is_none() -> None:
    for url in ("ftp://example.com", "example.com"):
        with Client(url, retries=QUICK) as mien, pytest.raises(ServerUnreachable):
            mien.operations()


def test_the_token_goes_with_every_request() -> None:
    with scripted(told([])) as script, Client(script.url, "secret", retries=QUICK) as mien:
        mien.operations()
    assert script.seen[0].headers["authorization"] == "Token secret"


def test_pages_are_asked_from_our_own_address() -> None:
    one = {"next": "http://inside:9/api/v1/photos/?cursor=abc%3D&limit=2", "results": [PHOTO]}
    last = {"next": None, "results": [PHOTO, PHOTO]}
    with scripted(told(one), told(last)) as script, ask(script) as mien:
        assert len(list(mien.photos())) == 3
    assert script.seen[1].path == "/api/v1/photos/?cursor=abc%3D&limit=2"
