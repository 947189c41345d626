"""Letting a server edit the photos of a batch, a few dozen at a time, so that it is never idle.

Photos are sent in portions. A portion becomes a batch on the server, in its queue for batches, and
while the server works on one the next is sent. What is fetched is deleted there.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from editing.command.batch import Ended, check_jobs
from editing.command.batch_log import BatchLog, Row, Sent, SentPhoto
from editing.command.batch_photos import Task
from editing.errors import PhotoUnreadable
from editing.photo import open_picture
from mien.client import (
    Batch,
    BatchItem,
    Client,
    MienError,
    NotFound,
    Photo,
    Problem,
    RequestInvalid,
)
from mien.client.follow import Pace
from mien.client.models import ENDED

PORTION = 40
JOBS = 4
STOPPED = "it was cancelled on the server"


@dataclass(frozen=True, slots=True)
class Portion:
    """A batch on the server, and the photos of ours in it by their ids there."""

    batch: Batch
    sent: Sent
    tasks: dict[str, Task]


class RemoteEditor:
    """Sends and fetches with ``jobs`` connections at the same time."""

    def __init__(self, mien: Client, asked: dict[str, Any], jobs: int | None) -> None:
        self.mien = mien
        self.asked = asked
        self.jobs = JOBS if jobs is None else jobs
        check_jobs(self.jobs)

    def edit_all(self, tasks: list[Task], log: BatchLog) -> Iterator[Ended]:
        """Give each photo as it ends, first those that an earlier run has sent.

        Raises:
            MienError: the server is gone, or refuses everything.
        """
        todo = {task.file: task for task in tasks}
        with ThreadPoolExecutor(self.jobs) as pool:
            for portion in self._find_again(todo, pool, log):
                yield from self._fetch(portion, pool, log)
            waiting = iter(list(todo.values()))
            on_the_way: deque[Portion] = deque()
            while some := list(islice(waiting, PORTION)):
                sendings = list(pool.map(lambda task: self._upload(task, log), some))
                yield from (one for one in sendings if isinstance(one, Ended))
                photos = {one[1].id: one[0] for one in sendings if not isinstance(one, Ended)}
                if photos:
                    on_the_way.append(self._start(photos, pool, log))
                if len(on_the_way) > 1:
                    yield from self._fetch(on_the_way.popleft(), pool, log)
            for portion in on_the_way:
                yield from self._fetch(portion, pool, log)

    def _upload(self, task: Task, log: BatchLog) -> tuple[Task, Photo] | Ended:
        """Send one photo; what is wrong with it is told, what is wrong with all is raised."""
        try:
            return task, self.mien.upload(task.path, idempotency_key=log.key_of(task))
        except OSError as error:
            message = f"{task.path}: {error.strerror or error}"
            return Ended(task, None, code=PhotoUnreadable.code, message=message)
        except RequestInvalid as error:
            return Ended(task, None, code=error.code, message=str(error))

    def _start(self, photos: dict[str, Task], pool: ThreadPoolExecutor, log: BatchLog) -> Portion:
        """Make a batch of photos that are there; where it is refused nothing of them stays."""
        key = hashlib.sha256(" ".join([log.run, *photos]).encode()).hexdigest()
        asked = dict(self.asked)
        operation, params = asked.pop("operation"), asked.pop("params")
        files = list(photos.values())
        name = files[0].file if len(files) == 1 else f"{files[0].file} to {files[-1].file}"
        try:
            batch = self.mien.batch(
                list(photos), operation, name=name[-200:], idempotency_key=key, **asked, **params
            )
        except Problem:
            list(pool.map(self._delete, photos))
            raise
        entries = [
            SentPhoto(id=id, file=task.file, size=task.size, mtime_ns=task.mtime_ns)
            for id, task in photos.items()
        ]
        sent = Sent(server=self.mien.url, batch=batch.id, photos=entries)
        log.append(sent)
        return Portion(batch, sent, photos)

    def _find_again(
        self, todo: dict[str, Task], pool: ThreadPoolExecutor, log: BatchLog
    ) -> Iterator[Portion]:
        """Give the batches that an earlier run has left there, and take their photos from ``todo``.

        Photos that it had fetched, or that are others here by now, are deleted there.
        """
        for sent in log.sent_to(self.mien.url):
            tasks = {
                photo.id: todo[photo.file]
                for photo in sent.photos
                if photo.file in todo and photo.is_of(todo[photo.file])
            }
            for photo in sent.photos:
                if photo.id not in tasks:
                    pool.submit(self._delete, photo.id)
            try:
                batch = self.mien.find_batch(sent.batch)
            except NotFound:
                for task in tasks.values():
                    log.append(Row(file=task.file, status="lost"))
                log.append(sent.model_copy(update={"ended": True}))
                continue
            for task in tasks.values():
                del todo[task.file]
            yield Portion(batch, sent, tasks)

    def _fetch(self, portion: Portion, pool: ThreadPoolExecutor, log: BatchLog) -> Iterator[Ended]:
        """Give the photos of a batch as they end, then delete there what has been fetched."""
        batch, tasks = portion.batch, dict(portion.tasks)
        pace = Pace(None, f"the batch {batch.id}")
        while tasks:
            items = {item.photo: item for item in batch.items() if item.photo}
            there = [(id, items[id], task) for id, task in tasks.items() if id in items]
            ended = [one for one in there if one[1].status in ENDED]
            fetched = pool.map(lambda one: self._collect(one[1], one[2]), ended)
            for (id, _, _), one in zip(ended, fetched, strict=True):
                yield one
                del tasks[id]
                pool.submit(self._delete, id)
            if ended:
                pace.news()
            elif not there:  # deleted there, by hand or because their time was over
                yield from (_gone(task) for task in tasks.values())
                break
            if tasks:
                time.sleep(pace.next())
        with suppress(Problem):
            batch.delete()
        log.append(portion.sent.model_copy(update={"ended": True}))

    def _collect(self, item: BatchItem, task: Task) -> Ended:
        """Fetch what became of one photo."""
        if item.status != "done" or item.edit is None:
            code, message = (
                (item.error.code, item.error.message) if item.error else (item.status, STOPPED)
            )
            return Ended(task, None, code=code, message=message)
        try:
            edit = self.mien.find_edit(item.edit)
            data, report = edit.result(), edit.report()
        except NotFound:
            return _gone(task)
        format = str(open_picture(data).format)
        return Ended(task, report.seconds, data, format, report.model_dump(mode="json"))

    def _delete(self, photo: str) -> None:
        with suppress(MienError):
            self.mien.delete_photo(photo)


def _gone(task: Task) -> Ended:
    return Ended(task, None, code="not_found", message="it is no longer on the server")
