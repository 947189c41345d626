"""A batch on the server, for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mien.client.calls import Call
from mien.client.follow import Pace, check_not_cancelled, report_format
from mien.client.models import BatchItem, BatchRow, BatchState, BatchStatus, EditStatus

if TYPE_CHECKING:
    from mien.client.async_client import AsyncClient


class AsyncBatch:
    """One batch. ``state`` is what the server told last; every method that asks refreshes it."""

    def __init__(self, client: AsyncClient, state: BatchState) -> None:
        self.client = client
        self.state = state

    def __repr__(self) -> str:
        return f"<AsyncBatch {self.id} {self.status} {self.state.fraction:.0%}>"

    @property
    def id(self) -> str:
        return self.state.id

    @property
    def status(self) -> BatchStatus:
        return self.state.status

    @property
    def ended(self) -> bool:
        return self.status in ("done", "cancelled")

    async def refresh(self) -> Self:
        """Ask how far it is."""
        return await self._keep("GET", "")

    async def cancel(self) -> Self:
        """Cancel all that has not ended."""
        return await self._keep("POST", "cancel/")

    async def pause(self) -> Self:
        """Begin no more; what runs is finished."""
        return await self._keep("POST", "pause/")

    async def resume(self) -> Self:
        """Go on after a pause."""
        return await self._keep("POST", "resume/")

    async def retry(self) -> Self:
        """Queue again what failed, and nothing else."""
        return await self._keep("POST", "retry/")

    async def wait(self, on_progress: Callable[[BatchState], None] | None = None) -> Self:
        """Wait until every file has ended; ``on_progress`` is told the state whenever it changes.

        Files that failed are no error: ``state.counts`` and ``report()`` tell them. Limit it by
        asyncio.timeout.

        Raises:
            BatchCancelled: somebody cancelled it.
        """
        pace = Pace(None, f"the batch {self.id}")
        told: BatchState | None = None
        while True:
            state = (await self.refresh()).state
            if on_progress is not None and state != told:
                on_progress(state)
            told = state
            if self.ended:
                check_not_cancelled(state)
                return self
            await asyncio.sleep(pace.next())

    async def items(self, status: EditStatus | None = None) -> AsyncIterator[BatchItem]:
        """Give its files in their order; only those in one status where it is named."""
        query = {} if status is None else {"status": status}
        async for one in self.client.pages(f"batches/{self.id}/items/", query):
            yield BatchItem.model_validate(one)

    async def report(self) -> list[BatchRow]:
        """Return a row per file: what became of it, and the error if it failed."""
        told = await self.client.json(Call("GET", f"batches/{self.id}/report/"))
        return [BatchRow.model_validate(one) for one in told]

    async def save_report(self, path: str | Path) -> Path:
        """Write the report to ``path``, which ends in .csv or .json."""
        query = {"format": report_format(Path(path))}
        call = Call("GET", f"batches/{self.id}/report/", query)
        return await self.client.download(call, Path(path))

    async def save(self, path: str | Path) -> Path:
        """Write the results to ``path``, a ZIP with the folders kept; as it comes, whole or not at all."""
        return await self.client.download(Call("GET", f"batches/{self.id}/archive/"), Path(path))

    async def delete(self) -> None:
        """Delete it with the photos and results that it made."""
        await self.client.send(Call("DELETE", f"batches/{self.id}/"))

    async def _keep(self, method: str, verb: str) -> Self:
        told = await self.client.json(Call(method, f"batches/{self.id}/{verb}"))
        self.state = BatchState.model_validate(told)
        return self
