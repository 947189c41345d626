"""Which photos a batch has, and where their results go."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from editing.errors import OutputUnwritable
from editing.photo import FORMATS, format_of_path

READ_ONLY = (".gif", ".bmp")  # read, and written as PNG
SUFFIXES = frozenset(READ_ONLY).union(*(written.suffixes for written in FORMATS.values()))


@dataclass(frozen=True, slots=True)
class Task:
    """One photo. ``file`` is its path below the folder, with slashes; size and time tell changes."""

    file: str
    path: Path
    size: int
    mtime_ns: int


def find_tasks(folder: Path, out: Path) -> list[Task]:
    """Return the photos below ``folder``, in the order of their paths.

    Left out are other files, names that begin with a dot, and all that lies in ``out``.
    """
    out = out.resolve()
    tasks = []
    for place, folders, files in os.walk(folder):
        here = Path(place)
        folders[:] = [name for name in folders if name[0] != "." and (here / name).resolve() != out]
        for name in files:
            path = here / name
            if name[0] == "." or path.suffix.lower() not in SUFFIXES or not path.is_file():
                continue
            told = path.stat()
            file = path.relative_to(folder).as_posix()
            tasks.append(Task(file, path, told.st_size, told.st_mtime_ns))
    return sorted(tasks, key=lambda task: task.file)


def name_result(file: str, format: str, names: set[str]) -> str:
    """Return the path of the result: the photo's own; where the format is another, its ending added.

    Args:
        file: the photo's path.
        format: Pillow's name of the result's format.
        names: the paths of all photos, which an added ending must not meet.
    """
    try:
        fits = format_of_path(PurePosixPath(file)) == format
    except OutputUnwritable:
        fits = False
    if fits:
        return file
    suffix = FORMATS[format].suffixes[0]
    result = file + suffix
    while result in names:
        result += suffix
    return result
