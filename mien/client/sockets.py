"""Events by websocket, where the package ``websockets`` is installed."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from mien.client.connection import Server
from mien.client.models import Event

try:
    from websockets.asyncio.client import connect
    from websockets.exceptions import WebSocketException
except ImportError:
    AVAILABLE = False
else:
    AVAILABLE = True

OPEN_SECONDS = 10.0


class SocketClosed(Exception):
    """There is no socket, or it broke off; polling tells the rest, and why."""


async def socket_events(server: Server, path: str, since: int) -> AsyncGenerator[Event, None]:
    """Give the events after ``since``: those that were missed, then those to come, without end.

    Raises:
        SocketClosed: it could not be opened, or broke off.
    """
    headers = {"Authorization": f"Token {server.token}"} if server.token else {}
    try:
        async with connect(
            server.socket(f"{path}?since={since}"),
            additional_headers=headers,
            open_timeout=OPEN_SECONDS,
            user_agent_header="mien-client",
        ) as opened:
            async for message in opened:
                yield Event.model_validate_json(message)
    except (OSError, TimeoutError, WebSocketException) as error:
        raise SocketClosed(str(error)) from error
    raise SocketClosed("the server closed it")
