"""Colour changes by masks and colour science, in CIE L*a*b*: what is shaded stays shaded.

Pictures are float32 (h, w, 3), RGB in [0, 1]; masks float32 (h, w) in [0, 1].
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.blur import blurred

FloatMap = NDArray[np.float32]

# How far the lightness follows: dye darkens hair easily, and bleaches it only so far.
DARKER, LIGHTER = 0.85, 0.55


def to_lab(picture: FloatMap) -> FloatMap:
    """Return L* 0 to 100, a*, b*."""
    return cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2LAB)


def from_lab(lab: FloatMap) -> FloatMap:
    return cv2.cvtColor(np.ascontiguousarray(lab), cv2.COLOR_LAB2RGB).clip(0, 1)


def color_of(code: str) -> FloatMap:
    """Return (3,) L*, a*, b* of "#rrggbb"."""
    rgb = np.array([int(code[n : n + 2], 16) for n in (1, 3, 5)], np.float32) / 255
    return to_lab(rgb[None, None].astype(np.float32))[0, 0]


def dyed(picture: FloatMap, mask: FloatMap, code: str) -> FloatMap:
    """Return hair, brows or lips in another colour: its chroma, and as much lightness as dye gives.

    The lightness keeps its contrast in proportion, so that strands and creases stay.
    """
    lab, target = to_lab(picture), color_of(code)
    middle = _average(lab, mask)
    wish = float(target[0] - middle[0])
    level = middle[0] + wish * (DARKER if wish < 0 else LIGHTER)
    light = _lifted(lab[..., 0], float(middle[0]), float(level))
    # Hair that dye could not lighten so far shows less of its colour, too.
    chroma = 0.85 * min(1.0, float(level) / max(float(target[0]), 1.0))
    # Chroma goes with lightness: deep shadow and bright gloss are hardly coloured.
    vivid = np.clip(light / max(float(level), 1.0), 0, 1.3) * np.clip((100 - light) / 40, 0, 1)
    own = (lab[..., 1:] - middle[1:]) * 0.35
    lab = np.concatenate([light[..., None], target[1:] * chroma * vivid[..., None] + own], axis=2)
    return from_lab(lab.astype(np.float32))


def greyed(picture: FloatMap, mask: FloatMap) -> FloatMap:
    """Return hair gone grey: no pigment, lighter, the strands apart."""
    lab = to_lab(picture)
    middle = _average(lab, mask)
    light = _lifted(lab[..., 0], float(middle[0]), max(float(middle[0]), 52.0))
    colour = lab[..., 1:] * 0.12 + np.array([0, 1.5], np.float32)
    return from_lab(np.concatenate([light[..., None], colour], axis=2).astype(np.float32))


def tinted_irises(picture: FloatMap, mask: FloatMap, code: str) -> tuple[FloatMap, FloatMap]:
    """Return the irises in another colour, and the mask without pupils and the glints in them."""
    lab, target = to_lab(picture), color_of(code)
    inside = mask > 0.5
    if not inside.any():
        return picture, np.zeros_like(mask)
    dark, usual, bright = np.percentile(lab[..., 0][inside], (6, 50, 96))
    open_ = np.clip((lab[..., 0] - dark) / max(0.5 * float(usual - dark), 2.0), 0, 1)
    glint = np.clip((lab[..., 0] - max(float(bright), usual + 18)) / 8, 0, 1)
    own = (lab[..., 1:] - lab[..., 1:][inside].mean(axis=0)) * 0.5
    lift = float(np.clip(target[0] - usual, -18, 22)) * 0.7
    light = lab[..., 0] + lift * open_
    changed = from_lab(
        np.concatenate([light[..., None], target[1:] * 0.8 + own], axis=2).astype(np.float32)
    )
    return changed, (mask * open_ * (1 - glint)).astype(np.float32)


def without_spots(picture: FloatMap, mask: FloatMap, unit: float) -> FloatMap:
    """Return the skin without small dark or red spots; pores and large shading stay.

    A spot is what a median over ``unit`` / 7 pixels, larger than it, does not show; it is lowered to the
    median, and the finest octave, the pores, is laid back on it.
    """
    lab = to_lab(picture)
    fine = lab - blurred(lab, max(0.8, unit / 90))
    smooth = _median(lab, unit / 7)
    off = cv2.GaussianBlur(lab - smooth, (0, 0), max(0.6, unit / 120))
    usual = _spread(off, mask)
    odd = np.maximum(-off[..., 0] / usual[0], off[..., 1] / usual[1])
    share = np.clip((odd - 0.8) / 1.0, 0, 1)
    side = 2 * max(1, round(unit / 60)) + 1
    share = cv2.dilate(share, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    share = cv2.GaussianBlur(share, (0, 0), max(0.8, unit / 80))[..., None]
    return from_lab((lab + share * (smooth + fine - lab)).astype(np.float32))


def without_shine(picture: FloatMap, mask: FloatMap, unit: float) -> FloatMap:
    """Return the skin without gloss: light above the skin's usual, and paler than it, comes down."""
    lab = to_lab(picture)
    inside = mask > 0.5
    if not inside.any():
        return picture
    wide = blurred(mask, unit / 2.2)[..., None]
    usual = blurred(lab * mask[..., None], unit / 2.2) / np.maximum(wide, 1e-3)
    coarse = blurred(lab, max(0.8, unit / 40))
    over = coarse[..., 0] - usual[..., 0] - 2
    gloss = np.clip(over, 0, None) * 0.75
    share = np.clip(over / 18, 0, 1)[..., None] * 0.8
    colour = lab[..., 1:] + share * (usual[..., 1:] - coarse[..., 1:])
    return from_lab(
        np.concatenate([(lab[..., 0] - gloss)[..., None], colour], axis=2).astype(np.float32)
    )


def _lifted(light: FloatMap, middle: float, level: float) -> FloatMap:
    """Return L* by the power that brings ``middle`` to ``level``: black and white stay."""
    middle, level = (float(np.clip(value, 3, 96)) / 100 for value in (middle, level))
    power = np.log(level) / np.log(middle)
    return (100 * (np.clip(light, 0.1, 100) / 100) ** power).astype(np.float32)


def _average(lab: FloatMap, mask: FloatMap) -> FloatMap:
    weight = mask / max(float(mask.sum()), 1e-6)
    return (lab * weight[..., None]).sum(axis=(0, 1)).astype(np.float32)


def _median(lab: FloatMap, reach: float) -> FloatMap:
    """Return the median over about ``reach`` pixels, computed small."""
    scale = min(1.0, 5.0 / max(reach, 1e-6))
    height, width = lab.shape[:2]
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(lab, size, interpolation=cv2.INTER_AREA)
    calm = np.stack([cv2.medianBlur(small[..., n].copy(), 5) for n in range(3)], axis=2)
    calm = cv2.GaussianBlur(cv2.medianBlur(calm.astype(np.float32), 5), (0, 0), 1.0)
    return cv2.resize(calm, (width, height), interpolation=cv2.INTER_CUBIC)


def _spread(off: FloatMap, mask: FloatMap) -> FloatMap:
    """Return (3,): the usual deviation of the skin, robust, at least half a just visible step."""
    inside = off[mask > 0.5]
    if not len(inside):
        return np.ones(3, np.float32)
    return np.maximum(1.4826 * np.median(np.abs(inside), axis=0) * 2.5, 1.5).astype(np.float32)
