"""What became of each file of a batch, as rows, in pieces: never all of a long batch in memory."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from webapp import media
from webapp.batches.items import COUNTED_AS
from webapp.batches.models import Batch, Item, State

ITEMS_AT_ONCE = 200
COLUMNS = ("file", "status", "error", "message", "seconds", "result", "photo", "edit")
SAME_SUFFIX = {".jpeg": ".jpg", ".jpe": ".jpg", ".jfif": ".jpg", ".tiff": ".tif", ".heif": ".heic"}


def items_of(batch: Batch) -> Iterator[Item]:
    """Yield the items of a batch in their order, read a few at a time."""
    last = 0
    while True:
        rows = Item.objects.filter(batch=batch.pk, id__gt=last).order_by("id")
        some = list(rows.select_related("edit")[:ITEMS_AT_ONCE])
        if not some:
            return
        yield from some
        last = some[-1].pk


def named_results(batch: Batch) -> Iterator[tuple[Item, str | None]]:
    """Yield each item with the path of its result in the results' archive; None if it has none.

    The path is the file's own; where the result has another format, its ending is added.
    """
    taken: set[str] = set()
    for item in items_of(batch):
        yield item, _result_path(item, taken)


def _result_path(item: Item, taken: set[str]) -> str | None:
    if item.state != State.DONE or item.edit is None or not item.edit.result:
        return None
    if not media.path_of(item.edit.result).exists():
        return None
    path = item.path
    suffix, made = PurePosixPath(path).suffix.lower(), PurePosixPath(item.edit.result).suffix
    if SAME_SUFFIX.get(suffix, suffix) != made:
        path += made
    while path in taken:
        path += made
    taken.add(path)
    return path


def rows_of(batch: Batch) -> Iterator[dict[str, Any]]:
    """Yield one row per file. ``error`` is None unless it failed; ``report`` is its last edit's."""
    for item, result in named_results(batch):
        seconds = None
        if item.started_at and item.ended_at:
            seconds = round((item.ended_at - item.started_at).total_seconds(), 3)
        yield {
            "file": item.path,
            "status": COUNTED_AS.get(State(item.state), item.state),
            "error": {"code": item.code, "message": item.message} if item.code else None,
            "seconds": seconds,
            "result": result,
            "photo": str(item.photo_id) if item.photo_id else None,
            "edit": str(item.edit_id) if item.edit_id else None,
            "report": item.edit.report if item.edit and item.state == State.DONE else None,
        }


def json_report(batch: Batch) -> Iterator[bytes]:
    """Yield a JSON list of the rows."""
    before = "["
    for row in rows_of(batch):
        yield f"{before}\n{json.dumps(row)}".encode()
        before = ","
    yield b"[]\n" if before == "[" else b"\n]\n"


def csv_report(batch: Batch) -> Iterator[bytes]:
    """Yield the rows as CSV; ``error`` is the code, and the edit's own report is left out."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    for row in rows_of(batch):
        error = row["error"] or {"code": "", "message": ""}
        told = row | {"error": error["code"], "message": error["message"]}
        lines.writerow([_cell(told[column]) for column in COLUMNS])
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def _cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: file names come from strangers."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return "" if value is None else value
