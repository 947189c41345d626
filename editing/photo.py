"""A photo in memory: how it is read from a file and written back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before decoding. ``max_side`` and ``min_side`` are pixels."""

    max_bytes: int = 100 * 1024 * 1024
    max_pixels: int = 120_000_000
    max_side: int = 20_000
    min_side: int = 16


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded photo.

    ``pixels`` is uint8 (H, W, 3), sRGB, upright: EXIF orientation has been applied once.
    ``alpha`` is uint8 (H, W) or None. ``icc`` is the source file's profile, ``exif`` its EXIF
    block without GPS, orientation and thumbnail. ``format`` is Pillow's name of the source file's
    format, ``sha256`` the digest of that file, in hex.
    """

    pixels: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None
    icc: bytes | None
    exif: bytes | None
    format: str
    sha256: str

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


def decode_photo(data: bytes, limits: Limits = Limits()) -> Photo:
    raise NotImplementedError


def encode_photo(photo: Photo, format: str | None = None) -> bytes:
    raise NotImplementedError
