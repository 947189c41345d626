"""A bar on stderr where somebody watches; nothing where nobody does."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from editing.command.batch_log import Row


class ProgressBar:
    """Photos that have ended, of all; those of an earlier run count as ended."""

    def __init__(self, total: int, ended: int) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            BarColumn(),
            MofNCompleteColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[failed]}", style="red", markup=False),
            console=console,
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._failed = 0
        self._task = self._progress.add_task("", total=total, completed=ended, failed="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def advance(self, row: Row) -> None:
        """Count one more photo; say above the bar which failed and why."""
        if row.status == "failed":
            self._failed += 1
            if not self._progress.disable:
                self._progress.console.print(
                    f"{row.file}: {row.message}", style="red", markup=False, highlight=False
                )
        failed = f"{self._failed} failed" if self._failed else ""
        self._progress.update(self._task, advance=1, failed=failed)
