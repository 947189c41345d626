"""Several edits at once in one process, so that a graphics card gets them as one batch."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from uuid import UUID

from django.db import connection

from workers import run
from workers.store import batch_size, process_models


def run_together(ids: Sequence[UUID]) -> None:
    """Do the edits of those ids, at most ``batch_size()`` of them at once."""
    if len(ids) == 1:
        run.run_edit(ids[0])
        return
    list(_threads().map(_run, ids))


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    """Return the threads of this process; they stay, as each keeps detectors of its own."""
    return ThreadPoolExecutor(batch_size(), "edit")


def _run(id: UUID) -> None:
    try:
        with process_models().company.joined():
            run.run_edit(id)
    finally:
        connection.close()  # that of this thread, which nobody else would close
