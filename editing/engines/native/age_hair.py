"""Hair that greys, and grey hair that gets its colour back.

A head of grey hair is a mixture of strands with and without pigment. Strands without it keep the
light and shade of the others on a brighter, colourless base; so the mixture is made per pixel, and
no strand is drawn.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FloatMap = NDArray[np.float32]

WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)
PIGMENT = np.array([0.50, 0.40, 0.31], np.float32)  # of a strand with pigment, of its brightness
# Share of grey strands by age: a course of our own, set by looking; people differ by decades.
AGES = (0.0, 30.0, 45.0, 55.0, 65.0, 75.0, 85.0, 100.0)
SHARES = (0.0, 0.0, 0.12, 0.32, 0.60, 0.82, 0.94, 1.0)


def grey_share(age: float) -> float:
    """Return the share of strands without pigment at an age, 0 to 1."""
    return float(np.interp(age, AGES, SHARES))


def hair_change(
    picture: FloatMap, present: float, target: float, colourless: bool = False
) -> FloatMap:
    """Return what greying adds to hair, float32 (H, W, 3).

    Args:
        picture: (H, W, 3), RGB in [0, 1]; only what is hair is of use.
        present, target: years.
        colourless: whether the photo is black and white: hair then gets darker, not brown.
    """
    was, now = grey_share(present), grey_share(target)
    red, green, blue = cv2.split(picture)
    # Hair is never more blue than green, nor greener than red, nor a bright full red: a hat may be.
    full = (red - blue) * np.clip((red - 0.25) / 0.25, 0, 1) - 0.62 * red
    strange = np.maximum(np.maximum(blue - green, green - red), full)
    natural = np.clip(1.5 - 20 * strange, 0, 1)
    bright = cv2.transform(picture, WEIGHTS[None])
    if now >= was:
        # Bright strands gain less: they are lit already.
        share = (now - was) / max(1 - was, 1e-3)
        without = 0.16 + 0.84 * cv2.pow(bright, 0.55)
        share_here = np.float32(0.9 * share) * natural
        return cv2.merge([share_here * (without - one) for one in (red, green, blue)])
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    grey = (1 - np.clip(spread / 0.25, 0, 1)) * np.clip((bright - 0.25) / 0.3, 0, 1)
    share = (was - now) / max(was, 1e-3) * was
    tint = 1.0 if colourless else PIGMENT / PIGMENT.mean()
    dyed = bright[..., None] * tint * 0.62
    return ((natural * share * grey)[..., None] * (dyed - picture)).astype(np.float32)
