"""The geometric units of expression: how far each point of the face moves, in 3D.

All shapes are canonical: (478, 3), units of the distance between the irises, x to the picture's
right, y down, z away from the viewer. A unit at 1 moves about as far as a face can.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editing.faces.topology import (
    LEFT_BROW,
    LEFT_EYE,
    LIPS_INNER,
    LIPS_OUTER,
    RIGHT_BROW,
    RIGHT_EYE,
)

Shape = NDArray[np.float32]

RIGHT_CORNER, LEFT_CORNER, UPPER_LIP, LOWER_LIP, CHIN_TIP = 61, 291, 13, 14, 152


def move_units(shape: Shape, amounts: dict[str, float], wink: bool) -> Shape:
    """Return (478, 3): the movement of every point of ``shape`` for the amounts, smile excepted."""
    moved = np.zeros_like(shape)
    moved += _mouth_open(shape, amounts["mouth_open"])
    moved += _mouth_width(shape, amounts["mouth_width"])
    moved += _pucker(shape, amounts["pucker"])
    moved += _brow_raise(shape, amounts["brow_raise"])
    moved += _brow_furrow(shape, amounts["brow_furrow"])
    moved += _eyes(shape, amounts["eyes_open"], RIGHT_EYE)
    moved += _eyes(shape, -1.0 if wink else amounts["eyes_open"], LEFT_EYE)
    return moved.astype(np.float32)


def frown(shape: Shape, amount: float) -> Shape:
    """Return the movement of a smile turned round: the corners down and in, the chin up."""
    near = _near_corners(shape, 0.30)[:, None]
    side = np.sign(shape[:, :1] - _middle(shape)[0])
    down = near * np.concatenate([-0.03 * side, np.full_like(side, 0.13), 0 * side], axis=1)
    lower = _falloff(shape, shape[17], 0.25)[:, None] * np.array([0, -0.03, 0], np.float32)
    return (amount * (down + lower)).astype(np.float32)


def _middle(shape: Shape) -> Shape:
    return (shape[RIGHT_CORNER] + shape[LEFT_CORNER]) / 2


def _falloff(shape: Shape, centre: Shape, radius: float) -> Shape:
    """Return (478,): 1 at ``centre``, falling as a Gaussian of that radius in x and y."""
    square = ((shape[:, :2] - centre[:2]) ** 2).sum(axis=1)
    return np.exp(-square / (2 * radius**2)).astype(np.float32)


def _near_corners(shape: Shape, radius: float) -> Shape:
    near = [_falloff(shape, shape[corner], radius) for corner in (RIGHT_CORNER, LEFT_CORNER)]
    return np.maximum(*near)


def _smoothstep(x: Shape, low: float, high: float) -> Shape:
    t = np.clip((x - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _lip_split(shape: Shape) -> Shape:
    """Return (478,): 0 above the mouth's line, 1 below, sharp between the lips, soft beside."""
    middle = _middle(shape)
    half = abs(float(shape[LEFT_CORNER, 0] - shape[RIGHT_CORNER, 0])) / 2
    across = np.clip(np.abs(shape[:, 0] - middle[0]) / half, 0, 3)
    line = (shape[UPPER_LIP, 1] + shape[LOWER_LIP, 1]) / 2
    # The line runs from the lips' contact in the middle to the corners.
    level = line + (middle[1] - line) * np.minimum(across, 1) ** 2
    width = 0.02 + 0.25 * _smoothstep(across.astype(np.float32), 0.7, 1.6)
    return _smoothstep((shape[:, 1] - level) / width, -1.0, 1.0)


def _mouth_open(shape: Shape, amount: float) -> Shape:
    if amount == 0:
        return np.zeros_like(shape)
    if amount < 0:
        return _lips_together(shape, -amount)
    middle = _middle(shape)
    lower = _lip_split(shape)
    # Lip points know their side; the split decides for the skin around them.
    # From the corners, which go half the way, each lip curves to its own.
    across = np.abs(shape[:, 0] - middle[0])
    for ring in (LIPS_INNER, LIPS_OUTER):
        half = max(float(across[ring[0]]), float(across[ring[10]]), 1e-3)
        arch = np.sqrt(np.clip(1 - (across[list(ring)] / half) ** 2, 0, 1))
        lower[list(ring[:11])] = 0.45 + 0.55 * arch[:11]
        lower[list(ring[11:])] = 0.45 * (1 - arch[11:])
    # The jaw hangs on its joints before the ears: the drop fades towards them.
    hang = 1 - _smoothstep(across.astype(np.float32), 0.35, 1.05)
    drop = 0.42 * amount * lower * hang
    moved = np.zeros_like(shape)
    moved[:, 1] = drop
    moved[:, 2] = 0.25 * drop
    moved[:, 1] -= 0.035 * amount * (1 - lower) * _falloff(shape, shape[0], 0.28)
    moved[:, 0] -= 0.05 * amount * _near_corners(shape, 0.2) * np.sign(shape[:, 0] - middle[0])
    return moved


def _lips_together(shape: Shape, amount: float) -> Shape:
    """Return the movement that closes the gap between the lips, the lower lip going further."""
    moved = np.zeros_like(shape)
    weight = np.zeros(len(shape), np.float32)
    total = np.zeros_like(shape)
    for lower, upper in zip(LIPS_INNER[1:10], LIPS_INNER[:10:-1], strict=True):
        gap = shape[upper] - shape[lower]
        for point, share in ((lower, 0.7), (upper, -0.3)):
            near = _falloff(shape, shape[point], 0.09)
            same = _side_of_lips(shape, point == lower)
            total += (near * same)[:, None] * gap * share
            weight += near * same
    moved += total / np.maximum(weight, 1e-3)[:, None] * np.minimum(weight, 1)[:, None]
    chin = _smoothstep(shape[:, 1], float(shape[17, 1]), float(shape[CHIN_TIP, 1]))
    moved[:, 1] += (
        0.7
        * chin
        * (shape[UPPER_LIP, 1] - shape[LOWER_LIP, 1])
        * _falloff(shape, shape[CHIN_TIP], 0.6)
    )
    return (amount * moved).astype(np.float32)


def _side_of_lips(shape: Shape, lower: bool) -> Shape:
    split = _lip_split(shape)
    split[list(LIPS_INNER[1:10] + LIPS_OUTER[1:10])] = 1.0
    split[list(LIPS_INNER[11:] + LIPS_OUTER[11:])] = 0.0
    return split if lower else 1 - split


def _mouth_width(shape: Shape, amount: float) -> Shape:
    middle = _middle(shape)
    away = shape - middle
    near = _falloff(shape, middle, 0.42)
    near[list(LIPS_OUTER + LIPS_INNER)] = 1.0
    moved = np.zeros_like(shape)
    moved[:, 0] = 0.26 * amount * near * away[:, 0]
    moved[:, 1] = -0.10 * amount * near * away[:, 1] * _falloff(shape, middle, 0.3)
    return moved


def _pucker(shape: Shape, amount: float) -> Shape:
    middle = _middle(shape)
    away = shape - middle
    near = _falloff(shape, middle, 0.36)
    near[list(LIPS_OUTER + LIPS_INNER)] = 1.0
    moved = np.zeros_like(shape)
    if amount > 0:
        moved[:, 0] = -0.34 * amount * near * away[:, 0]
        moved[:, 1] = 0.16 * amount * near * away[:, 1] * _falloff(shape, middle, 0.25)
        moved[:, 2] = -0.10 * amount * near
        return moved
    # Drawn in: the red of the lips rolls inwards, towards their line.
    line = _falloff(shape, middle, 0.25)
    line[list(LIPS_OUTER)] = 1.0
    line[list(LIPS_INNER)] = 0.2
    moved[:, 1] = 0.42 * amount * line * away[:, 1] * near
    moved[:, 2] = -0.04 * amount * near
    return moved


def _brow_raise(shape: Shape, amount: float) -> Shape:
    moved = np.zeros_like(shape)
    if amount == 0:
        return moved
    brows = np.array(
        [shape[list(ring), 1].mean() for ring in (RIGHT_BROW, LEFT_BROW)], np.float32
    ).mean()
    eyes = np.array(
        [shape[list(ring), 1].mean() for ring in (RIGHT_EYE, LEFT_EYE)], np.float32
    ).mean()
    lift = _smoothstep(-shape[:, 1], float(-eyes) + 0.06, float(-brows))
    fade = 1 - 0.75 * _smoothstep(-shape[:, 1], float(-brows) + 0.05, float(-shape[10, 1]))
    side = 1 - _smoothstep(np.abs(shape[:, 0]), 0.85, 1.15)
    moved[:, 1] = -(0.15 if amount > 0 else 0.09) * amount * lift * fade * side
    return moved


def _brow_furrow(shape: Shape, amount: float) -> Shape:
    moved = np.zeros_like(shape)
    for ring, side in ((RIGHT_BROW, 1.0), (LEFT_BROW, -1.0)):
        inner = shape[[ring[4], ring[5]]].mean(axis=0)
        near = _falloff(shape, inner, 0.17)
        # The lids stay where they are.
        near = near * (1 - _smoothstep(shape[:, 1], float(inner[1]) + 0.05, float(inner[1]) + 0.22))
        moved[:, 0] += 0.075 * amount * side * near
        moved[:, 1] += 0.075 * amount * near
    return moved


def _eyes(shape: Shape, amount: float, ring: tuple[int, ...]) -> Shape:
    """Move the lids of one eye: at -1 they meet, at 1 the eye is half as wide again."""
    moved = np.zeros_like(shape)
    if amount == 0:
        return moved
    outer, inner = shape[ring[0]], shape[ring[8]]
    lower, upper = list(ring[1:8]), list(ring[:8:-1])
    gap = shape[lower] - shape[upper]
    share_upper, share_lower = (0.86, 0.14) if amount < 0 else (0.75, 0.25)
    reach = -amount if amount < 0 else -0.5 * amount
    centre = (outer + inner) / 2
    opening = float(np.abs(gap[:, 1]).mean())
    for n, (low, up) in enumerate(zip(lower, upper, strict=True)):
        moved[up] = share_upper * reach * gap[n]
        moved[low] = -share_lower * reach * gap[n]
    lids = set(ring)
    width = abs(float(outer[0] - inner[0]))
    across = np.clip(np.abs(shape[:, 0] - centre[0]) / (0.62 * width), 0, 1)
    for point in range(len(shape)):
        if point in lids or point >= 468:
            continue
        dx, dy = float(across[point]), float(shape[point, 1] - centre[1])
        if dx >= 1 or abs(dy) > 0.30:
            continue
        above = dy < 0
        fade = (1 - dx**2) * max(0.0, 1 - abs(dy) / 0.30)
        share = share_upper if above else -share_lower
        moved[point, 1] = share * reach * opening * fade
    return moved
