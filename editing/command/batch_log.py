"""What became of the photos of a batch so far: a file in OUT to which only lines are added.

So that a batch which was killed goes on where it was: every line that is whole counts, a line that
was cut short does not.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from editing.command.arguments import ArgumentsInvalid
from editing.command.batch_photos import Task
from editing.errors import OutputUnwritable

NAME = ".mien-batch.jsonl"


class Row(BaseModel):
    """What became of a photo. ``size`` and ``mtime_ns`` are the source's; ``result`` is below OUT."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["row"] = "row"
    file: str
    size: int = 0
    mtime_ns: int = 0
    status: Literal["queued", "done", "failed", "lost"] = "queued"
    code: str = ""
    message: str = ""
    seconds: float | None = None
    result: str | None = None
    report: dict[str, Any] | None = None

    def done(self, result: str, report: dict[str, Any] | None) -> Self:
        return self.model_copy(update={"status": "done", "result": result, "report": report})

    def failed(self, code: str, message: str) -> Self:
        return self.model_copy(update={"status": "failed", "code": code, "message": message})


class SentPhoto(BaseModel):
    """A photo on a server: its id there, and what it was here."""

    model_config = ConfigDict(frozen=True)

    id: str
    file: str
    size: int
    mtime_ns: int

    def is_of(self, task: Task) -> bool:
        """Return whether the photo is still the one that was sent."""
        return (self.size, self.mtime_ns) == (task.size, task.mtime_ns)


class Sent(BaseModel):
    """A batch on a server, and the photos that were sent for it. ``ended`` closes it."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["sent"] = "sent"
    server: str
    batch: str
    photos: list[SentPhoto]
    ended: bool = False


class BatchLog:
    """The log of one OUT, open for lines to be added."""

    def __init__(self, file: IO[bytes], run: str, lines: list[Row | Sent]) -> None:
        self.run = run
        self._file = file
        self._rows: dict[str, Row] = {}
        self._attempts: dict[str, int] = {}
        self._sent: dict[str, Sent] = {}
        for line in lines:
            self._remember(line)

    def has_done(self, task: Task, out: Path) -> bool:
        """Return whether the photo, as it is now, has its result."""
        row = self._rows.get(task.file)
        return (
            row is not None
            and row.status == "done"
            and (row.size, row.mtime_ns) == (task.size, task.mtime_ns)
            and row.result is not None
            and (out / row.result).is_file()
        )

    def row_of(self, task: Task) -> Row:
        """Return the last row of a photo."""
        return self._rows.get(task.file) or Row(file=task.file)

    def sent_to(self, server: str) -> list[Sent]:
        """Return the batches on ``server`` that have not been fetched."""
        return [sent for sent in self._sent.values() if sent.server == server and not sent.ended]

    def key_of(self, task: Task) -> str:
        """Return the idempotency key of sending this photo, as it is now, this time.

        The same after the process was killed, another once anything became of it.
        """
        told = f"{self.run} {task.file} {task.size} {task.mtime_ns} {self._attempts.get(task.file)}"
        return hashlib.sha256(told.encode()).hexdigest()

    def append(self, line: Row | Sent) -> None:
        """Add a line, on disk before anything goes on.

        Raises:
            OutputUnwritable: it cannot be written, such as on a full disk.
        """
        try:
            self._file.write(line.model_dump_json().encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OutputUnwritable(f"writing failed: {error.strerror or error}") from error
        self._remember(line)

    def _remember(self, line: Row | Sent) -> None:
        if isinstance(line, Sent):
            self._sent[line.batch] = line
            return
        self._rows[line.file] = line
        self._attempts[line.file] = self._attempts.get(line.file, 0) + 1


@contextmanager
def open_log(out: Path, asked: dict[str, Any]) -> Iterator[BatchLog]:
    """Give the log of ``out``, made where there is none.

    Raises:
        ArgumentsInvalid: what was asked for there is something else.
        OutputUnwritable: it cannot be read or written.
    """
    path = out / NAME
    asked = {name: value for name, value in asked.items() if value is not None}
    try:
        with path.open("a+b") as file:
            file.seek(0)
            whole, _, cut = file.read().rpartition(b"\n")
            if cut:
                file.truncate(len(whole) + 1 if whole else 0)
            head, lines = _read(whole, path)
            if head is None:
                head = {"kind": "batch", "asked": asked, "run": secrets.token_hex(16)}
                file.write(json.dumps(head).encode() + b"\n")
            elif head.get("asked") != asked:
                raise ArgumentsInvalid(
                    f"{out} holds the results of another request ({json.dumps(head.get('asked'))}): "
                    "choose another OUT"
                )
            yield BatchLog(file, str(head["run"]), lines)
    except OSError as error:
        raise OutputUnwritable(f"{path}: {error.strerror or error}") from error


def _read(data: bytes, path: Path) -> tuple[dict[str, Any] | None, list[Row | Sent]]:
    """Return the head and the lines after it."""
    if not data:
        return None, []
    try:
        head, *lines = (json.loads(line) for line in data.splitlines())
        kinds: dict[str, type[Row] | type[Sent]] = {"row": Row, "sent": Sent}
        return head, [kinds[line["kind"]].model_validate(line) for line in lines]
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise OutputUnwritable(
            f"{path} is not the log of a batch: delete it to begin anew"
        ) from error
