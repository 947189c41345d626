"""The results of a batch as one ZIP, written while it is sent."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

from django.utils import timezone

from webapp import media
from webapp.batches.models import Batch
from webapp.batches.reports import csv_report, json_report, named_results

CHUNK = 256 * 1024
READABLE = 0o644 << 16


class Pipe:
    """A file that is only written, and emptied as it goes."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Everything is there already."""

    def take(self) -> bytes:
        """Return what was written since the last time."""
        data = b"".join(self.pieces)
        self.pieces.clear()
        return data


def pack_results(batch: Batch) -> Iterator[bytes]:
    """Yield the ZIP: the results in the folders that the files were in, ``report.csv`` and ``report.json``.

    Nothing is packed tighter: pictures are as tight as they get.
    """
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for item, path in named_results(batch):
            if path is not None and item.edit is not None:
                yield from _add(archive, pipe, path, _pieces(item.edit.result))
        yield from _add(archive, pipe, "report.csv", csv_report(batch))
        yield from _add(archive, pipe, "report.json", json_report(batch))
    yield pipe.take()


def _add(
    archive: zipfile.ZipFile, pipe: Pipe, path: str, pieces: Iterator[bytes]
) -> Iterator[bytes]:
    entry = zipfile.ZipInfo(path, timezone.now().timetuple()[:6])
    entry.external_attr = READABLE
    with archive.open(entry, "w", force_zip64=False) as file:
        for piece in pieces:
            file.write(piece)
            yield pipe.take()


def _pieces(name: str) -> Iterator[bytes]:
    try:
        with media.path_of(name).open("rb") as file:
            while piece := file.read(CHUNK):
                yield piece
    except FileNotFoundError:
        return  # deleted since we looked: it is there, and empty
