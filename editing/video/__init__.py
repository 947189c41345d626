"""Faces in moving pictures: reading and writing clips, following faces, editing each of them."""

from __future__ import annotations

from pathlib import Path

WRITTEN = (".mp4", ".webm")
READ = (*WRITTEN, ".mov", ".m4v", ".mkv", ".avi")


def is_video(path: Path) -> bool:
    """Return whether the name is that of a video."""
    return path.suffix.lower() in READ
