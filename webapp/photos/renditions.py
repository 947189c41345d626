"""Smaller copies of photos and results for the screen, made when they are first asked for."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path, PurePosixPath

from PIL import Image

from editing.photo import Photo, decode_photo, srgb_pixels
from editing.video import is_video
from editing.video.clip import read_frames
from webapp import media

PICTURE_SIDE = 2048
THUMBNAIL_SIDE = 320
SHOWN_BY_BROWSERS = (".jpg", ".png", ".webp", ".avif")


def rendition(name: str, side: int) -> str:
    """Return the name of a copy of the photo or first picture ``name`` in sRGB, at most ``side`` pixels a side.

    It lies beside the file and is made only once; it is a JPEG, or a WebP where there is alpha.
    """
    source = PurePosixPath(name)
    for suffix in (".jpg", ".webp"):
        made = str(source.with_name(f"{source.stem}-{side}{suffix}"))
        if media.path_of(made).exists():
            return made
    photo = _decoded(name)
    picture = Image.fromarray(srgb_pixels(photo))
    if photo.alpha is not None:
        picture.putalpha(Image.fromarray(photo.alpha))
    picture.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    data = BytesIO()
    if photo.alpha is None:
        picture.save(data, "JPEG", quality=90)
    else:
        picture.save(data, "WEBP", quality=90, method=2)
    suffix = ".jpg" if photo.alpha is None else ".webp"
    made = str(source.with_name(f"{source.stem}-{side}{suffix}"))
    media.write(made, data.getvalue())
    return made


def _decoded(name: str) -> Photo:
    if not is_video(Path(name)):
        return decode_photo(media.read(name))
    first = next(read_frames(media.path_of(name)))
    return Photo(first.pixels, None, None, None, "PNG", "")
