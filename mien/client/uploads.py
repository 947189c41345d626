"""Files on their way to the server: from a path, from bytes, or from an open file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

Source = str | os.PathLike[str] | bytes | bytearray | IO[bytes]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that can be sent more than once."""

    name: str
    source: Path | bytes | IO[bytes]

    @contextmanager
    def open(self) -> Iterator[bytes | IO[bytes]]:
        """Give what httpx sends; it goes back to an open file's beginning by itself."""
        if isinstance(self.source, Path):
            with self.source.open("rb") as file:
                yield file
        else:
            yield self.source


def read_upload(source: Source, name: str | None = None) -> Upload:
    """Return ``source`` as something to send. Of an open file what lies ahead is sent.

    Raises:
        OSError: the path is no readable file.
    """
    if isinstance(source, (bytes, bytearray)):
        return Upload(name or "photo", bytes(source))
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        with path.open("rb"):  # found now, and not in the middle of a request
            return Upload(name or path.name, path)
    told = getattr(source, "name", None)
    name = name or (Path(told).name if isinstance(told, str) else "photo")
    if source.seekable() and source.tell() == 0:
        return Upload(name, source)
    return Upload(name, source.read())
