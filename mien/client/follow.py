"""Following an edit: how often to ask, when its log is over, and how the end is told."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mien.client.errors import BatchCancelled, EditCancelled, EditFailed, WaitTimeout
from mien.client.models import ENDED, BatchState, EditState, Event

SHORTEST, LONGEST, SLOWER = 0.1, 1.0, 1.3


@dataclass(slots=True)
class Pace:
    """Pauses between two questions: short after news, longer while there is none.

    ``seconds`` is how long to wait in all, None for ever.
    """

    seconds: float | None
    what: str
    started: float = field(default_factory=time.monotonic)
    pause: float = SHORTEST

    def news(self) -> None:
        self.pause = SHORTEST

    def next(self) -> float:
        """Return the next pause in seconds.

        Raises:
            WaitTimeout: the time is over.
        """
        pause, self.pause = self.pause, min(LONGEST, self.pause * SLOWER)
        if self.seconds is None:
            return pause
        left = self.started + self.seconds - time.monotonic()
        if left <= 0:
            raise WaitTimeout(f"{self.what} has not ended within {self.seconds:g} s; it goes on")
        return min(pause, left)


def read_events(told: Any) -> list[Event]:
    """Return the events of one answer, oldest first."""
    return [Event.model_validate(one) for one in told["results"]]


def is_last(event: Event, state: EditState) -> bool:
    """Return whether the log ends with ``event``.

    An edit that was tried again has earlier ends in its log; they are older than its last one.
    """
    ended = state.ended_at
    return state.status in ENDED and event.kind == state.status and (not ended or event.at >= ended)


def check_done(state: EditState) -> None:
    """Let pass an edit that is done.

    Raises:
        EditFailed, EditCancelled: it ended in another way.
    """
    if state.status == "cancelled":
        raise EditCancelled(f"the edit {state.id} was cancelled")
    if state.status == "failed":
        error = state.error
        raise EditFailed(error.code if error else "failed", error.message if error else "")


def check_not_cancelled(state: BatchState) -> None:
    """Let pass a batch that has run to its end.

    Raises:
        BatchCancelled: somebody cancelled it.
    """
    if state.status == "cancelled":
        raise BatchCancelled(f"the batch {state.id} was cancelled")


def report_format(path: Path) -> str:
    """Return the format that a report's path names.

    Raises:
        ValueError: neither .csv nor .json.
    """
    if path.suffix not in (".csv", ".json"):
        raise ValueError(f"{path.name!r} ends neither in .csv nor in .json")
    return path.suffix[1:]
