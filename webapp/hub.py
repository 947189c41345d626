"""Waking those who wait for news of an edit, a batch or a photo.

A wake-up carries no data: whoever is woken reads the rows. Where it comes from:

- SQLite: one watcher per event loop looks at ``PRAGMA data_version``, which changes when any
  other connection, of any process, has committed.
- Redis: ``nudge`` sends to a group of the channel layer after the commit.
- neither (PostgreSQL alone): nobody calls, so the waits are short.

A wait also ends by itself after ``SAFETY_SECONDS``, so a lost wake-up only costs time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.02
SAFETY_SECONDS = 5.0
BLIND_SECONDS = 0.25
NUDGE_SECONDS = 1.0


def edit_topic(id: UUID) -> str:
    return f"edit.{id}"


def batch_topic(id: UUID) -> str:
    return f"batch.{id}"


def photo_topic(id: UUID) -> str:
    return f"photo.{id}"


def nudge(topic: str) -> None:
    """Wake those who wait for ``topic``. A channel layer that is away fails nothing."""
    if not settings.REDIS_URL:
        return
    try:
        async_to_sync(_send)(topic)
    except Exception as error:
        log.warning("nobody was woken for %s: %s", topic, error)


async def _send(topic: str) -> None:
    layer = get_channel_layer()
    await asyncio.wait_for(layer.group_send(topic, {"type": "nudge"}), NUDGE_SECONDS)


class Waiter:
    """Set when there may be news; wait() forgets that, so read the rows after each wait."""

    def __init__(self, longest: float) -> None:
        self.event = asyncio.Event()
        self.longest = longest

    async def wait(self, seconds: float | None = None) -> None:
        """Return at a wake-up, or after ``seconds`` or the longest safe wait without one."""
        longest = self.longest if seconds is None else min(seconds, self.longest)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.event.wait(), longest)
        self.event.clear()


@contextlib.asynccontextmanager
async def listen(topic: str) -> AsyncIterator[Waiter]:
    """Wait for news of ``topic`` inside the block. Read the rows once after entering it."""
    if settings.REDIS_URL:
        async with _listen_to_layer(topic) as waiter:
            yield waiter
        return
    path = _sqlite_file()
    if path is None:
        yield Waiter(BLIND_SECONDS)
        return
    watcher = _watcher(path)
    waiter = Waiter(SAFETY_SECONDS)
    watcher.add(topic, waiter)
    try:
        yield waiter
    finally:
        watcher.remove(topic, waiter)


@contextlib.asynccontextmanager
async def _listen_to_layer(topic: str) -> AsyncIterator[Waiter]:
    waiter = Waiter(SAFETY_SECONDS)
    task = asyncio.create_task(_follow_layer(topic, waiter))
    try:
        # The first reading of the rows must not come before we are in the group.
        await waiter.wait()
        yield waiter
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _follow_layer(topic: str, waiter: Waiter) -> None:
    """Set the waiter once we are in the group and at each nudge; come back after a lost layer."""
    while True:
        layer: Any = get_channel_layer()
        channel = None
        try:
            channel = await layer.new_channel()
            await layer.group_add(topic, channel)
            while True:
                waiter.event.set()
                await layer.receive(channel)
        except asyncio.CancelledError:
            if channel is not None:
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(layer.group_discard(topic, channel), NUDGE_SECONDS)
            raise
        except Exception as error:
            log.warning("the channel layer is away, looking now and then: %s", error)
            waiter.event.set()
            await asyncio.sleep(1)


def _sqlite_file() -> Path | None:
    """Return the file of an SQLite database; None for another database or one in memory."""
    if connection.vendor != "sqlite":
        return None
    name = str(connection.settings_dict["NAME"])
    return None if name.startswith("file:") or name == ":memory:" else Path(name)


# The logs that are looked at: table, column of what it is the log of, topic.
LOGS = (
    ("edits_editevent", "edit_id", edit_topic),
    ("batches_batchevent", "batch_id", batch_topic),
)


class SqliteWatcher:
    """Looks at one SQLite file while anybody waits."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.waiters: dict[str, set[Waiter]] = defaultdict(set)
        self.task: asyncio.Task[None] | None = None

    def add(self, topic: str, waiter: Waiter) -> None:
        self.waiters[topic].add(waiter)
        if self.task is None or self.task.done():
            self.task = asyncio.get_running_loop().create_task(self.watch())

    def remove(self, topic: str, waiter: Waiter) -> None:
        self.waiters[topic].discard(waiter)
        if not self.waiters[topic]:
            del self.waiters[topic]

    async def watch(self) -> None:
        # The connection must stay open: data_version only tells changes seen by one connection.
        with contextlib.closing(
            sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True)
        ) as database:
            version = None
            last = self._last_events(database)
            self._wake(None)
            while self.waiters:
                seen = database.execute("PRAGMA data_version").fetchone()[0]
                if seen != version:
                    version = seen
                    last = self._wake_changed(database, last)
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    def _last_events(self, database: sqlite3.Connection) -> list[int]:
        return [
            int(database.execute(f"SELECT COALESCE(MAX(id), 0) FROM {log}").fetchone()[0])
            for log, _, _ in LOGS
        ]

    def _wake_changed(self, database: sqlite3.Connection, last: list[int]) -> list[int]:
        """Wake those with new events, and all who wait for a photo, of whom there are few."""
        changed = set()
        newest = list(last)
        for n, (log, owner, topic) in enumerate(LOGS):
            question = f"SELECT id, {owner} FROM {log} WHERE id > ?"
            for id, subject in database.execute(question, (last[n],)):
                changed.add(topic(UUID(subject)))
                newest[n] = max(newest[n], int(id))
        self._wake(
            {topic for topic in self.waiters if topic in changed or topic.startswith("photo.")}
        )
        return newest

    def _wake(self, topics: set[str] | None) -> None:
        for topic, waiters in self.waiters.items():
            if topics is None or topic in topics:
                for waiter in waiters:
                    waiter.event.set()


_watchers: WeakKeyDictionary[asyncio.AbstractEventLoop, SqliteWatcher] = WeakKeyDictionary()


def _watcher(path: Path) -> SqliteWatcher:
    loop = asyncio.get_running_loop()
    watcher = _watchers.get(loop)
    if watcher is None or watcher.path != path:
        watcher = _watchers[loop] = SqliteWatcher(path)
    return watcher
