"""Masks that people send with an edit: where the photo may change."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

from editing.errors import MaskInvalid, PhotoRefused
from editing.mask import check_mask
from editing.operations.base import Params
from editing.photo import decode_photo


def read_mask(data: bytes, size: tuple[int, int], params: Params) -> bytes:
    """Return a mask as a grey PNG; white lets the edit through, black does not.

    Where the picture is transparent, nothing gets through.

    Raises:
        MaskInvalid: no picture, or as ``editing.mask.check_mask``.
    """
    try:
        picture = decode_photo(data)
    except PhotoRefused as error:
        raise MaskInvalid(f"the mask is refused: {error}") from error
    grey = np.asarray(Image.fromarray(picture.pixels).convert("L"))
    if picture.alpha is not None:
        grey = (grey.astype(np.uint16) * picture.alpha // 255).astype(np.uint8)
    check_mask(grey, size, params)
    file = BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    return file.getvalue()
