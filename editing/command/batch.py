"""``batch``: every photo of a folder, into the same tree elsewhere; what failed is named and kept apart."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from editing.command.arguments import ArgumentsInvalid
from editing.command.batch_log import BatchLog, Row, open_log
from editing.command.batch_photos import Task, find_tasks, name_result
from editing.command.batch_report import REPORTS, write_reports
from editing.command.destination import check_destination, write_all
from editing.command.progress_bar import ProgressBar
from editing.command.request import read_arguments
from editing.errors import OutputUnwritable, exit_status_of


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a photo: ``data`` is the file of the result, of ``format``; or None, and why."""

    task: Task
    seconds: float | None
    data: bytes | None = None
    format: str = ""
    report: dict[str, Any] | None = None
    code: str = ""
    message: str = ""


class Editor(Protocol):
    """Edits photos, here or on a server."""

    def edit_all(self, tasks: list[Task], log: BatchLog) -> Iterator[Ended]:
        """Give each photo as it ends, in any order.

        Raises:
            Unavailable: no photo can be edited.
        """


def batch(arguments: Namespace) -> int:
    """Edit the photos on this computer; return the exit status.

    Raises:
        EditingError: as ``run_batch``.
    """
    request = read_arguments(arguments)
    jobs = 1 if arguments.jobs is None else arguments.jobs
    check_jobs(jobs)
    from editing.command.batch_local import LocalEditor

    return run_batch(arguments, request.model_dump(mode="json"), LocalEditor(request, jobs))


def run_batch(arguments: Namespace, asked: dict[str, Any], editor: Editor) -> int:
    """Edit what is missing, changed or failed; return 0, or the status of the worst failure.

    Raises:
        ArgumentsInvalid: no photo is there, or OUT holds another batch.
        OutputUnwritable: OUT cannot be written.
        Unavailable: no photo can be edited.
    """
    folder, out = arguments.folder, arguments.out
    _check_folders(folder, out)
    tasks = find_tasks(folder, out)
    if not tasks:
        raise ArgumentsInvalid(f"there is no photo in {folder}")
    reports = [check_destination(out / name) for name in REPORTS]
    names = {task.file for task in tasks}
    with open_log(out, asked) as log:
        todo = [task for task in tasks if not log.has_done(task, out)]
        try:
            with ProgressBar(len(tasks), len(tasks) - len(todo)) as bar:
                for ended in editor.edit_all(todo, log):
                    row = _keep(ended, out, names)
                    log.append(row)
                    bar.advance(row)
        finally:
            rows = [log.row_of(task) for task in tasks]
            write_reports(reports, rows)
    return _conclude(rows, reports[0].path)


def _keep(ended: Ended, out: Path, names: set[str]) -> Row:
    """Write the result to its place and return the row of the photo."""
    task = ended.task
    row = Row(file=task.file, size=task.size, mtime_ns=task.mtime_ns, seconds=ended.seconds)
    if ended.data is None:
        return row.failed(ended.code, ended.message)
    result = name_result(task.file, ended.format, names)
    path = out / result
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputUnwritable(f"{path.parent} cannot be made: {error.strerror}") from error
    write_all([(check_destination(path), ended.data)])
    return row.done(result, ended.report)


def _conclude(rows: list[Row], report: Path) -> int:
    """Say how it went; return the exit status."""
    failed = [row for row in rows if row.status != "done"]
    sys.stdout.write(f"{len(rows) - len(failed)} of {len(rows)} photos edited: {report}\n")
    if not failed:
        return 0
    first = failed[0]
    sys.stderr.write(
        f"mien: {len(failed)} of {len(rows)} photos failed, the first of them {first.file}: "
        f"{first.message}\n"
    )
    return max(exit_status_of(row.code) for row in failed)


def _check_folders(folder: Path, out: Path) -> None:
    if not folder.is_dir():
        raise ArgumentsInvalid(f"there is no folder {folder}")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputUnwritable(f"{out} cannot be made: {error.strerror}") from error
    if out.resolve() == folder.resolve():
        raise OutputUnwritable("OUT is DIR: the photos themselves would be overwritten")


def check_jobs(jobs: int) -> None:
    """Let a number of jobs pass.

    Raises:
        ArgumentsInvalid: it is less than one.
    """
    if jobs < 1:
        raise ArgumentsInvalid(f"--jobs {jobs}: at least 1 is wanted")
