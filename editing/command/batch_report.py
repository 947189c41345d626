"""What became of each photo of a batch, as a table: the columns are those of a batch's on a server."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from editing.command.batch_log import Row
from editing.command.destination import Destination, write_all

REPORTS = ("report.csv", "report.json")
COLUMNS = ("file", "status", "error", "message", "seconds", "result")


def write_reports(destinations: Sequence[Destination], rows: Sequence[Row]) -> None:
    """Write ``report.csv`` and ``report.json``.

    Raises:
        OutputUnwritable: one cannot be written.
    """
    write_all(list(zip(destinations, (to_csv(rows), to_json(rows)), strict=True)))


def to_csv(rows: Sequence[Row]) -> bytes:
    """Return a line per photo; ``error`` is the code of what went wrong."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    for row in rows:
        cells = (row.file, row.status, row.code, row.message, row.seconds, row.result)
        lines.writerow([_cell(value) for value in cells])
    return text.getvalue().encode()


def to_json(rows: Sequence[Row]) -> bytes:
    """Return a list of rows, each with the report of its edit."""
    told = [
        {
            "file": row.file,
            "status": row.status,
            "error": {"code": row.code, "message": row.message} if row.code else None,
            "seconds": row.seconds,
            "result": row.result,
            "report": row.report,
        }
        for row in rows
    ]
    return json.dumps(told, indent=1).encode() + b"\n"


def _cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return "" if value is None else value
