"""``edit`` of a video: the same flags; what is done already is kept beside OUT until all of it is."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from argparse import Namespace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from editing.command.arguments import ArgumentsInvalid
from editing.command.destination import check_destination, write_all
from editing.command.edit import find_signer, note
from editing.command.source import open_models
from editing.errors import OutputUnwritable
from editing.report import VideoReport
from editing.request import EditRequest
from editing.video.request import check_video_request
from mien.client.models import VideoReport as ToldReport


def edit_clip(arguments: Namespace, request: EditRequest) -> None:
    """De-identify the video. Stopped and run again with the same arguments, it goes on.

    Raises:
        EditingError: as ``edit_video``, or a destination that cannot be written.
    """
    from editing.video.edit import check_written, edit_video

    out: Path = arguments.out
    if arguments.mask is not None:
        raise ArgumentsInvalid("--mask is for photos: in a video faces move")
    check_video_request(request)
    check_written(out)
    place = check_destination(out)
    told = check_destination(arguments.report) if arguments.report else None
    if place.path == arguments.photo.resolve():
        raise OutputUnwritable(f"{out} is read by this edit: name another file")
    pieces = place.path.with_name(f".{place.path.name}.pieces")
    with tempfile.TemporaryDirectory(dir=place.path.parent, prefix=".mien-") as folder:
        made = Path(folder) / f"joined{out.suffix.lower()}"
        with _Bar() as bar:
            report = edit_video(arguments.photo, made, request, open_models(), pieces, bar.tell)
        tell_video(report)
        data = _signed(made.read_bytes(), out.suffix.lower(), report)
        files = [(place, data)]
        if told is not None:
            files.append((told, report.model_dump_json(indent=2).encode() + b"\n"))
        write_all(files)
    shutil.rmtree(pieces, ignore_errors=True)


def tell_video(report: VideoReport | ToldReport) -> None:
    """Say what the report of a video has to say to people; a server's is the client's own kind."""
    for sentence in report.notes:
        note(sentence)
    guessed = sum(person.guessed for person in report.faces)
    if guessed:
        note(f"in {guessed} places nobody saw the face, and what was between is blurred")


def _signed(data: bytes, suffix: str, report: VideoReport) -> bytes:
    signer = find_signer()
    if signer is None:
        return data
    from editing.video.signature import sign_clip

    signed, refused = sign_clip(data, suffix, report, signer)
    if refused is not None:
        note(f"the result is not signed: {refused}")
    return signed


class _Bar:
    """A bar on stderr where somebody watches."""

    def __init__(self) -> None:
        self._bar = Progress(
            BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True), transient=True,
            disable=not os.isatty(sys.stderr.fileno()),
        )  # fmt: skip
        self._task = self._bar.add_task("", total=1.0)

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def tell(
        self, fraction: float, note: str = "", preview: NDArray[np.uint8] | None = None
    ) -> None:
        self._bar.update(self._task, completed=fraction, description=note)
