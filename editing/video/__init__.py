"""Faces in moving pictures: reading and writing clips, following faces, editing each of them."""

from __future__ import annotations

from pathlib import Path

WRITTEN = (".mp4", ".webm")
READ = (*WRITTEN, ".mov", ".m4v", ".mkv", ".avi")


def written_as(suffix: str) -> str:
    """Return the suffix of the result of a video that has this one: WebM stays, all others become MP4."""
    return ".webm" if suffix.lower() == ".webm" else ".mp4"


def is_video(path: Path) -> bool:
    """Return whether the name is that of a video."""
    return path.suffix.lower() in READ
