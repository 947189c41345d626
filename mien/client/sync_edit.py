"""An edit on the server, for programs that wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mien.client import calls
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
    from mien.client.sync_client import Client


class Edit:
    """One edit. ``state`` is what the server told last; every method that asks refreshes it."""

    def __init__(self, client: Client, state: EditState) -> None:
        self.client = client
        self.state = state

    def __repr__(self) -> str:
        return f"<Edit {self.id} {self.state.operation} {self.status}>"

    @property
    def id(self) -> str:
        return self.state.id

    @property
    def status(self) -> EditStatus:
        return self.state.status

    def refresh(self) -> Self:
        """Ask how far it is."""
        return self._keep(Call("GET", f"edits/{self.id}/"))

    def cancel(self) -> Self:
        """Cancel: at once while it waits, at its next report of progress while it runs."""
        return self._keep(Call("POST", f"edits/{self.id}/cancel/"))

    def retry(self) -> Self:
        """Queue it again after it failed or was cancelled."""
        return self._keep(Call("POST", f"edits/{self.id}/retry/"))

    def events(self, since: int = 0, timeout: float | None = None) -> Iterator[Event]:
        """Give every event after ``since`` as it comes, up to the one that ends the edit.

        Raises:
            WaitTimeout: it has not ended within ``timeout`` seconds.
        """
        pace = Pace(timeout, f"the edit {self.id}")
        ended = False
        while True:
            told = self.client.json(calls.edit_events(self.id, since))
            events = read_events(told)
            yield from events
            if events:
                pace.news()
                since, ended = events[-1].id, False
                if events[-1].kind in ENDED and is_last(events[-1], self.refresh().state):
                    return
            elif ended:
                return
            else:
                # What was written between the two answers is fetched once more.
                ended = self.refresh().status in ENDED
            time.sleep(pace.next())

    def wait(
        self, timeout: float | None = None, on_event: Callable[[Event], None] | None = None
    ) -> Self:
        """Wait until it is done; ``on_event`` is told every event.

        Raises:
            EditFailed, EditCancelled: it ended in another way.
            WaitTimeout: it has not ended within ``timeout`` seconds.
        """
        for event in self.events(timeout=timeout):
            if on_event is not None:
                on_event(event)
        check_done(self.state)
        return self

    def result(self, label: str | None = None) -> bytes:
        """Return the file of the edited photo; where there are several, their row or the one named.

        The labels are those of ``report().variants``, such as "65" for one age of a strip, and "id-photo" for
        the photo for a passport.
        """
        return self.client.send(calls.edit_result(self.id, label)).content

    def save(self, path: str | Path, label: str | None = None) -> Path:
        """Write what ``result`` returns to ``path``, whole or not at all; its format is the photo's."""
        return self.client.download(calls.edit_result(self.id, label), Path(path))

    def report(self) -> Report | VideoReport:
        """Return what was done, with what, and what it did to each face or person."""
        return read_report(self.client.json(Call("GET", f"edits/{self.id}/report/")))

    def edit(
        self,
        operation: str,
        /,
        *,
        faces: str | Sequence[int] | None = None,
        engine: str | None = None,
        seed: int | None = None,
        mask: Source | None = None,
        **params: Any,
    ) -> Edit:
        """Go on from this edit's result, as ``Client.edit``."""
        return self.client.edit(
            self, operation, faces=faces, engine=engine, seed=seed, mask=mask, **params
        )

    def _keep(self, call: Call) -> Self:
        self.state = EditState.model_validate(self.client.json(call))
        return self
