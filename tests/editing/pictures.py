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
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", profile[128:132])[0]
    entries = {profile[132 + 12 * i : 136 + 12 * i].decode(): 136 + 12 * i for i in range(count)}
    red, green = entries["rXYZ"], entries["gXYZ"]
    profile[red : red + 8], profile[green : green + 8] = (
        profile[green : green + 8],
        profile[red : red + 8],
    )
    return bytes(profile)


def grey_profile(gamma: float) -> bytes:
    """Return a minimal grey ICC profile (version 2) with one gamma."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    white = b"XYZ " + bytes(4) + struct.pack(">iii", 63190, 65536, 54061)
    words = b"grey"
    told = b"desc" + bytes(4) + struct.pack(">I", 5) + words + bytes(1 + 8 + 3 + 67)
    told += bytes(-len(told) % 4)
    tags = ((b"desc", told), (b"wtpt", white), (b"kTRC", curve))
    table, body, at = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, tag in tags:
        table += name + struct.pack(">II", at + len(body), len(tag))
        body += tag
    header = bytearray(128)
    header[8:12] = b"\x02\x20\0\0"
    header[12:24] = b"mntrGRAYXYZ "
    header[36:40] = b"acsp"
    header[68:80] = struct.pack(">iii", 63190, 65536, 54061)
    header[0:4] = struct.pack(">I", 128 + len(table) + len(body))
    return bytes(header) + table + body


def chunk(name: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG file."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_with_header(width: int, height: int) -> bytes:
    """Return a PNG that claims a size and holds next to nothing: a bomb, were it decoded."""

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunks + chunk(b"IEND", b"")
