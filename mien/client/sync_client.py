"""The client for programs that wait for each answer."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx

from mien.client import calls
from mien.client.account import Which, id_of
from mien.client.calls import Call
from mien.client.connection import Connection, Server
from mien.client.folders import Photos, open_photos
from mien.client.follow import Pace
from mien.client.models import BatchState, EditState, Operation, Photo
from mien.client.retries import Retries
from mien.client.sync_account import OwnThings
from mien.client.sync_batch import Batch
from mien.client.sync_edit import Edit
from mien.client.uploads import Source

LOCAL = "http://127.0.0.1:8000"


class Client(OwnThings):
    """A Mien server.

        with Client("http://127.0.0.1:8000") as mien:
            mien.edit("a.jpg", "age", target_age=65).wait().save("b.jpg")

    ``token`` is needed where the server is not on this machine's loopback address. ``timeout`` is
    seconds for one answer. A request that meets a broken connection, 429, 502, 503 or 504 is sent
    again as ``retries`` say; a POST keeps its ``Idempotency-Key``, so nothing is done twice.
    """

    def __init__(
        self,
        url: str = LOCAL,
        token: str | None = None,
        *,
        timeout: float = 60.0,
        retries: Retries = Retries(),
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._connection = Connection(Server(url, token, timeout, retries), transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The address of the server."""
        return self._connection.server.url

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._connection.close()

    def send(self, call: Call) -> httpx.Response:
        """Send any call: what this client has no method for yet."""
        return self._connection.send(call)

    def json(self, call: Call) -> Any:
        """Send any call and return its JSON."""
        return self._connection.json(call)

    def download(self, call: Call, path: Path) -> Path:
        """Send any call and write what comes to ``path``, whole or not at all."""
        return self._connection.download(call, path)

    def pages(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[Any]:
        """Give the rows of a list, page after page."""
        asked = query or {}
        call: Call | None = Call("GET", path, asked)
        while call is not None:
            told = self.json(call)
            yield from told["results"]
            call = calls.next_page(path, asked, told)

    def operations(self) -> list[Operation]:
        """Return what can be done."""
        return [Operation.model_validate(one) for one in self.json(Call("GET", "operations/"))]

    def upload(
        self, photo: Source, *, name: str | None = None, idempotency_key: str | None = None
    ) -> Photo:
        """Send a photo: a path, bytes, or an open file. Its faces are found meanwhile.

        Raises:
            PhotoRefused: it is not kept; says why.
        """
        return Photo.model_validate(self.json(calls.upload_photo(photo, name, idempotency_key)))

    def photos(self) -> Iterator[Photo]:
        """Give your photos, the newest first."""
        return (Photo.model_validate(one) for one in self.pages("photos/"))

    def find_photo(self, id: str | UUID) -> Photo:
        """Return one photo."""
        return Photo.model_validate(self.json(Call("GET", f"photos/{id}/")))

    def wait_for_faces(self, photo: Photo, timeout: float | None = 60.0) -> Photo:
        """Return the photo once a worker has looked for its faces.

        Raises:
            WaitTimeout: none has within ``timeout`` seconds.
        """
        pace = Pace(timeout, f"the search for faces in {photo.id}")
        while photo.faces_state == "pending":
            time.sleep(pace.next())
            photo = self.find_photo(photo.id)
        return photo

    def delete_photo(self, photo: Photo | str | UUID) -> None:
        """Delete a photo, its edits, and every file that was made of it."""
        id = photo.id if isinstance(photo, Photo) else photo
        self.send(Call("DELETE", f"photos/{id}/"))

    def edit(
        self,
        photo: Photo | Edit | UUID | Source,
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
    ) -> Edit:
        """Queue an edit, and return at once. ``params`` are the operation's own.

        Args:
            photo: one to upload (path, bytes, open file), one that is there (``Photo`` or its id
                as a ``UUID``), or an ``Edit`` whose result to go on from.
            operation: as ``operations()`` names it; may be left out with a ``preset``.
            preset: saved params to start from; ``params`` go before them.
            faces: "all", "largest" or indices; None is the operation's own choice.
            engine: "auto", "native" or "diffusion".
            seed: for the same result again; drawn by the server when not given.
            mask: a grey picture of the photo's size; white lets the edit through.
            idempotency_key: the same key gives the same edit again; drawn when not given.

        Raises:
            RequestInvalid: an operation, param, face or mask that cannot be.
            PhotoRefused, NoFace: the photo cannot be worked on.
            Unavailable: the engine or its weights are not on the server.
        """
        parent = photo.id if isinstance(photo, Edit) else None
        if isinstance(photo, Edit):
            id = None
        elif isinstance(photo, Photo):
            id = photo.id
        elif isinstance(photo, UUID):
            id = str(photo)
        else:
            id = self.upload(photo).id
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
        return Edit(self, EditState.model_validate(self.json(call)))

    def edits(self, photo: Photo | str | UUID | None = None) -> Iterator[Edit]:
        """Give your edits, the newest first; of one photo where it is named."""
        id = photo.id if isinstance(photo, Photo) else photo
        query = {} if id is None else {"photo": str(id)}
        return (Edit(self, EditState.model_validate(one)) for one in self.pages("edits/", query))

    def find_edit(self, id: str | UUID) -> Edit:
        """Return one edit."""
        return Edit(self, EditState.model_validate(self.json(Call("GET", f"edits/{id}/"))))

    def batch(
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
    ) -> Batch:
        """Queue one operation, or a recipe of several, for many photos, and return at once.

        Args:
            photos: a folder or a ZIP (path or open file), or photos that are there.
            operation: as ``operations()`` names it, with its params; or None and a ``recipe``.
            recipe: steps such as ``{"operation": "age", "params": {"target_age": 65}}``.
            overrides: a CSV with a column ``file``, and one per param that differs.
            faces: as with ``edit``; so are ``engine`` and ``seed``.
            name: what to call it.
            idempotency_key: the same key gives the same batch again; drawn when not given.

        Raises:
            RequestInvalid: the archive, the recipe or the overrides cannot be.
        """
        asked = calls.ask_batch(operation, params, recipe, faces, engine, seed, name)
        with open_photos(photos) as (ids, archive):
            call = calls.create_batch(ids, archive, asked, overrides, idempotency_key)
            return Batch(self, BatchState.model_validate(self.json(call)))

    def batches(self) -> Iterator[Batch]:
        """Give your batches, the newest first."""
        return (Batch(self, BatchState.model_validate(one)) for one in self.pages("batches/"))

    def find_batch(self, id: str | UUID) -> Batch:
        """Return one batch."""
        return Batch(self, BatchState.model_validate(self.json(Call("GET", f"batches/{id}/"))))
