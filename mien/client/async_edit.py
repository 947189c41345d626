"""An edit on the server, for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mien.client import calls, sockets
from mien.client.calls import Call
from mien.client.follow import Pace, check_done, is_last, read_events
from mien.client.models import (
    ENDED,
    EditState,
    EditStatus,
    Event,
    Report,
    VideoReport,
    read_report,
)
from mien.client.uploads import Source

if TYPE_CHECKING:
    from mien.client.async_client import AsyncClient


class AsyncEdit:
    """One edit. ``state`` is what the server told last; every method that asks refreshes it."""

    def __init__(self, client: AsyncClient, state: EditState) -> None:
        self.client = client
        self.state = state

    def __repr__(self) -> str:
        return f"<AsyncEdit {self.id} {self.state.operation} {self.status}>"

    @property
    def id(self) -> str:
        return self.state.id

    @property
    def status(self) -> EditStatus:
        return self.state.status

    async def refresh(self) -> Self:
        """Ask how far it is."""
        return await self._keep(Call("GET", f"edits/{self.id}/"))

    async def cancel(self) -> Self:
        """Cancel: at once while it waits, at its next report of progress while it runs."""
        return await self._keep(Call("POST", f"edits/{self.id}/cancel/"))

    async def retry(self) -> Self:
        """Queue it again after it failed or was cancelled."""
        return await self._keep(Call("POST", f"edits/{self.id}/retry/"))

    async def events(self, since: int = 0) -> AsyncIterator[Event]:
        """Give every event after ``since`` as it comes, up to the one that ends the edit.

        By websocket where ``websockets`` is installed and the server lets it; where that breaks
        off, by asking, from the last event on. So nothing is lost and nothing comes twice.
        """
        if sockets.AVAILABLE:
            try:
                coming = sockets.socket_events(self.client.server, f"ws/edits/{self.id}/", since)
                async with aclosing(coming):
                    async for event in coming:
                        yield event
                        since = event.id
                        if event.kind in ENDED and is_last(event, (await self.refresh()).state):
                            return
            except sockets.SocketClosed:
                pass
        async for event in self._polled(since):
            yield event

    async def _polled(self, since: int) -> AsyncIterator[Event]:
        pace = Pace(None, f"the edit {self.id}")
        ended = False
        while True:
            events = read_events(await self.client.json(calls.edit_events(self.id, since)))
            for event in events:
                yield event
            if events:
                pace.news()
                since, ended = events[-1].id, False
                if events[-1].kind in ENDED and is_last(events[-1], (await self.refresh()).state):
                    return
            elif ended:
                return
            else:
                # What was written between the two answers is fetched once more.
                ended = (await self.refresh()).status in ENDED
            await asyncio.sleep(pace.next())

    async def wait(self, on_event: Callable[[Event], None] | None = None) -> Self:
        """Wait until it is done; ``on_event`` is told every event. Limit it by asyncio.timeout.

        Raises:
            EditFailed, EditCancelled: it ended in another way.
        """
        if self.status not in ENDED or on_event is not None:
            async for event in self.events():
                if on_event is not None:
                    on_event(event)
        check_done(self.state)
        return self

    async def result(self, label: str | None = None) -> bytes:
        """Return the file of the edited photo; where there are several, their row or the one named.

        The labels are those of ``report().variants``, such as "65" for one age of a strip, and "id-photo" for
        the photo for a passport.
        """
        return (await self.client.send(calls.edit_result(self.id, label))).content

    async def save(self, path: str | Path, label: str | None = None) -> Path:
        """Write what ``result`` returns to ``path``, whole or not at all; its format is the photo's."""
        return await self.client.download(calls.edit_result(self.id, label), Path(path))

    async def report(self) -> Report | VideoReport:
        """Return what was done, with what, and what it did to each face or person."""
        told = await self.client.json(Call("GET", f"edits/{self.id}/report/"))
        return read_report(told)

    async def edit(
        self,
        operation: str,
        /,
        *,
        faces: str | Sequence[int] | None = None,
        engine: str | None = None,
        seed: int | None = None,
        mask: Source | None = None,
        **params: Any,
    ) -> AsyncEdit:
        """Go on from this edit's result, as ``AsyncClient.edit``."""
        return await self.client.edit(
            self, operation, faces=faces, engine=engine, seed=seed, mask=mask, **params
        )

    async def _keep(self, call: Call) -> Self:
        self.state = EditState.model_validate(await self.client.json(call))
        return self
