"""Videos among the photos: told apart by their first bytes, and what is known of one."""

from __future__ import annotations

from pathlib import Path

from editing.errors import VideoTooLarge, VideoUnreadable
from editing.video.clip import Clip, open_clip

# Brands of ISO base media files that are pictures, not videos.
_STILL = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")


def video_suffix(data: bytes) -> str | None:
    """Return the suffix of the kind of video that the bytes begin like; None where they are none."""
    if data[4:8] == b"ftyp" and data[8:12] not in _STILL:
        return ".mov" if data[8:12] == b"qt  " else ".mp4"
    if data[:4] == b"\x1aE\xdf\xa3":
        return ".webm" if b"webm" in data[:64] else ".mkv"
    if data[:4] == b"RIFF" and data[8:12] == b"AVI ":
        return ".avi"
    return None


def look_at_video(path: Path) -> Clip:
    """Return what the video is.

    Raises:
        VideoUnreadable, VideoTooLarge: it cannot be worked on; says why, and not where it lies.
    """
    try:
        return open_clip(path)
    except (VideoUnreadable, VideoTooLarge) as error:
        raise type(error)(str(error).removeprefix(f"{path}: ")) from None
