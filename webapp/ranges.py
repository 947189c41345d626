"""The ``Range`` header (RFC 9110, section 14): one part of a file's bytes."""

from __future__ import annotations

import re

from webapp.errors import RangeNotSatisfiable

ONE_RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.ASCII)
LONGEST = 60


def read_range(header: str, size: int) -> range | None:
    """Return the asked-for positions of a file of ``size`` bytes.

    None where the whole file is to be sent: another unit, several ranges, or no range at all.

    Raises:
        RangeNotSatisfiable: the range starts behind the end of the file.
    """
    found = ONE_RANGE.fullmatch(header) if len(header) <= LONGEST else None
    if found is None:
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:
        wanted = range(max(0, size - int(last)), size)  # the last so many bytes
    elif last and int(last) < int(first):
        return None
    else:
        wanted = range(int(first), min(int(last) + 1, size) if last else size)
    if not wanted:
        raise RangeNotSatisfiable(size)
    return wanted
