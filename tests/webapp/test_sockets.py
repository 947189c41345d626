"""The socket of an edit: replay, follow, refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from knox.models import AuthToken

from webapp.accounts.models import User
from webapp.asgi import application
from webapp.edits import claims
from webapp.edits.models import Edit, EditEvent

pytestmark = pytest.mark.django_db(transaction=True)
HERE = [(b"host", b"localhost")]


class Socket(WebsocketCommunicator):
    def __init__(self, path: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
        super().__init__(application, path, HERE if headers is None else headers)
        self.scope["client"] = ["127.0.0.1", 50000]


@pytest.fixture
def edit(make_edit: Callable[..., Edit]) -> Edit:
    return make_edit()


def work(edit: Edit, steps: int) -> None:
    claimed = claims.claim_edit(edit.pk, "test")
    assert claimed is not None
    for step in range(steps):
        assert claims.report(claimed[0], EditEvent.Kind.PROGRESS, {"fraction": step / steps})
    assert claims.finish_done(claimed[0], claims.Outcome("r.jpg", "0" * 64, {}))


async def read(socket: Socket, count: int) -> list[dict[str, Any]]:
    return [await socket.receive_json_from(timeout=8) for _ in range(count)]


async def test_replays_and_follows_in_order_and_once(edit: Edit) -> None:
    socket = Socket(f"/ws/edits/{edit.pk}/")
    assert (await socket.connect())[0]
    (first,) = await read(socket, 1)
    assert (first["kind"], set(first)) == ("queued", {"id", "kind", "at", "data"})
    await sync_to_async(work)(edit, 20)
    events = await read(socket, 22)
    assert [event["kind"] for event in events] == ["started", *["progress"] * 20, "done"]
    ids = [first["id"], *[event["id"] for event in events]]
    assert ids == sorted(set(ids))
    assert await socket.receive_nothing(timeout=0.3)
    await socket.disconnect()


async def test_a_reconnect_gets_what_it_missed_and_nothing_else(edit: Edit) -> None:
    await sync_to_async(work)(edit, 3)
    everything = await sync_to_async(list)(EditEvent.objects.values_list("id", flat=True))
    for have in (0, 2, len(everything)):
        since = everything[have - 1] if have else 0
        socket = Socket(f"/ws/edits/{edit.pk}/?since={since}")
        assert (await socket.connect())[0]
        events = await read(socket, len(everything) - have)
        assert [event["id"] for event in events] == everything[have:]
        assert await socket.receive_nothing(timeout=0.2)
        await socket.disconnect()


async def test_news_come_soon(edit: Edit) -> None:
    """The watcher of the SQLite file wakes the socket, not the safety wait of seconds."""
    socket = Socket(f"/ws/edits/{edit.pk}/")
    await socket.connect()
    await read(socket, 1)
    await asyncio.sleep(0.1)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await sync_to_async(claims.claim_edit)(edit.pk, "test")
    await read(socket, 1)
    assert loop.time() - started < 1
    await socket.disconnect()


async def refused(path: str, headers: list[tuple[bytes, bytes]] | None = None) -> int | None:
    socket = Socket(path, headers)
    accepted, code = await socket.connect()
    assert not accepted
    return code


async def test_other_sites_are_refused(edit: Edit) -> None:
    path = f"/ws/edits/{edit.pk}/"
    assert await refused(path, [(b"host", b"evil.example")]) == 4403
    assert await refused(path, [*HERE, (b"origin", b"http://evil.example")]) == 4403
    assert await refused(path, [*HERE, (b"origin", b"http://localhost:9")]) == 4403
    assert await refused(path, [*HERE, (b"sec-fetch-site", b"cross-site")]) == 4403


async def test_strangers_are_refused(edit: Edit, stranger: User, settings: Any) -> None:
    path = f"/ws/edits/{edit.pk}/"
    _, token = await sync_to_async(AuthToken.objects.create)(stranger)
    assert await refused(path, [*HERE, (b"authorization", f"Token {token}".encode())]) == 4404
    assert await refused(path, [*HERE, (b"authorization", b"Token wrong")]) == 4403
    settings.CREDENTIALS_REQUIRED = True
    assert await refused(path) == 4403
    owner = await User.objects.aget(username="owner")
    _, token = await sync_to_async(AuthToken.objects.create)(owner)
    socket = Socket(path, [*HERE, (b"authorization", f"Token {token}".encode())])
    assert (await socket.connect())[0]
    await socket.disconnect()


@pytest.mark.parametrize("since", ["x", "-1", "", "1e3", "9" * 20])
async def test_a_bad_since_is_refused(edit: Edit, since: str) -> None:
    assert await refused(f"/ws/edits/{edit.pk}/?since={since}") == 4400


async def test_what_is_not_there_is_refused(edit: Edit) -> None:
    assert await refused(f"/ws/edits/{uuid4()}/") == 4404
    assert await refused("/ws/nothing/") == 4404


async def test_the_socket_of_a_deleted_edit_is_closed(edit: Edit) -> None:
    socket = Socket(f"/ws/edits/{edit.pk}/")
    await socket.connect()
    await read(socket, 1)
    await edit.photo.adelete()
    message = await socket.receive_output(timeout=8)
    assert (message["type"], message["code"]) == ("websocket.close", 4410)
