"""A limit on what is read of a request at all, before anybody is known and anything is stored."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from webapp.errors import CONTENT_TYPE, details

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# How many times the limit is read and thrown away, so that a browser gets to see the answer.
PATIENCE = 8
PHOTOS = "/api/v1/photos/"
BATCHES = "/api/v1/batches/"
CODES = {PHOTOS: "photo_too_large", BATCHES: "archive_too_large"}


class BodyLimit:
    """Answers 413 to a body of more than ``limit`` bytes; it is thrown away as it comes in.

    ``limits`` has those of paths that have their own.
    """

    def __init__(self, inner: Any, limit: int, limits: Mapping[str, int] | None = None) -> None:
        self.inner = inner
        self.limit = limit
        self.limits = limits or {}

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        limit = self.limits.get(scope["path"], self.limit)
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            await self.refuse(scope["path"], limit, receive, send, 0)
            return
        read = 0
        answered = False

        async def receive_counted() -> dict[str, Any]:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            # To Django it looks as if the client had gone, so it gives up without an answer.
            return {"type": "http.disconnect"} if read > limit else message

        async def send_noted(message: dict[str, Any]) -> None:
            nonlocal answered
            answered = True
            await send(message)

        await self.inner(scope, receive_counted, send_noted)
        if read > limit and not answered:
            await self.refuse(scope["path"], limit, receive, send, read)

    async def refuse(self, path: str, limit: int, receive: Receive, send: Send, read: int) -> None:
        """Throw the rest of the body away, then say why."""
        more = True
        while more and read < PATIENCE * limit:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            read += len(message.get("body", b""))
            more = message.get("more_body", False)
        code = CODES.get(path, "request_too_large")
        detail = f"More than {limit:,} bytes were sent."
        body = json.dumps(details(413, code, detail)).encode()
        headers = [
            (b"content-type", CONTENT_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})
