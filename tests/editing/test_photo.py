"""Reading and writing photos: what comes in, what is refused, what is kept, what is dropped."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import PurePath

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image, JpegImagePlugin, TiffImagePlugin
from PIL.ExifTags import GPS, IFD, Base

from editing.errors import (
    OutputUnwritable,
)
from editing.photo import (
    FORMATS,
    Photo,
    decode_photo,
    encode_photo,
    format_of_path,
    output_format,
    srgb_pixels,
)
from tests.conftest import encoded
from tests.editing.pictures import (
    chunk,
    cmyk_profile,
    corner_picture,
    grey_profile,
    png_with_header,
    wide_gamut_profile,
)


class TestOrientation:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP", "HEIF", "AVIF", "JPEG"])
    def test_every_orientation_comes_upright_once(self, orientation: int, format: str) -> None:
        # What a camera that was held differently stores: the inverse of what a viewer will do.
        upright = corner_picture()
        inverse = {
            2: Image.Transpose.FLIP_LEFT_RIGHT,
            3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM,
            5: Image.Transpose.TRANSPOSE,
            6: Image.Transpose.ROTATE_90,
            7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_270,
        }
        stored = upright.transpose(inverse[orientation]) if orientation > 1 else upright
        exif = Image.Exif()
        exif[Base.Orientation] = orientation
        exif[Base.Make] = "Kodak"
        photo = decode_photo(encoded(stored, format, exif=exif.tobytes(), quality=95))
        assert (photo.width, photo.height) == upright.size
        for y, x in ((4, 4), (4, -4), (-4, 4), (-4, -4)):
            difference = photo.pixels[y, x].astype(int) - np.asarray(upright)[y, x]
            assert abs(difference).max() < 30, (y, x)
        again = decode_photo(encode_photo(photo))
        assert (again.width, again.height) == upright.size
        assert Image.open(BytesIO(encode_photo(photo))).getexif().get(Base.Orientation, 1) == 1

    def test_an_orientation_that_does_not_exist_is_upright(self) -> None:
        exif = Image.Exif()
        exif[Base.Orientation] = 9
        photo = decode_photo(encoded(corner_picture(), "PNG", exif=exif.tobytes()))
        assert_array_equal(photo.pixels, np.asarray(corner_picture()))


class TestColour:
    def test_rgb_png_comes_back_byte_identical(self, astronaut_picture: Image.Image) -> None:
        photo = decode_photo(encoded(astronaut_picture, "PNG"))
        assert_array_equal(photo.pixels, np.asarray(astronaut_picture))
        assert photo.alpha is None
        assert photo.icc is None
        assert photo.lossless
        assert_array_equal(decode_photo(encode_photo(photo)).pixels, photo.pixels)

    @pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP", "JPEG", "AVIF", "HEIF"])
    def test_rgb_values_and_their_profile_travel_together(self, format: str) -> None:
        profile = wide_gamut_profile()
        lossless = {"lossless": True} if format == "WEBP" else {}
        data = encoded(corner_picture(), format, icc_profile=profile, **lossless)
        photo = decode_photo(data)
        assert photo.icc == profile
        again = decode_photo(encode_photo(photo))
        assert again.icc == profile
        if photo.lossless:
            assert_array_equal(photo.pixels, np.asarray(corner_picture()))
            assert_array_equal(again.pixels, photo.pixels)

    def test_srgb_pixels_go_through_the_profile(self) -> None:
        plain = decode_photo(encoded(corner_picture(), "PNG"))
        assert srgb_pixels(plain) is plain.pixels
        tagged = decode_photo(encoded(corner_picture(), "PNG", icc_profile=wide_gamut_profile()))
        red, green, _ = srgb_pixels(tagged)[2, 2]
        assert green > 200
        assert red < 50

    def test_cmyk_becomes_srgb(self, astronaut_picture: Image.Image) -> None:
        photo = decode_photo(encoded(astronaut_picture.convert("CMYK"), "JPEG", quality=95))
        assert photo.icc is None
        assert abs(photo.pixels.astype(int) - np.asarray(astronaut_picture)).mean() < 4

    def test_cmyk_goes_through_its_profile(self) -> None:
        picture = Image.new("CMYK", (32, 32), (255, 0, 0, 0))
        photo = decode_photo(encoded(picture, "TIFF", icc_profile=cmyk_profile()))
        assert photo.icc is None
        # Without the profile this is cyan. Lab (50, 80, 0) is about (230, 0, 120) in sRGB.
        red, green, _ = photo.pixels[0, 0]
        assert red > 200
        assert green < 40

    def test_grey_with_its_own_profile_becomes_srgb(self) -> None:
        grey = Image.new("L", (32, 32), 128)
        photo = decode_photo(encoded(grey, "PNG", icc_profile=grey_profile(1.0)))
        assert photo.icc is None
        # Linear 128/255 is 188 in sRGB (IEC 61966-2-1).
        assert abs(int(photo.pixels[0, 0, 0]) - 188) <= 1

    def test_broken_profile_is_ignored_as_viewers_do(self) -> None:
        broken = bytes(16) + b"GRAY" + bytes(200)
        photo = decode_photo(encoded(Image.new("L", (32, 32), 77), "PNG", icc_profile=broken))
        assert_array_equal(photo.pixels, 77)

    @pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
    def test_few_colours(self, mode: str) -> None:
        picture = corner_picture().convert(mode)
        photo = decode_photo(encoded(picture, "PNG"))
        assert photo.pixels.shape == (32, 48, 3)
        assert photo.pixels.dtype == np.uint8
        assert photo.alpha is None
        assert_array_equal(photo.pixels, np.asarray(picture.convert("RGB")))

    @pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
    def test_alpha_is_kept_apart_and_hidden_colours_survive(self, mode: str) -> None:
        picture = corner_picture().convert("LA" if mode == "LA" else "RGBA")
        alpha = np.linspace(0, 255, 32 * 48).reshape(32, 48).astype(np.uint8)
        picture.putalpha(Image.fromarray(alpha))
        if mode == "PA":
            picture = picture.quantize(16).convert("RGBA")
            alpha = np.asarray(picture.getchannel("A"))
            data = encoded(picture.quantize(16), "PNG")
        else:
            data = encoded(picture, "PNG")
        photo = decode_photo(data)
        assert photo.alpha is not None
        if mode != "PA":
            assert_array_equal(photo.alpha, alpha)
        for format in ("PNG", "WEBP", "TIFF"):
            again = decode_photo(encode_photo(photo, format))
            assert_array_equal(again.pixels, photo.pixels)
            assert_array_equal(again.alpha, photo.alpha)

    def test_one_transparent_colour(self) -> None:
        data = encoded(corner_picture(), "PNG", transparency=(250, 0, 0))
        photo = decode_photo(data)
        assert photo.alpha is not None
        assert photo.alpha[0, 0] == 0
        assert photo.alpha[-1, -1] == 255
        assert tuple(photo.pixels[0, 0]) == (250, 0, 0)

    def test_sixteen_bits_of_grey_keep_the_upper_eight(self) -> None:
        values = np.arange(32 * 32, dtype=np.uint16).reshape(32, 32) * 64
        photo = decode_photo(encoded(Image.fromarray(values), "PNG"))
        assert_array_equal(photo.pixels[..., 0], values >> 8)
        assert_array_equal(photo.pixels[..., 0], photo.pixels[..., 2])

    def test_sixteen_bits_of_rgb_keep_the_upper_eight(self) -> None:
        values = np.arange(32 * 32 * 3, dtype=np.uint16).reshape(32, 32, 3) * 21
        rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
        png = png_with_header(32, 32)
        header = struct.pack(">IIBBBBB", 32, 32, 16, 2, 0, 0, 0)
        data = png[:8] + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows))
        photo = decode_photo(data + chunk(b"IEND", b""))
        assert_array_equal(photo.pixels, values >> 8)

    def test_progressive_jpeg(self, astronaut_picture: Image.Image) -> None:
        plain = encoded(astronaut_picture, "JPEG", quality=95)
        progressive = encoded(astronaut_picture, "JPEG", quality=95, progressive=True)
        assert_array_equal(decode_photo(progressive).pixels, decode_photo(plain).pixels)

    @pytest.mark.parametrize("format", ["HEIF", "AVIF", "WEBP", "TIFF", "BMP", "GIF"])
    def test_formats_are_read(self, format: str, astronaut_picture: Image.Image) -> None:
        photo = decode_photo(encoded(astronaut_picture, format))
        assert photo.format == format
        difference = abs(photo.pixels.astype(int) - np.asarray(astronaut_picture)).mean()
        assert difference < (12 if format == "GIF" else 6)

    def test_a_jpeg_of_several_views_is_its_first(self, astronaut_picture: Image.Image) -> None:
        data = encoded(astronaut_picture, "MPO", save_all=True, append_images=[corner_picture()])
        photo = decode_photo(data)
        assert photo.format == "JPEG"
        assert photo.width == 512


class TestExif:
    def camera_file(self, format: str) -> bytes:
        exif = Image.Exif()
        exif[Base.Make] = "Leica"
        exif[Base.Copyright] = "Ada"
        exif[Base.ImageDescription] = "A garden"
        exif[Base.XMLPacket] = b"<x:secret/>"
        exif[IFD.Exif] = {
            Base.DateTimeOriginal: "2026:01:02 03:04:05",
            Base.FNumber: TiffImagePlugin.IFDRational(28, 10),
            Base.MakerNote: b"SECRET-SERIAL" * 3,
            Base.ExifImageWidth: 9999,
        }
        exif[IFD.GPSInfo] = {GPS.GPSLatitudeRef: "N", GPS.GPSMapDatum: "SECRET-PLACE"}
        thumbnail = encoded(corner_picture(32, 32), "JPEG")
        return encoded(
            corner_picture(), format, exif=exif.tobytes(), comment=thumbnail, xmp=b"<x:SECRET/>"
        )

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF"])
    def test_place_and_maker_note_go_and_the_rest_stays(self, format: str) -> None:
        data = self.camera_file(format)
        assert b"SECRET-PLACE" in data  # The test is about something that was there.
        written = encode_photo(decode_photo(data))
        assert b"SECRET" not in written
        exif = Image.open(BytesIO(written)).getexif()
        assert exif[Base.Make] == "Leica"
        assert exif[Base.Copyright] == "Ada"
        assert IFD.GPSInfo not in exif
        details = exif.get_ifd(IFD.Exif)
        assert details[Base.DateTimeOriginal] == "2026:01:02 03:04:05"
        assert float(details[Base.FNumber]) == 2.8
        assert details[Base.ExifImageWidth] == 48
        assert Base.MakerNote not in details

    def test_the_thumbnail_goes(self) -> None:
        # A second directory with a JPEG inside, as cameras write it; Pillow itself writes none.
        thumbnail = encoded(Image.new("RGB", (16, 16), "red"), "JPEG")
        first = struct.pack("<HHHII", 1, Base.Orientation, 3, 1, 1) + struct.pack("<I", 26)
        second = struct.pack("<HHHII", 2, 0x201, 4, 1, 56) + struct.pack(
            "<HHIII", 0x202, 4, 1, len(thumbnail), 0
        )
        block = b"Exif\0\0II*\0" + struct.pack("<I", 8) + first + second + thumbnail
        data = encoded(corner_picture(), "JPEG", exif=block)
        assert data.count(b"\xff\xd8\xff") == 2
        assert Image.open(BytesIO(data)).getexif().get_ifd(IFD.IFD1)
        assert encode_photo(decode_photo(data)).count(b"\xff\xd8\xff") == 1

    @pytest.mark.parametrize("block", [b"Exif\0\0" + bytes(40), b"Exif\0\0II*\0\xff\xff\xff\xff"])
    def test_a_broken_block_is_left_out(self, block: bytes) -> None:
        assert decode_photo(encoded(corner_picture(), "JPEG", exif=block)).exif is None


class TestEncode:
    @pytest.mark.parametrize("format", list(FORMATS))
    def test_written_formats_read_back_and_repeat(
        self, format: str, astronaut_photo: Photo
    ) -> None:
        data = encode_photo(astronaut_photo, format, xmp=b"<x:xmpmeta/>")
        assert data == encode_photo(astronaut_photo, format, xmp=b"<x:xmpmeta/>")
        assert b"<x:xmpmeta/>" in data
        again = decode_photo(data)
        assert again.format == format
        error = (again.pixels.astype(float) - astronaut_photo.pixels) ** 2
        decibel = 10 * np.log10(255**2 / max(error.mean(), 1e-9))
        # WebP of a lossless source is lossless; JPEG, AVIF and HEIF at quality 95 are close.
        assert decibel > (90 if format in ("PNG", "TIFF", "WEBP") else 36), decibel

    def test_jpeg_has_colour_in_every_pixel(self, astronaut_photo: Photo) -> None:
        written = Image.open(BytesIO(encode_photo(astronaut_photo, "JPEG")))
        assert JpegImagePlugin.get_sampling(written) == 0

    def test_formats_that_cannot_be_written_become_png(self) -> None:
        photo = decode_photo(encoded(corner_picture(), "GIF"))
        assert output_format(photo).name == "PNG"
        assert encode_photo(photo).startswith(b"\x89PNG")

    def test_a_lossy_webp_stays_lossy(self, astronaut_picture: Image.Image) -> None:
        photo = decode_photo(encoded(astronaut_picture, "WEBP", quality=80))
        assert not photo.lossless
        assert len(encode_photo(photo)) < len(encode_photo(replace(photo, lossless=True)))

    def test_transparency_is_not_written_as_jpeg(self, astronaut_photo: Photo) -> None:
        opaque = replace(astronaut_photo, alpha=np.full((512, 512), 255, np.uint8))
        assert encode_photo(opaque, "JPEG").startswith(b"\xff\xd8")
        with pytest.raises(OutputUnwritable, match="choose PNG or WebP"):
            encode_photo(replace(opaque, alpha=np.full((512, 512), 254, np.uint8)), "JPEG")

    def test_unknown_format(self, astronaut_photo: Photo) -> None:
        with pytest.raises(OutputUnwritable, match="'GIF' cannot be written; JPEG, PNG"):
            encode_photo(astronaut_photo, "GIF")

    def test_too_wide_for_webp(self, astronaut_photo: Photo) -> None:
        wide = replace(astronaut_photo, pixels=np.zeros((16, 17_000, 3), np.uint8))
        with pytest.raises(OutputUnwritable, match="17000 x 16 pixels cannot be written as WEBP"):
            encode_photo(wide, "WEBP")

    def test_format_of_path(self) -> None:
        assert format_of_path(PurePath("a/b.JPG")) == "JPEG"
        assert format_of_path(PurePath("a/b.heif")) == "HEIF"
        with pytest.raises(OutputUnwritable, match=r"'b.gif' does not end in"):
            format_of_path(PurePath("a/b.gif"))
