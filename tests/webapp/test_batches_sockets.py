"""The socket of a batch: what its edits' socket does, for the whole of it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from tests.archives import small_jpeg
from tests.batches import finish, post_archive, queued
from tests.webapp.test_sockets import HERE, Socket, read, refused
from webapp.accounts.models import User
from webapp.batches.feeding import feed
from webapp.batches.models import Batch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def batch(owner: User) -> Batch:
    api = Client(headers={"host": "localhost"})
    answer = post_archive(api, dict.fromkeys(("a.jpg", "b.jpg"), small_jpeg()))
    return Batch.objects.get(pk=answer.json()["id"])


def work(batch: Batch) -> None:
    feed(batch.pk)
    for edit in queued(batch):
        finish(edit)


async def test_replays_and_follows_to_the_end(batch: Batch) -> None:
    socket = Socket(f"/ws/batches/{batch.pk}/?since=0")
    assert (await socket.connect())[0]
    (first,) = await read(socket, 1)
    assert (first["kind"], set(first)) == ("queued", {"id", "kind", "at", "data"})
    await sync_to_async(work)(batch)
    events = await read(socket, 3)
    assert [event["kind"] for event in events] == ["started", "progress", "done"]
    assert set(events[1]["data"]) == {"fraction", "note", "eta", "counts"}
    assert (events[1]["data"]["fraction"], events[2]["data"]["counts"]["done"]) == (0.5, 2)
    await socket.disconnect()
    again = Socket(f"/ws/batches/{batch.pk}/?since={events[0]['id']}")
    assert (await again.connect())[0]
    assert await read(again, 2) == events[1:]
    assert await again.receive_nothing(timeout=0.2)
    await again.disconnect()


async def test_strangers_are_refused(batch: Batch, stranger: User) -> None:
    path = f"/ws/batches/{batch.pk}/"
    assert await refused(path, [(b"host", b"evil.example")]) == 4403
    assert await refused(path, [*HERE, (b"origin", b"http://evil.example")]) == 4403
    assert await refused(f"{path}?since=x") == 4400
    assert await refused(f"/ws/batches/{uuid4()}/") == 4404
    batch.owner = stranger
    await batch.asave()
    assert await refused(path) == 4404


async def test_the_socket_of_a_deleted_batch_is_closed(batch: Batch, settings: Any) -> None:
    socket = Socket(f"/ws/batches/{batch.pk}/")
    await socket.connect()
    await read(socket, 1)
    await batch.adelete()
    message = await socket.receive_output(timeout=8)
    assert (message["type"], message["code"]) == ("websocket.close", 4410)
