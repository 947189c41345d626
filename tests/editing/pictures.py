"""Pictures made on the spot: corners that differ, profiles, PNGs put together by hand."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from PIL import Image, ImageCms


def corner_picture(width: int = 48, height: int = 32) -> Image.Image:
    """Return a picture whose four corners differ, so that every turn and mirror shows."""
    pixels = np.full((height, width, 3), 90, np.uint8)
    pixels[: height // 2, : width // 2] = (250, 0, 0)
    pixels[: height // 2, width // 2 :] = (0, 250, 0)
    pixels[height // 2 :, : width // 2] = (0, 0, 250)
    return Image.fromarray(pixels)


def wide_gamut_profile() -> bytes:
    """Return the bytes of an RGB profile that is not sRGB: sRGB with red and green exchanged."""
    srgb = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", srgb[128:132])[0]
    entries = {srgb[132 + 12 * i : 136 + 12 * i].decode(): 136 + 12 * i for i in range(count)}
    red, green = entries["rXYZ"], entries["gXYZ"]
    srgb[red : red + 8], srgb[green : green + 8] = (
        srgb[green : green + 8],
        srgb[red : red + 8],
    )
    return bytes(srgb)


def grey_profile(gamma: float) -> bytes:
    """Return a minimal grey ICC profile (version 2) with one gamma."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    return profile(b"GRAY", b"XYZ ", b"mntr", {b"kTRC": curve})


def profile(space: bytes, connection: bytes, device: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Return an ICC profile (version 2) with the least that it needs and ``tags``."""
    illuminant = struct.pack(">iii", 63190, 65536, 54061)
    told = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test" + bytes(1 + 8 + 3 + 67)
    tags = {b"desc": told, b"wtpt": b"XYZ " + bytes(4) + illuminant, **tags}
    table, body, at = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, tag in tags.items():
        table += name + struct.pack(">II", at + len(body), len(tag))
        body += tag + bytes(-len(tag) % 4)
    header = bytearray(128)
    header[0:4] = struct.pack(">I", 128 + len(table) + len(body))
    header[8:12] = b"\x02\x20\0\0"
    header[12:24] = device + space + connection
    header[36:40] = b"acsp"
    header[68:80] = illuminant
    return bytes(header) + table + body


def chunk(name: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG file."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_with_header(width: int, height: int) -> bytes:
    """Return a PNG that claims a size and holds next to nothing: a bomb, were it decoded."""

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunks + chunk(b"IEND", b"")


def cmyk_profile() -> bytes:
    """Return a CMYK ICC profile (version 2) of an odd press: any ink at all prints Lab (50, 80, 0).

    A table of two points an axis (ICC.1:2001-04, 6.5.8, lut8Type): paper white, the rest one red.
    """
    ramp = bytes(range(256))
    white, red = bytes((255, 128, 128)), bytes((128, 208, 128))
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + matrix + ramp * 4
    return profile(b"CMYK", b"Lab ", b"prtr", {b"A2B0": table + white + red * 15 + ramp * 3})
