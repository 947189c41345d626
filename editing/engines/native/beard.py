"""A beard or a moustache drawn on skin: strands along the way they grow, in the hair's own colour.

The strands are noise smeared along the direction of growth (line integral convolution: Cabral and
Leedom, SIGGRAPH 1993). Between them the skin shows, and the light that is on the skin is on them.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.engines.native.age_relief import STEPS, smeared
from editing.faces import parts
from editing.faces.blur import blurred
from editing.faces.light import brightness

# Distances between the irises: how far a beard thins out at its edge, to the cheek and to the lips;
# the thickness and the length of a strand.
EDGE, LIP_EDGE, THICK, LONG = 0.2, 0.035, 0.008, 0.06
DENSE = 0.92  # share of the skin that is covered where it is densest
UNDER = 0.7  # share of the skin beneath that is hair in shadow
PURE = 0.6  # share of the brows' colourfulness that is hair's own
DARKER = 0.85  # of the brows' colour: between strands it is dark
MOUTH, NOSE_BASE, CHIN = (13, 14), 2, 152

FloatMap = NDArray[np.float32]
Points = NDArray[np.float32]


def with_beard(
    picture: FloatMap, region: str, landmarks: Points, colour: FloatMap, seed: int
) -> tuple[FloatMap, FloatMap]:
    """Return the picture (S, S, 3) with the hair, and how dense it is, (S, S) in [0, 1].

    Args:
        picture: an upright frame, RGB in [0, 1].
        region: "beard" or "moustache".
        landmarks: (478, 3), pixels of it.
        colour: (3,), RGB of the hair.
        seed: the same seed draws the same strands.
    """
    size, unit = picture.shape[0], parts.eye_distance(landmarks)
    dense = _density(region, landmarks, size, unit)
    random = np.random.default_rng(seed)
    way = _growth(landmarks, size)
    # Strands thinner than a pixel are seen as an even dark, not as specks of a pixel.
    strands = _strands(random, way, size, unit) * min(1.0, THICK * unit)
    uneven = cv2.resize(random.standard_normal((24, 24)).astype(np.float32), (size, size))
    cover = np.clip(dense * (1.25 + 0.12 * uneven) + 0.42 * strands * dense**0.5 - 0.12, 0, 1)
    cover = cover * np.clip(dense * 6, 0, 1) * DENSE
    soft = blurred(brightness(picture), 0.12 * unit)
    cheek = float(np.median(soft[parts.skin(landmarks, size) > 0.5]))
    light = np.clip(soft / max(cheek, 0.05), 0.45, 1.5)[..., None]
    # Under the strands it is dark as well, or the skin between them would glare.
    under = (UNDER * dense)[..., None]
    picture = picture + under * (np.clip(colour * 0.6 * light, 0, 1) - picture)
    gloss = 1 + 0.35 * np.clip(strands, -1, 1.5)[..., None]
    hair = np.clip(colour * DARKER * light * gloss, 0, 1)
    after = picture + cover[..., None] * (hair - picture)
    return after.astype(np.float32), (dense > 0.003).astype(np.float32)


def brow_colour(picture: FloatMap, landmarks: Points) -> FloatMap:
    """Return (3,), RGB: the colour of the brows' darker third, which is hair."""
    inside = picture[parts.brows(landmarks, picture.shape[0]) > 0.6]
    if len(inside) == 0:
        return np.array([0.2, 0.15, 0.1], np.float32)
    bright = inside.mean(axis=1)
    dark = inside[bright <= np.quantile(bright, 0.33)]
    found = np.median(dark, axis=0)
    # Between the hairs of a brow the skin shines through.
    return (found.mean() + PURE * (found - found.mean())).astype(np.float32)


def _density(region: str, landmarks: Points, size: int, unit: float) -> FloatMap:
    """Return (S, S): 1 in the middle of the region, thinning out at its edges, least at the lips."""
    mask = parts.hole_of(region, landmarks, size)
    if region == "beard":
        mask = np.maximum(mask, parts.hole_of("moustache", landmarks, size))
    lips = parts.lips(landmarks, size)
    inside = (mask > 0.5).astype(np.uint8)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 5)
    away = cv2.distanceTransform((lips < 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    edge = EDGE if region == "beard" else 0.5 * EDGE
    # At the lips the edge is a line, at the cheeks there is none.
    near_lips = np.exp(-away / (0.1 * unit))
    reach = unit * (edge * (1 - near_lips) + LIP_EDGE * near_lips)
    ramp = np.clip(depth / reach, 0, 1)
    return cv2.GaussianBlur((ramp * ramp * (3 - 2 * ramp)).astype(np.float32), (0, 0), 0.012 * unit)


def _growth(landmarks: Points, size: int) -> FloatMap:
    """Return (S, S, 2), unit vectors: down and away from the middle line, on the upper lip sideways."""
    base, chin = landmarks[NOSE_BASE, :2], landmarks[CHIN, :2]
    down = (chin - base) / max(float(np.hypot(*(chin - base))), 1e-6)
    across = np.array([-down[1], down[0]], np.float32)
    mouth = landmarks[list(MOUTH), :2].mean(axis=0)
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    from_mouth = np.stack([columns, rows], axis=2) - mouth
    length = float(np.hypot(*(chin - base)))
    aside = np.clip(from_mouth @ across / length, -1, 1)
    above = np.clip(-(from_mouth @ down) / (0.25 * length), 0, 1)
    sideways = np.sign(aside) * np.clip(np.abs(aside) * 6, 0, 1) * (0.35 + 0.9 * above)
    way = down + sideways[..., None] * across
    return (way / np.linalg.norm(way, axis=2, keepdims=True)).astype(np.float32)


def _strands(random: np.random.Generator, way: FloatMap, size: int, unit: float) -> FloatMap:
    """Return (S, S) of spread 1: bright and dark strands, of two thicknesses."""
    total = np.zeros((size, size), np.float32)
    for thick, share in ((THICK, 0.7), (2.2 * THICK, 0.5)):
        pixels = max(1.0, thick * unit)
        noise = random.standard_normal((size, size)).astype(np.float32)
        noise = cv2.GaussianBlur(noise, (0, 0), 0.5 * pixels)
        field = smeared(noise, way, LONG * unit / (2 * STEPS))
        total += share * field / max(float(field.std()), 1e-6)
    return total
