"""The socket of one edit: replay what was missed, then follow."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer, AsyncWebsocketConsumer
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


class EditConsumer(AsyncJsonWebsocketConsumer):
    """Sends the events after ``since`` in order, once each, for as long as the client stays.

    A stranger, an edit that is not the caller's and a bad ``since`` are refused before the socket
    is accepted. What the client sends is ignored.
    """

    following: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        user: User | None = self.scope["user"]
        if user is None:
            await self.close(STRANGER)
            return
        asked = parse_qs(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        try:
            since = read_since(asked.get("since", ["0"])[-1])
            edit = await database_sync_to_async(find_edit)(
                user, self.scope["url_route"]["kwargs"]["id"]
            )
        except RequestInvalid:
            await self.close(BAD_REQUEST)
            return
        except Http404:
            await self.close(UNKNOWN)
            return
        await self.accept()
        self.following = asyncio.create_task(self.follow(edit.pk, since))

    async def disconnect(self, code: int) -> None:
        if self.following is not None:
            self.following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.following

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any
    ) -> None:
        """Ignore what the client says: there is nothing to say."""

    async def follow(self, edit: UUID, since: int) -> None:
        try:
            async with hub.listen(hub.edit_topic(edit)) as waiter:
                while True:
                    events = await database_sync_to_async(events_since)(edit, since)
                    for event in events:
                        await self.send_json(event)
                        since = event["id"]
                    if events:
                        continue
                    if not await database_sync_to_async(Edit.objects.filter(pk=edit).exists)():
                        await self.close(GONE)
                        return
                    await waiter.wait()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("the socket of edit %s broke off", edit)
            await self.close(INTERNAL)
