"""Editing the photos of a batch on this computer, in this process or in several."""

from __future__ import annotations

import logging
import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from editing.command.batch import Ended
from editing.command.batch_log import BatchLog
from editing.command.batch_photos import Task
from editing.command.edit import find_signer
from editing.command.source import open_models, read_photo
from editing.errors import EditingError, Unavailable
from editing.request import EditRequest

if TYPE_CHECKING:
    from editing.models import ModelStore
    from editing.signing import Signer

log = logging.getLogger(__name__)


class LocalEditor:
    """Edits in ``jobs`` processes at the same time; each holds the models in its own memory."""

    def __init__(self, request: EditRequest, jobs: int) -> None:
        self.request = request
        self.jobs = jobs

    def edit_all(self, tasks: list[Task], log: BatchLog) -> Iterator[Ended]:
        """Give each photo as it ends.

        Raises:
            Unavailable: there is no engine or no weights for it.
        """
        if self.jobs == 1:
            for task in tasks:
                yield _edit(task, self.request)
            return
        # Started anew and not forked: a child forked after its parent computed with torch hangs.
        context = multiprocessing.get_context("spawn")
        threads = max(1, (os.cpu_count() or 1) // self.jobs)
        waiting = iter(tasks)
        with ProcessPoolExecutor(self.jobs, context, _use_threads, (threads,)) as pool:
            # Two each, so that no process waits and no result lies about.
            running: set[Future[Ended]] = {
                pool.submit(_edit, task, self.request) for task in islice(waiting, 2 * self.jobs)
            }
            try:
                while running:
                    ended, running = wait(running, return_when=FIRST_COMPLETED)
                    for task in islice(waiting, len(ended)):
                        running.add(pool.submit(_edit, task, self.request))
                    for one in ended:
                        yield one.result()
            finally:
                pool.shutdown(cancel_futures=True)


def _use_threads(count: int) -> None:
    """Share the cores out among the processes."""
    import torch

    torch.set_num_threads(count)


@cache
def _models() -> ModelStore:
    return open_models()


@cache
def _signer() -> Signer | None:
    return find_signer()


def _edit(task: Task, request: EditRequest) -> Ended:
    """Edit one photo; what is wrong with it is told, what is wrong with all is raised."""
    started = time.perf_counter()
    try:
        data, format, report = _edited(task.path, request)
    except Unavailable:
        raise
    except EditingError as error:
        return Ended(task, _since(started), code=error.code, message=str(error))
    except Exception as error:
        log.debug("%s", task.file, exc_info=True)
        told = " ".join(f"our fault: {type(error).__name__}: {error}".split())
        return Ended(task, _since(started), code="internal_error", message=told)
    return Ended(task, _since(started), data, format, report)


def _edited(path: Path, request: EditRequest) -> tuple[bytes, str, dict[str, object]]:
    from editing.pipeline import edit_photo
    from editing.provenance import describe_edit, write_provenance

    result = edit_photo(read_photo(path), request, _models())
    marked = write_provenance(result.photo, describe_edit(result.report), signer=_signer())
    return marked.data, marked.format.name, result.report.model_dump(mode="json")


def _since(started: float) -> float:
    return round(time.perf_counter() - started, 3)
