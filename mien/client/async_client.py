"""The client for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx

from mien.client import calls
from mien.client.account import Which, id_of
from mien.client.async_account import AsyncOwnThings
from mien.client.async_batch import AsyncBatch
from mien.client.async_edit import AsyncEdit
from mien.client.calls import Call
from mien.client.connection import AsyncConnection, Server
from mien.client.folders import Photos, open_photos
from mien.client.follow import Pace
from mien.client.models import BatchState, EditState, Operation, Photo
from mien.client.retries import Retries
from mien.client.sync_client import LOCAL
from mien.client.uploads import Source


class AsyncClient(AsyncOwnThings):
    """A Mien server, as ``Client``, for asyncio.

    async with AsyncClient("http://127.0.0.1:8000") as mien:
        edit = await mien.edit("a.jpg", "age", target_age=65)
        async for event in edit.events():
            print(event.kind, event.fraction)
        await edit.save("b.jpg")
    """

    def __init__(
        self,
        url: str = LOCAL,
        token: str | None = None,
        *,
        timeout: float = 60.0,
        retries: Retries = Retries(),
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.server = Server(url, token, timeout, retries)
        self._connection = AsyncConnection(self.server, transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections that are kept open."""
        await self._connection.close()

    async def send(self, call: Call) -> httpx.Response:
        """Send any call: what this client has no method for yet."""
        return await self._connection.send(call)

    async def json(self, call: Call) -> Any:
        """Send any call and return its JSON."""
        return await self._connection.json(call)

    async def download(self, call: Call, path: Path) -> Path:
        """Send any call and write what comes to ``path``, whole or not at all."""
        return await self._connection.download(call, path)

    async def pages(self, path: str, query: Mapping[str, str] | None = None) -> AsyncIterator[Any]:
        """Give the rows of a list, page after page."""
        asked = query or {}
        call: Call | None = Call("GET", path, asked)
        while call is not None:
            told = await self.json(call)
            for row in told["results"]:
                yield row
            call = calls.next_page(path, asked, told)

    async def operations(self) -> list[Operation]:
        """Return what can be done."""
        told = await self.json(Call("GET", "operations/"))
        return [Operation.model_validate(one) for one in told]

    async def upload(
        self, photo: Source, *, name: str | None = None, idempotency_key: str | None = None
    ) -> Photo:
        """Send a photo: a path, bytes, or an open file. Its faces are found meanwhile.

        Raises:
            PhotoRefused: it is not kept; says why.
        """
        call = calls.upload_photo(photo, name, idempotency_key)
        return Photo.model_validate(await self.json(call))

    async def photos(self) -> AsyncIterator[Photo]:
        """Give your photos, the newest first."""
        async for one in self.pages("photos/"):
            yield Photo.model_validate(one)

    async def find_photo(self, id: str | UUID) -> Photo:
        """Return one photo."""
        return Photo.model_validate(await self.json(Call("GET", f"photos/{id}/")))

    async def wait_for_faces(self, photo: Photo) -> Photo:
        """Return the photo once a worker has looked for its faces. Limit it by asyncio.timeout."""
        pace = Pace(None, f"the search for faces in {photo.id}")
        while photo.faces_state == "pending":
            await asyncio.sleep(pace.next())
            photo = await self.find_photo(photo.id)
        return photo

    async def delete_photo(self, photo: Photo | str | UUID) -> None:
        """Delete a photo, its edits, and every file that was made of it."""
        id = photo.id if isinstance(photo, Photo) else photo
        await self.send(Call("DELETE", f"photos/{id}/"))

    async def edit(
        self,
        photo: Photo | AsyncEdit | UUID | Source,
        operation: str | None = None,
        /,
        *,
        preset: Which | None = None,
        faces: str | Sequence[int] | None = None,
        engine: str | None = None,
        seed: int | None = None,
        mask: Source | None = None,
        idempotency_key: str | None = None,
        **params: Any,
    ) -> AsyncEdit:
        """Queue an edit, and return at once; arguments and errors are those of ``Client.edit``."""
        parent = photo.id if isinstance(photo, AsyncEdit) else None
        if isinstance(photo, AsyncEdit):
            id = None
        elif isinstance(photo, Photo):
            id = photo.id
        elif isinstance(photo, UUID):
            id = str(photo)
        else:
            id = (await self.upload(photo)).id
        call = calls.create_edit(
            id,
            operation,
            params,
            faces=faces,
            engine=engine,
            seed=seed,
            parent=parent,
            mask=mask,
            preset=None if preset is None else id_of(preset),
            key=idempotency_key,
        )
        return AsyncEdit(self, EditState.model_validate(await self.json(call)))

    async def edits(self, photo: Photo | str | UUID | None = None) -> AsyncIterator[AsyncEdit]:
        """Give your edits, the newest first; of one photo where it is named."""
        id = photo.id if isinstance(photo, Photo) else photo
        query = {} if id is None else {"photo": str(id)}
        async for one in self.pages("edits/", query):
            yield AsyncEdit(self, EditState.model_validate(one))

    async def find_edit(self, id: str | UUID) -> AsyncEdit:
        """Return one edit."""
        told = await self.json(Call("GET", f"edits/{id}/"))
        return AsyncEdit(self, EditState.model_validate(told))

    async def batch(
        self,
        photos: Photos,
        operation: str | None = None,
        /,
        *,
        recipe: Sequence[Mapping[str, Any]] | None = None,
        overrides: Source | None = None,
        faces: str | Sequence[int] | None = None,
        engine: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        idempotency_key: str | None = None,
        **params: Any,
    ) -> AsyncBatch:
        """Queue a batch, and return at once; arguments and errors are those of ``Client.batch``."""
        asked = calls.ask_batch(operation, params, recipe, faces, engine, seed, name)
        with open_photos(photos) as (ids, archive):
            call = calls.create_batch(ids, archive, asked, overrides, idempotency_key)
            return AsyncBatch(self, BatchState.model_validate(await self.json(call)))

    async def batches(self) -> AsyncIterator[AsyncBatch]:
        """Give your batches, the newest first."""
        async for one in self.pages("batches/"):
            yield AsyncBatch(self, BatchState.model_validate(one))

    async def find_batch(self, id: str | UUID) -> AsyncBatch:
        """Return one batch."""
        told = await self.json(Call("GET", f"batches/{id}/"))
        return AsyncBatch(self, BatchState.model_validate(told))
