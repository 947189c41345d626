"""Masks that people send with an edit: where the photo may change."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

from editing.errors import MaskInvalid, PhotoRefused
from editing.photo import decode_photo


def read_mask(data: bytes, width: int, height: int) -> bytes:
    """Return a mask as a grey PNG of the photo's size; white lets the edit through, black does not.

    Where the picture is transparent, nothing gets through.

    Raises:
        MaskInvalid: no picture, of another size, or nothing gets through.
    """
    try:
        picture = decode_photo(data)
    except PhotoRefused as error:
        raise MaskInvalid(f"the mask is refused: {error}") from error
    if (picture.width, picture.height) != (width, height):
        raise MaskInvalid(
            f"the mask is {picture.width} x {picture.height}, the photo {width} x {height}"
        )
    grey = np.asarray(Image.fromarray(picture.pixels).convert("L"))
    if picture.alpha is not None:
        grey = (grey.astype(np.uint16) * picture.alpha // 255).astype(np.uint8)
    if not grey.any():
        raise MaskInvalid("the mask is empty: it lets nothing through")
    file = BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    return file.getvalue()
