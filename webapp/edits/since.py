"""The cursor of the event log, as clients send it."""

from __future__ import annotations

from editing.errors import RequestInvalid

LAST_ID = 2**63 - 1


def read_since(value: str) -> int:
    """Return the id of the last event that a client has; 0 if it has none.

    Raises:
        RequestInvalid: it is no such number.
    """
    if not (value.isascii() and value.isdigit() and len(value) <= 19 and int(value) <= LAST_ID):
        raise RequestInvalid(f"since: {value[:40]!r} is not the id of an event")
    return int(value)
