"""Bodies that are too large are thrown away and told, not stored."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from webapp.body import PATIENCE, BodyLimit

LIMIT = 1000


async def reads_all(scope: Any, receive: Any, send: Any) -> None:
    """As Django does: read the body, give up when the client goes, else answer."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"read"})


async def ask(
    pieces: list[int], declared: int | None = None, path: str = "/api/v1/edits/"
) -> tuple[list[Any], int]:
    """Return what was sent, and how many pieces were read."""
    sent: list[Any] = []
    taken = 0

    async def body() -> AsyncIterator[Any]:
        for number, size in enumerate(pieces):
            yield {
                "type": "http.request",
                "body": b"x" * size,
                "more_body": number < len(pieces) - 1,
            }
        yield {"type": "http.disconnect"}

    stream = body()

    async def receive() -> Any:
        nonlocal taken
        taken += 1
        return await anext(stream)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [] if declared is None else [(b"content-length", str(declared).encode())]
    await BodyLimit(reads_all, LIMIT, {"/api/v1/batches/": 5 * LIMIT})(
        {"type": "http", "path": path, "headers": headers}, receive, send
    )
    return sent, taken


async def test_what_fits_goes_through() -> None:
    sent, _ = await ask([600, 400], 1000)
    assert sent[0]["status"] == 200


@pytest.mark.parametrize("declared", [2000, None])
async def test_what_does_not_fit_is_read_to_its_end_and_told(declared: int | None) -> None:
    sent, taken = await ask([500] * 4, declared)
    assert sent[0]["status"] == 413
    told = json.loads(sent[1]["body"])
    assert (told["code"], told["status"]) == ("request_too_large", 413)
    assert taken == 4


async def test_of_a_photo_it_is_told_as_such() -> None:
    sent, _ = await ask([2000], 2000, "/api/v1/photos/")
    assert json.loads(sent[1]["body"])["code"] == "photo_too_large"


async def test_a_batch_may_be_larger() -> None:
    sent, _ = await ask([4 * LIMIT], 4 * LIMIT, "/api/v1/batches/")
    assert sent[0]["status"] == 200
    sent, _ = await ask([3 * LIMIT] * 3, None, "/api/v1/batches/")
    assert json.loads(sent[1]["body"])["code"] == "archive_too_large"


async def test_what_never_ends_is_cut_off() -> None:
    sent, taken = await ask([LIMIT] * 1000)
    assert sent[0]["status"] == 413
    assert taken == PATIENCE


async def test_a_client_that_goes_gets_no_answer() -> None:
    sent, _ = await ask([], 5000)
    assert sent == []
