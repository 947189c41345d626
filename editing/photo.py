"""A photo in memory: how it is read from a file and written back."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from typing import Any

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image, ImageCms, PngImagePlugin
from PIL.ExifTags import Base

from editing.errors import (
    OutputUnwritable,
    PhotoTooLarge,
    PhotoTooSmall,
    PhotoUnreadable,
    PhotoUnsupported,
)
from editing.exif import clean_exif, read_orientation

pillow_heif.register_heif_opener()
# Pillow warns from half of its own limit on; Limits decides here, on every photo.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

READ_FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "GIF", "TIFF", "BMP")
LOSSY_QUALITY = 95

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_COLOUR = frozenset({"RGB", "RGBA", "RGBX", "RGBa", "P", "PA", "YCbCr"})
_GREY = frozenset({"1", "L", "LA", "La", "I;16", "I;16B", "I;16L", "I;16N"})
_WITH_ALPHA = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before decoding. ``max_side`` and ``min_side`` are pixels.

    Pillow itself refuses 178,956,970 pixels and more, whatever ``max_pixels`` says.
    """

    max_bytes: int = 100 * 1024 * 1024
    max_pixels: int = 120_000_000
    max_side: int = 20_000
    min_side: int = 16


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded photo.

    ``pixels`` is uint8 (H, W, 3), RGB, upright: EXIF orientation has been applied once. They are
    in the RGB space of ``icc``, the source file's profile, and in sRGB where ``icc`` is None;
    ``srgb_pixels`` shows them without a profile. ``alpha`` is uint8 (H, W) or None. ``exif`` is
    the source's EXIF block without GPS, MakerNote and thumbnail, its orientation 1. ``format`` is
    Pillow's name of the source file's format, ``lossless`` whether that file stored its pixels
    without loss, ``sha256`` the digest of the file, in hex.
    """

    pixels: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None
    icc: bytes | None
    exif: bytes | None
    format: str
    sha256: str
    lossless: bool = False

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format that can be written. ``name`` is Pillow's, the first suffix is the usual one."""

    name: str
    media_type: str
    suffixes: tuple[str, ...]
    has_alpha: bool
    options: dict[str, Any]

    @property
    def lossy(self) -> bool:
        """Whether pixels come back from the file only nearly as they were."""
        return "quality" in self.options


FORMATS = {
    written.name: written
    for written in (
        # 4:4:4, so that a fine red edge beside the edit does not bleed.
        FileFormat("JPEG", "image/jpeg", (".jpg", ".jpeg"), False,
                   {"quality": LOSSY_QUALITY, "subsampling": 0}),
        # Level 3 takes less than half the time of the default (6); files grow by a tenth.
        FileFormat("PNG", "image/png", (".png",), True, {"compress_level": 3}),
        FileFormat("WEBP", "image/webp", (".webp",), True, {"quality": LOSSY_QUALITY}),
        FileFormat("AVIF", "image/avif", (".avif",), True,
                   {"quality": LOSSY_QUALITY, "subsampling": "4:4:4", "speed": 8}),
        # A sixth of the time of the default (slow); files grow by a tenth, the error does not.
        FileFormat("HEIF", "image/heic", (".heic", ".heif"), True,
                   {"quality": LOSSY_QUALITY, "enc_params": {"preset": "ultrafast"}}),
        # Not compressed: libtiff, which would do it, loses the EXIF directory.
        FileFormat("TIFF", "image/tiff", (".tif", ".tiff"), True, {}),
    )
}  # fmt: skip


def decode_photo(data: bytes, limits: Limits = Limits()) -> Photo:
    """Return the photo in a file's bytes.

    Limits are checked on the file's header, before any pixel is decoded. Of 16 bits the upper 8
    are kept. CMYK, and grey with a profile of its own, become sRGB; every other colour keeps its
    values and its profile.

    Raises:
        PhotoTooLarge: more bytes, pixels or pixels a side than ``limits`` allow.
        PhotoTooSmall: a side is shorter than ``limits.min_side``.
        PhotoUnreadable: empty, not a picture, damaged or cut short; says which.
        PhotoUnsupported: several frames or pages, or pixels that are not light and colour.
    """
    if not data:
        raise PhotoUnreadable("the file is empty")
    if len(data) > limits.max_bytes:
        raise PhotoTooLarge(f"the file has {len(data):,} bytes; {limits.max_bytes:,} are allowed")
    picture = open_picture(data)
    _check_size(picture.width, picture.height, limits)
    _check_kind(picture)
    try:
        picture.load()
    except MemoryError:
        raise
    except Exception as error:  # Decoders of untrusted bytes raise whatever they meet.
        raise PhotoUnreadable(_why_undecoded(picture, error)) from error
    pixels, alpha, icc = _to_rgb(picture)
    upright = _UPRIGHT.get(read_orientation(picture))
    if upright is not None:
        pixels = pixels.transpose(upright)
        alpha = alpha.transpose(upright) if alpha is not None else None
    return Photo(
        pixels=np.array(pixels, np.uint8),
        alpha=np.array(alpha, np.uint8) if alpha is not None else None,
        icc=icc,
        exif=clean_exif(picture, *pixels.size),
        format="JPEG" if picture.format == "MPO" else str(picture.format),
        sha256=hashlib.sha256(data).hexdigest(),
        lossless=_is_lossless(picture, data),
    )


def encode_photo(
    photo: Photo,
    format: str | None = None,
    xmp: bytes | None = None,
    dots_per_inch: int | None = None,
) -> bytes:
    """Return the bytes of a file with the photo, its ICC profile and its EXIF, and ``xmp``.

    Without ``format`` it is the source's own, PNG where that cannot be written (GIF, BMP).
    PNG and TIFF are lossless, WebP where the source was; the others have quality 95. The same
    photo gives the same bytes.

    Raises:
        OutputUnwritable: the format is not known, has no transparency while the photo is partly
            transparent, or cannot hold a photo of this size.
    """
    written = output_format(photo, format)
    options = dict(written.options)
    if written.name == "WEBP" and photo.lossless:
        # For a lossless WebP, quality is the effort; exact keeps colours under transparency.
        options = {"lossless": True, "quality": 50, "exact": True}
    out = BytesIO()
    options |= _metadata(photo, written, xmp)
    if dots_per_inch is not None:
        options["dpi"] = (dots_per_inch, dots_per_inch)  # of JPEG, PNG and TIFF; others ignore it
    try:
        _as_picture(photo, written).save(out, written.name, **options)
    except (OSError, ValueError, RuntimeError) as error:
        size = f"{photo.width} x {photo.height}"
        told = f"a photo of {size} pixels cannot be written as {written.name}: {error}"
        raise OutputUnwritable(told) from error
    return out.getvalue()


def output_format(photo: Photo, format: str | None = None) -> FileFormat:
    """Return the format that ``encode_photo`` writes: the one asked for, or the source's, or PNG.

    Raises:
        OutputUnwritable: the format asked for cannot be written; names those that can.
    """
    if format is None:
        return FORMATS.get(photo.format, FORMATS["PNG"])
    if format not in FORMATS:
        raise OutputUnwritable(f"{format!r} cannot be written; {', '.join(FORMATS)} can")
    return FORMATS[format]


def format_of_path(path: PurePath) -> str:
    """Return the name of the format that the path's suffix stands for.

    Raises:
        OutputUnwritable: it stands for none that can be written; names the suffixes that do.
    """
    suffix = path.suffix.lower()
    for written in FORMATS.values():
        if suffix in written.suffixes:
            return written.name
    known = ", ".join(written.suffixes[0] for written in FORMATS.values())
    raise OutputUnwritable(f"{path.name!r} does not end in a format that can be written: {known}")


def srgb_pixels(photo: Photo) -> NDArray[np.uint8]:
    """Return uint8 (H, W, 3) in sRGB: what to show where no ICC profile can be sent along."""
    if photo.icc is None:
        return photo.pixels
    converted = _convert(Image.fromarray(photo.pixels), photo.icc)
    return photo.pixels if converted is None else np.array(converted, np.uint8)


def open_picture(data: bytes) -> Image.Image:
    """Return the picture with its header read and no pixel decoded.

    Raises:
        PhotoTooLarge: Pillow itself refuses so many pixels.
        PhotoUnreadable: it is no picture, or its header is damaged.
    """
    try:
        return Image.open(BytesIO(data), formats=READ_FORMATS)
    except Image.DecompressionBombError as error:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise PhotoTooLarge(f"the picture is too large: more than {limit:,} pixels") from error
    except MemoryError:
        raise
    except Exception as error:  # As with decoding: the parsers of headers raise many things.
        raise PhotoUnreadable(_why_unopened(data)) from error


def _why_unopened(data: bytes) -> str:
    known = {
        "JPEG": data[:3] == b"\xff\xd8\xff",
        "PNG": data[:8] == b"\x89PNG\r\n\x1a\n",
        "GIF": data[:6] in (b"GIF87a", b"GIF89a"),
        "WebP": data[:4] == b"RIFF" and data[8:12] == b"WEBP",
        "HEIC or AVIF": data[4:8] == b"ftyp",
        "TIFF": data[:4] in (b"II*\0", b"MM\0*"),
        "BMP": data[:2] == b"BM",
    }
    for name, begins in known.items():
        if begins:
            return f"the file begins as a {name} but is damaged or cut short"
    return (
        "the file is not a picture that can be read (JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP)"
    )


def _why_undecoded(picture: Image.Image, error: Exception) -> str:
    if "truncated" in str(error):
        return f"the {picture.format} is cut short: its last part is missing"
    return f"the {picture.format} is damaged: its pixels cannot be decoded"


def _check_size(width: int, height: int, limits: Limits) -> None:
    size = f"the picture is {width} x {height} pixels"
    if max(width, height) > limits.max_side:
        raise PhotoTooLarge(f"{size}; a side may have {limits.max_side:,}")
    if width * height > limits.max_pixels:
        raise PhotoTooLarge(f"{size}; {limits.max_pixels:,} in all are allowed")
    if min(width, height) < limits.min_side:
        raise PhotoTooSmall(f"{size}; each side needs at least {limits.min_side}")


def _check_kind(picture: Image.Image) -> None:
    """Refuse what is not one picture of light and colour."""
    try:
        frames = int(getattr(picture, "n_frames", 1))
    except Exception as error:  # Counting a GIF's or a TIFF's frames reads on in the file.
        raise PhotoUnreadable(f"the {picture.format} is damaged or cut short") from error
    # MPO is a JPEG that carries its gain map or its second view behind it; viewers show the first.
    if frames > 1 and picture.format != "MPO":
        kind = "pages" if picture.format == "TIFF" else "frames"
        raise PhotoUnsupported(
            f"the {picture.format} has {frames} {kind}: animations and collections of pictures"
            " are not edited, only single photos"
        )
    if picture.mode not in _COLOUR | _GREY | {"CMYK"}:
        raise PhotoUnsupported(f"pixels of the kind {picture.mode} are not supported")


def _to_rgb(picture: Image.Image) -> tuple[Image.Image, Image.Image | None, bytes | None]:
    """Return the picture as RGB, its alpha as L, and the profile of that RGB."""
    icc = picture.info.get("icc_profile") or None
    space = icc[16:20] if icc else None
    is_grey, is_cmyk = picture.mode in _GREY, picture.mode == "CMYK"
    alpha = None
    if picture.mode.startswith("I;16"):
        picture, alpha = _split_16_bits(picture)
    elif picture.mode in _WITH_ALPHA or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        alpha = picture.getchannel("A")
    kept = icc if space == b"RGB " else None
    if is_cmyk:
        converted = _convert(picture, icc) if icc and space == b"CMYK" else None
        return converted or picture.convert("RGB"), alpha, None
    if is_grey and icc and space == b"GRAY":
        grey = picture.convert("L") if alpha is None else picture.convert("RGB").getchannel("R")
        return _convert(grey, icc) or grey.convert("RGB"), alpha, None
    return picture.convert("RGB"), alpha, kept


def _split_16_bits(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Return the upper 8 bits of a 16-bit grey picture, and its alpha if a value is transparent."""
    values = np.array(picture, np.uint16)
    upper = Image.fromarray((values >> 8).astype(np.uint8))
    if "transparency" not in picture.info:
        return upper, None
    opaque = values != picture.info["transparency"]
    return upper, Image.fromarray(opaque.astype(np.uint8) * 255)


def _convert(picture: Image.Image, icc: bytes) -> Image.Image | None:
    """Return the picture in sRGB, or None where its profile is broken, as viewers ignore it too."""
    try:
        return ImageCms.profileToProfile(
            picture,
            BytesIO(icc),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _is_lossless(picture: Image.Image, data: bytes) -> bool:
    if picture.format == "WEBP":
        return _has_chunk(data, b"VP8L")
    if picture.format == "TIFF":
        return picture.info.get("compression") not in ("jpeg", "tiff_jpeg", "webp")
    return picture.format in ("PNG", "GIF", "BMP")


def _has_chunk(riff: bytes, name: bytes) -> bool:
    """Return whether a RIFF file has a chunk of that name."""
    at = 12
    while at + 8 <= len(riff):
        if riff[at : at + 4] == name:
            return True
        size = int.from_bytes(riff[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return False


def _metadata(photo: Photo, written: FileFormat, xmp: bytes | None) -> dict[str, Any]:
    """Return the profile, EXIF and XMP as the options that Pillow's writer of the format takes."""
    exif: bytes | Image.Exif | None = photo.exif
    options: dict[str, Any] = {"icc_profile": photo.icc, "xmp": xmp}
    if xmp is not None and written.name == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", xmp.decode())
    if xmp is not None and written.name == "TIFF":
        exif = Image.Exif()
        exif.load(photo.exif or b"")
        exif[Base.XMLPacket] = xmp
    options["exif"] = exif
    return {key: value for key, value in options.items() if value is not None}


def _as_picture(photo: Photo, written: FileFormat) -> Image.Image:
    picture = Image.fromarray(photo.pixels)
    if photo.alpha is None:
        return picture
    if written.has_alpha:
        picture.putalpha(Image.fromarray(photo.alpha))
        return picture
    if photo.alpha.min() < 255:
        raise OutputUnwritable(
            f"the photo is partly transparent and {written.name} cannot be: choose PNG or WebP"
        )
    return picture
