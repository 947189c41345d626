"""The key that signs sessions: made at the first start, kept in the data folder."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def read_secret_key(path: Path) -> str:
    """Return the key kept at ``path``; make one, readable by its owner only, if there is none.

    Web and worker may start at the same moment: the first to link its file wins, both read it.
    """
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text().strip()
