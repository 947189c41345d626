"""Hair that hangs over the forehead: the head network knows hair around a face, and not in it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces import parts
from editing.faces.canonical import CanonicalFace, canonical_face
from editing.faces.close import (
    HEIGHT,
    LEFT,
    TOP,
    UNIT,
    WHOLE,
    WIDTH,
    close_mesh,
    lay_close,
    oval_on_close,
    parted,
    show_close,
    skin_on_close,
)
from editing.faces.hair import sharper
from editing.faces.light import brightness
from editing.faces.maps import on_map
from editing.faces.regions import fitted_to
from editing.faces.topology import LEFT_BROW, LEFT_EYE, RIGHT_BROW, RIGHT_EYE
from editing.models import ModelStore

# Logarithms by which a lock is darker than the skin's light, at its edge and all through. Brows are as
# dark: they count as hair where most of what is right above them does.
DARKER = (0.15, 0.4)
# By which a lock's middle is darker, on the forehead and on temples, which are in the shadow of hair;
# and how far it is to its edge on a forehead, distances between the irises.
SURE, SURE_ASIDE, REACH = 0.33, 0.6, 0.12
# Median of what is finer than 1.5 pixels: 0.018 under a brim, 0.029 and more in hair.
STRANDS = 0.024
ABOVE, COVERED = 0.14, 0.6  # distances between the irises; share
LOWEST = 0.1  # distances between the irises, beside and below the corners of the eyes, to where locks hang
BROWS = (*RIGHT_BROW, *LEFT_BROW)
LEAST = 0.015  # of the oval: what is smaller is a wrinkle, or a shadow

FloatMap = NDArray[np.float32]
Points = NDArray[np.float32]
Mask = NDArray[np.bool_]


def fringe_in(
    picture: FloatMap, landmarks: Points, hair: FloatMap, worn: Mask, models: ModelStore
) -> FloatMap:
    """Return float32 (S, S), 0 to 1: dark hair that hangs over forehead and temples.

    Args:
        picture: (S, S, 3), RGB in [0, 1], an upright frame.
        landmarks: (478, 3), pixels of it.
        hair: (S, S), what is known to be hair, 0 to 1.
        worn: (S, S), where spectacles are.
        models: where the canonical face comes from.
    """
    canonical = canonical_face(models)
    seen = np.dstack([picture, hair, worn.astype(np.float32)])
    laid = lay_close(seen, landmarks, close_mesh(models))
    known, rims = laid[..., 3], laid[..., 4] > 0.2
    skin = skin_on_close(canonical) * (known < 0.2) * ~rims
    _, features = parted(np.ascontiguousarray(laid[..., :3]), skin)
    return shown_in(picture, landmarks, fringe(features, known, rims, canonical), canonical)


def shown_in(
    picture: FloatMap, landmarks: Points, locks: FloatMap, canonical: CanonicalFace
) -> FloatMap:
    """Return ``locks`` (HEIGHT, WIDTH) in a frame, (S, S), with the edges that the picture has there."""
    if not locks.any():
        return np.zeros(picture.shape[:2], np.float32)
    shown = show_close(locks[..., None], landmarks, canonical, len(picture))[..., 0]
    return sharper(fitted_to(picture, shown))


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
    bare = where & ~brows[0] & ~brows[1]
    forehead = np.arange(HEIGHT)[:, None] + TOP < points[list(BROWS), 1].mean()
    sure = dark > np.where(forehead, SURE, SURE_ASIDE)
    locks = _of_strands(_going_on(sure & bare, (hair > 0.5) | ~oval), dark)
    wide = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(REACH * UNIT) + 1,) * 2)
    near = cv2.dilate(locks.astype(np.uint8), wide) > 0
    locks |= near & (dark > DARKER[0]) & bare & forehead
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


def _above_eyes(points: Points) -> Mask:
    """Return bool (HEIGHT, WIDTH): the forehead down to the brows, and the temples beside the eyes."""
    rows, columns = np.arange(HEIGHT)[:, None] + TOP, np.arange(WIDTH) + LEFT
    right, left = points[RIGHT_EYE[0], 0], points[LEFT_EYE[0], 0]
    aside = (columns < right - LOWEST * UNIT) | (columns > left + LOWEST * UNIT)
    brows, corners = points[list(BROWS), 1].max(), points[[RIGHT_EYE[0], LEFT_EYE[0]], 1].mean()
    found: Mask = rows < np.where(aside, corners + LOWEST * UNIT, brows)
    return found


def _of_strands(locks: Mask, dark: FloatMap) -> Mask:
    """Return the pieces that have the texture of hair; the shadow of a hat is as dark, and smooth."""
    fine = np.abs(dark - cv2.GaussianBlur(dark, (0, 0), 1.5))
    count, pieces = cv2.connectedComponents(locks.astype(np.uint8))
    hairy = [n for n in range(1, count) if np.median(fine[pieces == n]) > STRANDS]
    found: Mask = np.isin(pieces, hairy)
    return found


def _on_close(mask: FloatMap) -> FloatMap:
    return mask[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH]


def _going_on(locks: Mask, outside: Mask) -> Mask:
    """Return the pieces of ``locks`` that touch what is outside."""
    calm = cv2.morphologyEx(locks.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)) > 0
    _, pieces = cv2.connectedComponents((calm | outside).astype(np.uint8))
    kept: Mask = calm & np.isin(pieces, np.unique(pieces[outside]))
    return kept
