"""A file to be written: found writable before the work starts, replaced only by a whole one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from editing.errors import OutputUnwritable


@dataclass(frozen=True, slots=True)
class Destination:
    """A path that could be written when it was checked."""

    path: Path


def check_destination(path: Path) -> Destination:
    """Return the destination at ``path``, links followed.

    Raises:
        OutputUnwritable: its folder is missing or closed, or it is a folder or a protected file.
    """
    try:
        path = path.resolve()
        if path.is_dir():
            raise OutputUnwritable(f"{path} is a folder")
        if path.exists() and not path.is_file():
            raise OutputUnwritable(f"{path} is not a file")
        if path.exists() and not os.access(path, os.W_OK):
            raise OutputUnwritable(f"{path} is protected against writing")
        if not path.parent.is_dir():
            raise OutputUnwritable(f"there is no folder {path.parent}")
        # Whether a folder can be written (read-only disks, quotas) only writing tells.
        descriptor, trial = tempfile.mkstemp(prefix=f".{path.name[:80]}.", dir=path.parent)
        os.close(descriptor)
        Path(trial).unlink()
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputUnwritable(f"{path} cannot be written: {reason}") from error
    return Destination(path)


def write_all(files: Sequence[tuple[Destination, bytes]]) -> None:
    """Write every file beside its place, then move them there: all of them, or on failure none.

    Raises:
        OutputUnwritable: a file could not be written, such as on a full disk.
    """
    written: list[tuple[Path, Path]] = []
    try:
        for destination, data in files:
            written.append((_write_beside(destination.path, data), destination.path))
        for made, path in written:
            made.replace(path)
    except OSError as error:
        raise OutputUnwritable(f"writing failed: {error.strerror or error}") from error
    finally:
        for made, _ in written:
            made.unlink(missing_ok=True)


def _write_beside(path: Path, data: bytes) -> Path:
    """Write ``data`` to a file beside ``path``, with the rights that ``path`` has or would have."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:80]}.", dir=path.parent)
    made = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        made.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
    except BaseException:
        made.unlink(missing_ok=True)
        raise
    return made


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
