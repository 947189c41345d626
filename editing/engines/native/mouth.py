"""The inside of a mouth that was closed: teeth on their arch, the dark behind them, the tongue.

Drawn, not remembered: tooth widths are those of textbooks of dental anatomy (central incisor about
8.5 mm, lateral 6.5, canine 7.6, premolars 7), seen from the front, over 63 mm between the pupils.
So no person's teeth are in the repository, and they are sharp at every size.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.topology import LEFT_EYE, LIPS_INNER, LIPS_OUTER, RIGHT_EYE

Picture = NDArray[np.float32]
Points = NDArray[np.float32]

# Widths as seen from the front, from the middle outwards: the arch turns the later ones away.
UPPER_TEETH = (0.135, 0.100, 0.092, 0.068, 0.048, 0.034)
LOWER_TEETH = (0.086, 0.092, 0.088, 0.068, 0.050, 0.036)
ENAMEL = np.array([1.10, 1.035, 0.935], np.float32)
CAVITY = np.array([0.16, 0.055, 0.05], np.float32)
TONGUE = np.array([0.55, 0.24, 0.22], np.float32)
REST_SHOW = 0.045  # how far the upper incisors reach below the resting upper lip


def inner_mask(landmarks: Points, size: int, frame_size: int) -> Picture:
    """Return float32 (size, size): 1 between the lips, with a soft border."""
    shift = 4
    corners = (landmarks[list(LIPS_INNER), :2] + 0.5) * (size / frame_size) - 0.5
    mask = np.zeros((size, size), np.float32)
    cv2.fillPoly(mask, [np.round(corners * 2**shift).astype(np.int32)], 1.0, cv2.LINE_AA, shift)
    return cv2.GaussianBlur(mask, (0, 0), max(0.6, size / 700)).astype(np.float32)


def kept_inside(
    source: Points, target: Points, size: int, frame_size: int
) -> tuple[Picture, Picture]:
    """Return the part of the new mouth that shows the old one, and how far that moved.

    What is inside an open mouth hangs from the upper jaw: it moves with the upper lip, rigidly.

    Returns:
        float32 (size, size) in [0, 1], and (2,) x and y in frame pixels.
    """
    upper = list(LIPS_INNER[11:])
    lift = (target[upper, :2] - source[upper, :2]).mean(axis=0)
    moved = source.copy()
    moved[:, :2] += lift
    # Lip red at the border of the old mouth would show as a second lip.
    middle = moved[list(LIPS_INNER), :2].mean(axis=0)
    moved[:, :2] = middle + (moved[:, :2] - middle) * np.array([0.94, 0.82], np.float32)
    old = inner_mask(moved, size, frame_size)
    return np.minimum(old, inner_mask(target, size, frame_size)), lift.astype(np.float32)


def opening(landmarks: Points) -> float:
    """Return the mean gap between the inner lips, in the unit of the points."""
    lower, upper = landmarks[list(LIPS_INNER[1:10])], landmarks[list(LIPS_INNER[:10:-1])]
    return float(np.linalg.norm((lower - upper)[:, :2], axis=1).mean())


def light_level(picture: Picture, landmarks: Points) -> Picture:
    """Return (3,): how bright something white is in the face's light, by the whites of its eyes."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    for ring in (RIGHT_EYE, LEFT_EYE):
        cv2.fillPoly(mask, [np.round(landmarks[list(ring), :2]).astype(np.int32)], 1)
    skin = np.zeros_like(mask)
    cheeks = landmarks[[50, 205, 280, 425, 36, 266], :2]
    for x, y in cheeks:
        cv2.circle(skin, (int(x), int(y)), max(2, picture.shape[0] // 40), 1, -1)
    whites = picture[mask > 0]
    face = (
        np.median(picture[skin > 0], axis=0)
        if skin.any()
        else np.array([0.5, 0.5, 0.5], np.float32)
    )
    if len(whites) < 12:
        return np.clip(face * 1.3, 0.25, 0.95).astype(np.float32)
    bright = whites[whites.sum(axis=1) >= np.percentile(whites.sum(axis=1), 80)].mean(axis=0)
    return np.clip(np.maximum(bright, 0.9 * face), 0.15, 0.95).astype(np.float32)


def draw_mouth(
    size: int,
    frame_size: int,
    target: Points,
    shape_before: Points,
    shape_after: Points,
    light: Picture,
) -> tuple[Picture, tuple[slice, slice]]:
    """Return the inside of the mouth and where it lies.

    Args:
        size: side of the map that is drawn on, pixels.
        frame_size: side of the frame that ``target`` is in.
        target: (478, 3) landmarks after the edit, frame pixels.
        shape_before, shape_after: the same face in canonical units, before and after.
        light: (3,) RGB of something white.

    Returns:
        float32 (h, w, 3), RGB in [0, 1], and the (rows, columns) of the map that it fills.
    """
    lips = list(LIPS_OUTER + LIPS_INNER)
    on_map = (target[lips, :2] + 0.5) * (size / frame_size) - 0.5
    # Lips on the map -> canonical x and y: an affine map suffices for a mouth, and follows a turn.
    system = np.concatenate([on_map, np.ones((len(lips), 1))], axis=1)
    affine = np.linalg.lstsq(system, shape_after[lips, :2].astype(np.float64), rcond=None)[0]
    low = np.maximum(np.floor(on_map.min(axis=0)).astype(int) - 2, 0)
    high = np.minimum(np.ceil(on_map.max(axis=0)).astype(int) + 3, size)
    rows, columns = np.mgrid[low[1] : high[1], low[0] : high[0]]
    place = np.stack([columns, rows, np.ones_like(rows)], axis=2).astype(np.float64) @ affine
    x, y = place[..., 0].astype(np.float32), place[..., 1].astype(np.float32)
    pixel = float(np.abs(affine[:2]).max())
    painted = _paint(x, y, pixel, shape_before, shape_after)
    return painted * light, (slice(low[1], high[1]), slice(low[0], high[0]))


def _paint(x: Picture, y: Picture, pixel: float, before: Points, after: Points) -> Picture:
    centre = (after[61] + after[291]) / 2
    half = max(0.2, abs(float(after[308, 0] - after[78, 0])) / 2)
    u = x - centre[0]
    across = np.clip(np.abs(u) / half, 0, 1.2)
    # The upper teeth belong to the skull: their edge is where the resting lip leaves it.
    edge = float(before[13, 1]) + REST_SHOW - 0.045 * across**2
    lip_top, lip_bottom = float(after[13, 1]), float(after[14, 1])
    # A smile that shows more than the neutral lip allows still shows an edge inside the gap.
    gap = max(lip_bottom - lip_top, 1e-3)
    shown = float(before[14, 1] - before[13, 1])
    if shown > 0.03:  # teeth that the photo shows reach at least down to the lip that covered them
        edge = edge - REST_SHOW + shown + (lip_top - float(before[13, 1]))
    edge = np.maximum(edge, lip_top + min(1.15 * gap, 0.13) - 0.03 * across**2)
    image = np.broadcast_to(CAVITY, (*x.shape, 3)).astype(np.float32).copy()
    depth = np.clip((y - lip_top) / max(gap, 0.05), 0, 1)[..., None]
    tongue = np.exp(
        -(((u / (0.75 * half)) ** 2) + ((y - lip_bottom - 0.02) / (0.35 * gap + 0.02)) ** 2)
    )
    image += (TONGUE - CAVITY) * (tongue * float(np.clip((gap - 0.12) / 0.2, 0, 1)))[..., None]
    jaw = float(after[14, 1] - before[14, 1])
    lower_edge = float(before[13, 1]) + REST_SHOW + 0.02 + 0.92 * jaw + 0.03 * across**2
    image = _teeth(image, u, y, lower_edge, LOWER_TEETH, -1.0, pixel, 0.80)
    image = _teeth(image, u, y, edge, UPPER_TEETH, 1.0, pixel, 1.0)
    # The lip shades what lies right below it, the cheeks what lies near the corners.
    shade = 1 - 0.30 * np.exp(-np.maximum(y - lip_top, 0) / 0.035)
    shade = shade * (1 - 0.72 * np.clip((across - 0.25) / 0.8, 0, 1) ** 1.4)
    return np.clip(image * shade[..., None] * (1 - 0.06 * depth), 0, 1).astype(np.float32)


def _teeth(
    image: Picture,
    u: Picture,
    y: Picture,
    edge: Picture | float,
    widths: tuple[float, ...],
    sign: float,
    pixel: float,
    brightness: float,
) -> Picture:
    """Draw one row: above ``edge`` where ``sign`` is 1, below it where it is -1."""
    bounds = np.concatenate([[0.0], np.cumsum(widths)]).astype(np.float32)
    side = np.abs(u)
    n = np.clip(np.searchsorted(bounds, side, side="right") - 1, 0, len(widths) - 1)
    start, width = bounds[n], np.array(widths, np.float32)[n]
    t = np.clip((side - start) / width, 0, 1) * 2 - 1
    # Corners are rounded, and every second incisor is a little shorter.
    short = np.array([0.0, 0.014, 0.004, 0.012, 0.02, 0.03], np.float32)[n]
    outline = edge - sign * (short + 0.022 * np.abs(t) ** 3.5 * (width / widths[0]))
    soft = max(pixel, 0.006)
    cover = np.clip(0.5 + sign * (outline - y) / soft, 0, 1)
    cover = cover * np.clip((bounds[-1] - side) / 0.02, 0, 1)
    seam = np.exp(
        -((np.minimum(side - start, bounds[n + 1] - side) / max(0.006, 0.7 * pixel)) ** 2)
    )
    bulge = 1 - 0.10 * t**2
    tone = brightness * bulge * (1 - 0.26 * seam)
    # Enamel is thinner and cooler at the edge, warmer towards the gum.
    warm = np.clip(sign * (outline - y) / 0.16, 0, 1)[..., None]
    enamel = ENAMEL * (1 - warm * np.array([0.03, 0.07, 0.13], np.float32))
    return (image * (1 - cover[..., None]) + enamel * tone[..., None] * cover[..., None]).astype(
        np.float32
    )
