"""EXIF without what gives a person away: where they were, and pictures inside the picture."""

from __future__ import annotations

from typing import Any

from PIL import Image
from PIL.ExifTags import IFD, Base

# Of the first directory only what describes the photo is kept. An allow-list, because in a TIFF
# this directory also holds the layout of the old file and whole blocks of foreign metadata.
_KEPT = frozenset(
    {
        Base.ImageDescription,
        Base.Make,
        Base.Model,
        Base.XResolution,
        Base.YResolution,
        Base.ResolutionUnit,
        Base.Software,
        Base.DateTime,
        Base.Artist,
        Base.Copyright,
        Base.Rating,
        Base.XPTitle,
        Base.XPComment,
        Base.XPAuthor,
        Base.XPKeywords,
        Base.XPSubject,
    }
)
# MakerNote is undocumented and holds places, serial numbers and face boxes on many cameras.
_DROPPED_DETAILS = frozenset({Base.MakerNote})


def read_orientation(picture: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 where there is none or it cannot be read."""
    try:
        orientation = picture.getexif().get(Base.Orientation, 1)
    except Exception:  # Pillow raises whatever a broken block makes its parser raise.
        return 1
    return orientation if orientation in range(1, 9) else 1


def clean_exif(picture: Image.Image, width: int, height: int) -> bytes | None:
    """Return the EXIF block that may travel on, or None where there is nothing to keep.

    GPS, MakerNote, thumbnail and interoperability directories are left out, the orientation is 1
    and the size is ``width`` x ``height``, the upright one. A block that cannot be read is left
    out whole.
    """
    try:
        source = picture.getexif()
        kept: dict[int, Any] = {tag: value for tag, value in source.items() if tag in _KEPT}
        details = dict(source.get_ifd(IFD.Exif))
        details = {tag: value for tag, value in details.items() if _may_stay(tag, value)}
        return _write(kept, details, width, height) if kept or details else None
    except Exception:  # As above; a value of a wrong type shows only when it is written.
        return None


def _may_stay(tag: int, value: object) -> bool:
    """Return whether a detail may travel on; a nested directory (a dict) never does."""
    return tag not in _DROPPED_DETAILS and not isinstance(value, dict)


def _write(kept: dict[int, Any], details: dict[int, Any], width: int, height: int) -> bytes:
    exif = Image.Exif()
    exif.endian = "<"
    for tag, value in kept.items():
        exif[tag] = value
    exif[Base.Orientation] = 1
    if details:
        for tag, value in ((Base.ExifImageWidth, width), (Base.ExifImageHeight, height)):
            if tag in details:
                details[tag] = value
        details.pop(IFD.Interop, None)
        exif[IFD.Exif] = details
    return exif.tobytes()
