"""Many photos on their way to the server: a ZIP, a folder made into one, or a list of ids."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import UUID

from mien.client.models import Photo
from mien.client.uploads import Upload, read_upload

Photos = str | os.PathLike[str] | IO[bytes] | Sequence[Photo | UUID | str]


@contextmanager
def open_photos(source: Photos) -> Iterator[tuple[list[str] | None, Upload | None]]:
    """Give the ids, or the ZIP to send; a folder is packed into one beside other temporary files.

    Names that begin with a dot are left out.

    Raises:
        OSError: the path is neither a readable file nor a folder.
    """
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if not path.is_dir():
            yield None, read_upload(path)
            return
        with tempfile.TemporaryFile(prefix="mien-") as packed:
            pack_folder(path, packed)
            packed.seek(0)
            yield None, Upload(f"{path.resolve().name or 'photos'}.zip", packed)
    elif isinstance(source, Sequence):
        yield [one.id if isinstance(one, Photo) else str(one) for one in source], None
    else:
        yield None, read_upload(source, "photos.zip")


def pack_folder(folder: Path, file: IO[bytes]) -> None:
    """Write the files of ``folder`` and of the folders in it as a ZIP; photos do not get smaller."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            hidden = any(part.startswith(".") for part in inside.parts)
            if path.is_file() and not hidden:
                archive.write(path, inside.as_posix())
