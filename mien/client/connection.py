"""Sending calls: with the token, with patience, and files to disk as they come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from mien.client.calls import Call, read_json, read_problem
from mien.client.errors import ServerUnreachable
from mien.client.files import whole_file
from mien.client.retries import IN_PROGRESS, Retries

HOPELESS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


@dataclass(slots=True)
class Tries:
    """The attempts at one call so far."""

    call: Call
    retries: Retries
    count: int = 0
    waited: float = 0.0  # for an attempt that the server has not finished, in seconds

    def pause_after_error(self, error: httpx.TransportError) -> float:
        """Return how long to wait before the next attempt.

        Raises:
            ServerUnreachable: there is none.
        """
        self.count += 1
        pause = None if isinstance(error, HOPELESS) else self.retries.pause(self.count)
        if pause is None:
            told = str(error) or type(error).__name__
            raise ServerUnreachable(f"{_address(error)} does not answer: {told}") from error
        return pause

    def pause_after(self, answer: httpx.Response) -> float | None:
        """Return how long to wait before the next attempt; None says that this is the answer.

        Raises:
            Problem: the server refused, and asking again is no use.
        """
        problem = read_problem(answer)
        if problem is None:
            return None
        if problem.code == IN_PROGRESS and self.waited < self.retries.patience:
            pause = problem.retry_after or 1.0
            self.waited += pause
            return pause
        self.count += 1
        if self.call.method == "DELETE" and problem.status == 404 and self.count > 1:
            return None  # an attempt whose answer was lost has deleted it
        again = self.retries.pause_after(self.count, problem)
        if again is None:
            raise problem
        return again


def _address(error: httpx.TransportError) -> str:
    try:
        return str(error.request.url.copy_with(path="/", query=None))
    except RuntimeError:  # it came to no request
        return "the server"


@dataclass(frozen=True, slots=True)
class Server:
    """Where Mien is, and how it is talked to. ``url`` has no path but the one before /api/v1/."""

    url: str
    token: str | None
    timeout: float
    retries: Retries

    @property
    def headers(self) -> dict[str, str]:
        told = {"User-Agent": "mien-client", "Accept": "application/json, */*"}
        return told | ({"Authorization": f"Token {self.token}"} if self.token else {})

    def socket(self, path: str) -> str:
        """Return the address of a websocket."""
        parts = urlsplit(self.url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        return f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}/{path}"

    def options(self) -> dict[str, Any]:
        """Return what both of httpx's clients take."""
        return {"base_url": self.url, "headers": self.headers, "timeout": self.timeout}


@contextmanager
def _arguments(call: Call) -> Iterator[Mapping[str, Any]]:
    with ExitStack() as opened:
        yield call.arguments(opened)


class Connection:
    """Sends calls and waits for their answers. Threads may share it."""

    def __init__(self, server: Server, transport: httpx.BaseTransport | None = None) -> None:
        self.server = server
        self._http = httpx.Client(**server.options(), transport=transport)

    def close(self) -> None:
        self._http.close()

    def send(self, call: Call) -> httpx.Response:
        """Return the answer.

        Raises:
            Problem, ServerUnreachable: as ``Tries``.
        """
        tries = Tries(call, self.server.retries)
        while True:
            try:
                with _arguments(call) as arguments:
                    answer = self._http.request(**arguments)
            except httpx.TransportError as error:
                pause = tries.pause_after_error(error)
            else:
                again = tries.pause_after(answer)
                if again is None:
                    return answer
                pause = again
            time.sleep(pause)

    def json(self, call: Call) -> Any:
        """Return the answer's JSON.

        Raises:
            AnswerUnreadable: it is none.
            Problem, ServerUnreachable: as ``send``.
        """
        return read_json(self.send(call))

    def download(self, call: Call, path: Path) -> Path:
        """Write the answer to ``path`` as it comes; the file is there whole or not at all.

        Raises:
            OSError: it cannot be written.
            Problem, ServerUnreachable: as ``send``.
        """
        tries = Tries(call, self.server.retries)
        while True:
            try:
                with _arguments(call) as arguments, self._http.stream(**arguments) as answer:
                    if not answer.is_success:
                        answer.read()
                    again = tries.pause_after(answer)
                    if again is None:
                        with whole_file(path) as file:
                            for chunk in answer.iter_bytes():
                                file.write(chunk)
                        return path
                pause = again
            except httpx.TransportError as error:
                pause = tries.pause_after_error(error)
            time.sleep(pause)


class AsyncConnection:
    """As ``Connection``, for asyncio."""

    def __init__(self, server: Server, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.server = server
        self._http = httpx.AsyncClient(**server.options(), transport=transport)

    async def close(self) -> None:
        await self._http.aclose()

    async def send(self, call: Call) -> httpx.Response:
        tries = Tries(call, self.server.retries)
        while True:
            try:
                with _arguments(call) as arguments:
                    answer = await self._http.request(**arguments)
            except httpx.TransportError as error:
                pause = tries.pause_after_error(error)
            else:
                again = tries.pause_after(answer)
                if again is None:
                    return answer
                pause = again
            await asyncio.sleep(pause)

    async def json(self, call: Call) -> Any:
        return read_json(await self.send(call))

    async def download(self, call: Call, path: Path) -> Path:
        tries = Tries(call, self.server.retries)
        while True:
            try:
                with _arguments(call) as arguments:
                    async with self._http.stream(**arguments) as answer:
                        if not answer.is_success:
                            await answer.aread()
                        again = tries.pause_after(answer)
                        if again is None:
                            with whole_file(path) as file:
                                async for chunk in answer.aiter_bytes():
                                    file.write(chunk)
                            return path
                pause = again
            except httpx.TransportError as error:
                pause = tries.pause_after_error(error)
            await asyncio.sleep(pause)
