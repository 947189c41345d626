"""The fine detail of an aged face: the photo's own octaves louder or softer, and how sharp it may get."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.engines.native.age_canvas import WORK
from editing.faces.blur import blurred

# Old skin may have so much of a face's fine detail, as the energy of its Laplacian. A lens and a light
# that show pores softly show wrinkles softly too.
SHARPEST = 1.4
FINE = 1.0  # pixels of a frame of WORK pixels: finer than this is what the Laplacian sees

FloatMap = NDArray[np.float32]


def octaves_changed(bright: FloatMap, louder: Sequence[FloatMap], size: int) -> FloatMap:
    """Return what is added to a brightness (h, w) whose octaves get louder, the finest first.

    Args:
        bright: a part of a frame with ``size`` pixels a side.
        louder: (h, w) of each octave, by which share; less than 0 is softer.
        size: side of the frame.
    """
    last, total = bright, np.zeros_like(bright)
    for octave, share in enumerate(louder):
        sigma = 2.0**octave * size / WORK
        if sigma < 0.4:
            continue
        next_ = blurred(bright, sigma)
        total += share * (last - next_)
        last = next_
    return total


def no_sharper(bright: FloatMap, change: FloatMap, face: FloatMap, size: int) -> FloatMap:
    """Return the change (h, w) of a brightness with its fine part held back as far as the face would get
    sharper than SHARPEST.

    Args:
        bright: (h, w), the brightness that is changed, a part of a frame with ``size`` pixels a side.
        change: (h, w), what is to be added to it.
        face: (h, w), where the face is, 0 to 1.
        size: side of the frame.
    """
    fine = change - blurred(change, FINE * size / WORK)
    was, rest, more = (cv2.Laplacian(m, cv2.CV_32F) * face for m in (bright, change - fine, fine))
    most = SHARPEST * float((was * was).sum())
    calm = was + rest
    # The share of the fine part at which the energy is ``most``: a quadratic equation.
    square, both = float((more * more).sum()), float((calm * more).sum())
    left = most - float((calm * calm).sum())
    if square + 2 * both <= left or square == 0:
        return change
    root = np.sqrt(max(both * both + square * left, 0.0))
    share = np.clip((root - both) / square, 0, 1)
    return (change - (1 - share) * fine).astype(np.float32)
