"""What is refused as a photo: each with its own cause, and nothing but a refusal ever comes out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import Base

from editing.errors import (
    PhotoRefused,
    PhotoTooLarge,
    PhotoTooSmall,
    PhotoUnreadable,
    PhotoUnsupported,
)
from editing.photo import Limits, decode_photo
from tests.conftest import encoded
from tests.editing.pictures import corner_picture, png_with_header


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"", PhotoUnreadable, "empty"),
        (b"Dear reader, this is a text.\n" * 20, PhotoUnreadable, "not a picture"),
        (b"\xff\xd8\xff\xe0" + bytes(40), PhotoUnreadable, "begins as a JPEG"),
        (png_with_header(1, 1), PhotoTooSmall, "1 x 1"),
        (png_with_header(200, 15), PhotoTooSmall, "at least 16"),
        (png_with_header(20_001, 20), PhotoTooLarge, "20,000"),
        (png_with_header(13_000, 12_000), PhotoTooLarge, "120,000,000"),
        (png_with_header(60_000, 60_000), PhotoTooLarge, "too large"),
    ],
    ids=["empty", "text", "head", "1x1", "thin", "wide", "many", "bomb"],
)
def test_each_names_its_cause(data: bytes, error: type[PhotoRefused], words: str) -> None:
    with pytest.raises(error, match=words) as refused:
        decode_photo(data)
    assert refused.value.exit_status == 3


def test_too_many_bytes(astronaut_jpeg: bytes) -> None:
    with pytest.raises(PhotoTooLarge, match="1,000 are allowed"):
        decode_photo(astronaut_jpeg, Limits(max_bytes=1000))


def test_size_is_refused_before_a_pixel_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded(self: Image.Image) -> None:
        pytest.fail("pixels were decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decoded)
    with pytest.raises(PhotoTooLarge):
        decode_photo(png_with_header(13_000, 12_000))


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("progressive", [False, True])
def test_truncated_jpeg(part: float, progressive: bool, astronaut_picture: Image.Image) -> None:
    data = encoded(astronaut_picture, "JPEG", quality=90, progressive=progressive)
    with pytest.raises(PhotoUnreadable, match="cut short"):
        decode_photo(data[: int(len(data) * part)])


@pytest.mark.parametrize("format", ["PNG", "WEBP", "HEIF", "AVIF", "TIFF", "GIF"])
def test_truncated_others(format: str, astronaut_picture: Image.Image) -> None:
    data = encoded(astronaut_picture, format)
    with pytest.raises(PhotoUnreadable):
        decode_photo(data[: len(data) // 2])


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "AVIF", "HEIF", "TIFF"])
def test_several_frames(format: str) -> None:
    other = corner_picture().rotate(180)
    data = encoded(corner_picture(), format, save_all=True, append_images=[other])
    with pytest.raises(PhotoUnsupported, match=r"has 2 (frames|pages)"):
        decode_photo(data)


def test_numbers_that_are_not_colours() -> None:
    data = encoded(Image.fromarray(np.zeros((32, 32), np.float32)), "TIFF")
    with pytest.raises(PhotoUnsupported, match="kind F"):
        decode_photo(data)


def test_a_format_outside_the_list_is_not_parsed() -> None:
    with pytest.raises(PhotoUnreadable, match="not a picture"):
        decode_photo(encoded(corner_picture(), "PPM"))


@given(st.binary(max_size=300))
def test_random_bytes_are_refused_and_nothing_else(data: bytes) -> None:
    with pytest.raises(PhotoRefused):
        decode_photo(data)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIF"])
@given(data=st.data())
def test_a_file_with_wrong_bytes_is_read_or_refused(format: str, data: st.DataObject) -> None:
    exif = Image.Exif()
    exif[Base.Make] = "Kodak"
    options = {} if format in ("GIF", "BMP") else {"exif": exif.tobytes()}
    file = bytearray(encoded(corner_picture(), format, **options))
    for _ in range(data.draw(st.integers(1, 6))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    try:
        photo = decode_photo(bytes(file), Limits(max_pixels=4_000_000))
    except PhotoRefused:
        return
    assert photo.pixels.ndim == 3
