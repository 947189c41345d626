"""What a person's mask has to be, for the settings it goes with. No torch here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editing.errors import MaskInvalid
from editing.operations.base import Params


def check_mask(mask: NDArray[np.uint8] | None, size: tuple[int, int], params: Params) -> None:
    """Let a mask (H, W) of a photo of ``size`` (width, height) pass that is not empty.

    Raises:
        MaskInvalid: it is of another size, lets nothing through, or is missing where ``params``
            need one; or all of the photo is to be made up from nothing.
    """
    if mask is None:
        if params.needs_mask():
            raise MaskInvalid("the region 'mask' needs a mask: send one, or paint it on the photo")
        return
    if mask.shape[::-1] != size:
        told = " x ".join(str(side) for side in mask.shape[::-1])
        raise MaskInvalid(f"the mask is {told}, the photo {size[0]} x {size[1]}")
    if not mask.any():
        raise MaskInvalid("the mask is empty: it lets nothing through")
    if params.needs_mask() and mask.all():
        raise MaskInvalid("the mask covers everything: nothing is left to continue from")
