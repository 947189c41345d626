"""Reading what the command line names: photos, masks, and the store of models."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from editing.errors import EngineUnavailable, MaskInvalid, PhotoUnreadable
from editing.photo import Limits, Photo, decode_photo, open_picture

if TYPE_CHECKING:
    from editing.models import ModelStore


def read_photo(path: Path, limits: Limits = Limits()) -> Photo:
    """Return the photo in the file ``path``.

    Raises:
        PhotoRefused: as ``decode_photo``; also where there is no file, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            # One byte more than is allowed is enough to refuse, however large the file.
            data = file.read(limits.max_bytes + 1)
    except (OSError, ValueError) as error:
        raise PhotoUnreadable(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    return decode_photo(data, limits)


def read_mask(path: Path) -> NDArray[np.uint8]:
    """Return the mask in the file ``path``, uint8 (H, W), 255 lets the edit through.

    Raises:
        MaskInvalid: it cannot be read, is no grey or black-and-white picture, or is transparent.
    """
    try:
        picture = open_picture(path.read_bytes())
        picture.load()
    except (OSError, ValueError) as error:
        raise MaskInvalid(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    except Exception as error:  # Damaged pictures raise many things.
        raise MaskInvalid(f"{path}: {error}") from error
    if picture.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
        raise MaskInvalid(f"{path}: a mask has 8 bits of grey, this picture is {picture.mode}")
    values = np.asarray(picture.convert("RGBA"))
    if (values[..., 3] < 255).any():
        raise MaskInvalid(f"{path}: a mask is opaque, this picture is partly transparent")
    if (values[..., :3] != values[..., :1]).any():
        raise MaskInvalid(f"{path}: a mask is grey or black and white, this one has colours")
    return np.ascontiguousarray(values[..., 0])


def open_models() -> ModelStore:
    """Return a store on ``MIEN_DEVICE``, or on the best device there is.

    Raises:
        EngineUnavailable: this machine has no such device.
    """
    import torch

    from editing.models import ModelStore

    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    wanted = os.environ.get("MIEN_DEVICE") or next(d for d in ("cuda", "mps", "cpu") if there[d])
    if not there.get(wanted):
        usable = ", ".join(device for device, is_there in there.items() if is_there)
        raise EngineUnavailable(f"there is no device {wanted!r} on this machine; there is {usable}")
    return ModelStore(wanted)
