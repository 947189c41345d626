"""Files of photos and edits: written whole or not at all, in one folder per photo."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from django.conf import settings


def folder_of(photo: UUID) -> str:
    """Return the folder of everything that belongs to a photo, relative to the media root."""
    return f"photos/{photo.hex[:2]}/{photo}"


def path_of(name: str) -> Path:
    """Return where the file of that name lies."""
    return Path(settings.MEDIA_ROOT) / name


def read(name: str) -> bytes:
    """Return the bytes of a file."""
    return path_of(name).read_bytes()


def write(name: str, data: bytes) -> None:
    """Write a file: it appears complete under its name, or not at all."""
    write_chunks(name, (data,))


def write_chunks(name: str, chunks: Iterable[bytes]) -> None:
    """Write a file piece by piece: it appears complete under its name, or not at all."""
    path = path_of(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
        os.replace(fresh, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(fresh)
        raise


def delete(name: str) -> None:
    """Delete a file that may be gone already."""
    path_of(name).unlink(missing_ok=True)


def delete_folder(name: str) -> None:
    """Delete a folder with all that is in it, if it is there."""
    shutil.rmtree(path_of(name), ignore_errors=True)
