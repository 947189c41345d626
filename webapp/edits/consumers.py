"""The sockets of logs: replay what was missed, then follow."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer, AsyncWebsocketConsumer
from django.db.models import Model
from django.http import Http404

from editing.errors import RequestInvalid
from webapp import hub
from webapp.accounts.models import User
from webapp.edits.models import Edit
from webapp.edits.selectors import events_since, find_edit
from webapp.edits.since import read_since

log = logging.getLogger(__name__)

BAD_REQUEST, STRANGER, UNKNOWN, INTERNAL, GONE = 4400, 4403, 4404, 1011, 4410


class Nowhere(AsyncWebsocketConsumer):
    """Refuses a socket at an address that there is not."""

    async def connect(self) -> None:
        await self.close(UNKNOWN)


class LogConsumer(AsyncJsonWebsocketConsumer):
    """Sends the events after ``since`` in order, once each, for as long as the client stays.

    A stranger, a log that is not the caller's and a bad ``since`` are refused before the socket
    is accepted. What the client sends is ignored. A subclass says whose log it is: the model, how
    one is found for a person, its events after an id, and its topic.
    """

    model: type[Model]
    find: Callable[[User, UUID], Model]
    events_since: Callable[[UUID, int], list[dict[str, Any]]]
    topic: Callable[[UUID], str]
    following: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        user: User | None = self.scope["user"]
        if user is None:
            await self.close(STRANGER)
            return
        asked = parse_qs(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        try:
            since = read_since(asked.get("since", ["0"])[-1])
            found = await database_sync_to_async(self.find)(
                user, self.scope["url_route"]["kwargs"]["id"]
            )
        except RequestInvalid:
            await self.close(BAD_REQUEST)
            return
        except Http404:
            await self.close(UNKNOWN)
            return
        await self.accept()
        self.following = asyncio.create_task(self.follow(found.pk, since))

    async def disconnect(self, code: int) -> None:
        if self.following is not None:
            self.following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.following

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any
    ) -> None:
        """Ignore what the client says: there is nothing to say."""

    async def follow(self, id: UUID, since: int) -> None:
        try:
            async with hub.listen(self.topic(id)) as waiter:
                while True:
                    events = await database_sync_to_async(self.events_since)(id, since)
                    for event in events:
                        await self.send_json(event)
                        since = event["id"]
                    if events:
                        continue
                    here = self.model._default_manager.filter(pk=id)
                    if not await database_sync_to_async(here.exists)():
                        await self.close(GONE)
                        return
                    await waiter.wait()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("the socket of %s %s broke off", self.model.__name__, id)
            await self.close(INTERNAL)


class EditConsumer(LogConsumer):
    """Sends the events of an edit."""

    model = Edit
    find = staticmethod(find_edit)
    events_since = staticmethod(events_since)
    topic = staticmethod(hub.edit_topic)
