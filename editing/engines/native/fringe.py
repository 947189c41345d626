"""Hair that hangs over the forehead: the head network knows hair around a face, and not in it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces import parts
from editing.faces.canonical import CanonicalFace
from editing.faces.close import HEIGHT, LEFT, TOP, UNIT, WHOLE, WIDTH, oval_on_close
from editing.faces.light import brightness
from editing.faces.maps import on_map
from editing.faces.topology import LEFT_BROW, LEFT_EYE, RIGHT_BROW, RIGHT_EYE

# Logarithms by which a lock is darker than the skin's light, at its edge and all through. Brows are as
# dark: they count as hair where most of what is right above them does.
DARKER = (0.25, 0.45)
ABOVE, COVERED = 0.14, 0.6  # distances between the irises; share
LOWEST = 0.1  # distances between the irises, beside and below the corners of the eyes, to where locks hang
BROWS = (*RIGHT_BROW, *LEFT_BROW)
LEAST = 0.015  # of the oval: what is smaller is a wrinkle, or a shadow

FloatMap = NDArray[np.float32]
Mask = NDArray[np.bool_]


def fringe(features: FloatMap, hair: FloatMap, worn: Mask, canonical: CanonicalFace) -> FloatMap:
    """Return (HEIGHT, WIDTH), 0 to 1: dark hair over forehead and temples that goes on in hair outside.

    Args:
        features: (HEIGHT, WIDTH, 3), as ``faces.close.parted`` has them.
        hair: (HEIGHT, WIDTH), what is known to be hair, 0 to 1.
        worn: (HEIGHT, WIDTH), where spectacles are: rims are dark too.
    """
    points = on_map(canonical.shape, WHOLE)
    dark = -brightness(features)
    oval = oval_on_close(canonical) > 0.5
    brows = [_on_close(parts.ring(points, brow, WHOLE, 1.3)) > 0 for brow in parts.BROWS]
    where = oval & _above_eyes(points) & ~worn
    locks = (dark > sum(DARKER) / 2) & where & ~brows[0] & ~brows[1]
    locks = _going_on(locks, (hair > 0.5) | ~oval)
    for brow in brows:
        above = np.zeros_like(brow)
        rise = round(ABOVE * UNIT)
        above[:-rise] = brow[rise:]
        above &= ~brow & where
        if above.any() and locks[above].mean() > COVERED:
            locks |= brow & where
    if locks.mean() < LEAST * oval.mean():
        return np.zeros((HEIGHT, WIDTH), np.float32)
    near = cv2.dilate(locks.astype(np.uint8), np.ones((5, 5), np.uint8))
    low, high = DARKER
    return (np.clip((dark - low) / (high - low), 0, 1) * near).astype(np.float32)


def _above_eyes(points: NDArray[np.float32]) -> Mask:
    """Return bool (HEIGHT, WIDTH): the forehead down to the brows, and the temples beside the eyes."""
    rows, columns = np.arange(HEIGHT)[:, None] + TOP, np.arange(WIDTH) + LEFT
    right, left = points[RIGHT_EYE[0], 0], points[LEFT_EYE[0], 0]
    aside = (columns < right - LOWEST * UNIT) | (columns > left + LOWEST * UNIT)
    brows, corners = points[list(BROWS), 1].max(), points[[RIGHT_EYE[0], LEFT_EYE[0]], 1].mean()
    found: Mask = rows < np.where(aside, corners + LOWEST * UNIT, brows)
    return found


def _on_close(mask: FloatMap) -> FloatMap:
    return mask[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH]


def _going_on(locks: Mask, outside: Mask) -> Mask:
    """Return the pieces of ``locks`` that touch what is outside."""
    calm = cv2.morphologyEx(locks.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)) > 0
    _, pieces = cv2.connectedComponents((calm | outside).astype(np.uint8))
    kept: Mask = calm & np.isin(pieces, np.unique(pieces[outside]))
    return kept
