"""Light on a face: what makes its halves unlike is taken out, another direction is put in.

Both in the logarithm of linear light and only in its low frequencies, so that the skin's own
texture and marks stay. The new light is that of first-order spherical harmonics on the normals
(Ramamoorthi and Hanrahan, JOSA A 2001).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.canonical import CanonicalFace
from editing.faces.light import to_linear
from editing.faces.maps import on_map, ringed
from editing.faces.mesh import DrawnMesh, with_rings
from editing.faces.topology import (
    FACE_OVAL,
    LEFT_BROW,
    LEFT_EYE,
    LIPS_OUTER,
    POINTS,
    RIGHT_BROW,
    RIGHT_EYE,
)

MAP = 256
DARKEST = 0.004  # of linear light: below it a ratio means nothing
MOST = 1.6  # of the natural logarithm that light is changed by
ALIKE = (0.03, 0.08)  # mean logarithm between halves: nothing is done, all of it is done
SMOOTH = 0.13  # distances between the irises over which light is looked at
CODED = 1 / 2.2  # about the exponent from linear light to sRGB

FloatMap = NDArray[np.float32]


def evened(laid: FloatMap, canonical: CanonicalFace) -> FloatMap:
    """Return (256, 256): by which logarithm of light each place differs from the mean of its pair.

    Args:
        laid: (256, 256, 3), a face on the canonical map, RGB in [0, 1].
    """
    skin = skin_on_map(canonical)
    light = np.log(
        np.maximum(
            to_linear(laid).astype(np.float32) @ np.array([0.2126, 0.7152, 0.0722], np.float32),
            DARKEST,
        )
    )
    # A place counts only with its mirror image, and not where hair or a shadow's end is.
    weight = skin * skin[:, ::-1]
    sigma = SMOOTH * unit()
    level = _blurred(light * weight, sigma) / np.maximum(_blurred(weight, sigma), 1e-3)
    unlike = (level - level[:, ::-1]) / 2
    # Faces are not quite alike on both sides in any light.
    usual = float((np.abs(unlike) * weight).sum() / max(float(weight.sum()), 1e-3))
    unlike = unlike * np.clip((usual - ALIKE[0]) / (ALIKE[1] - ALIKE[0]), 0, 1)
    # Both come to a level nearer to the brighter one's: lit skin that is darkened looks grey.
    return _spread(np.clip(unlike - 0.35 * np.abs(unlike), -MOST, MOST), weight)


def lit(canonical: CanonicalFace, degrees: float, strength: float) -> FloatMap:
    """Return (256, 256): the logarithm of a light from ``degrees`` (right positive) of the front."""
    normal = _normals(canonical)
    angle = np.radians(degrees)
    towards = np.array([np.sin(angle), 0.0, -np.cos(angle)], np.float32)
    shade = 1 + 0.9 * (normal @ towards)
    front = 1 + 0.9 * (normal @ np.array([0, 0, -1], np.float32))
    change = np.log(np.maximum(shade, 0.12) / np.maximum(front, 0.12))
    return _spread(_blurred(strength * np.clip(change, -MOST, MOST), 4), skin_on_map(canonical))


def coded_gain(logarithm: FloatMap) -> FloatMap:
    """Return the gain of sRGB values that a change of light is."""
    return np.exp(np.clip(logarithm, -MOST, MOST) * CODED).astype(np.float32)


def skin_on_map(canonical: CanonicalFace) -> FloatMap:
    """Return (256, 256): the face's skin, 0 to 1, without eyes, brows, lips and its rim."""
    points = on_map(canonical.shape, MAP)

    def filled(ring: tuple[int, ...], wide: float) -> FloatMap:
        corners = cv2.convexHull(points[list(ring), :2])[:, 0]
        corners = corners.mean(axis=0) + (corners - corners.mean(axis=0)) * wide
        mask = np.zeros((MAP, MAP), np.float32)
        cv2.fillPoly(mask, [np.round(corners * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
        return mask

    skin = filled(FACE_OVAL, 0.93)
    for ring in (RIGHT_EYE, LEFT_EYE, RIGHT_BROW, LEFT_BROW, LIPS_OUTER):
        skin = np.minimum(skin, 1 - filled(ring, 1.25))
    return np.minimum(skin, skin[:, ::-1]).astype(np.float32)


def unit() -> float:
    """Return the distance between the irises, pixels of the map."""
    return float(np.ptp(on_map(np.array([[0, 0, 0], [1, 0, 0]], np.float32), MAP)[:, 0]))


def _spread(values: FloatMap, weight: FloatMap) -> FloatMap:
    """Return values of the skin continued beyond it, and faded out over hair and neck."""
    sigma = 0.35 * unit()
    wide = _blurred(weight, sigma)
    outer = _blurred(values * weight, sigma) / np.maximum(wide, 1e-3)
    inside = _blurred(np.clip(weight * 1.5, 0, 1), 0.06 * unit())
    continued = inside * values + (1 - inside) * outer
    return (continued * np.clip(wide / 0.35, 0, 1)).astype(np.float32)


def _blurred(values: FloatMap, sigma: float) -> FloatMap:
    return cv2.GaussianBlur(values.astype(np.float32), (0, 0), sigma)


def _normals(canonical: CanonicalFace) -> FloatMap:
    """Return (256, 256, 3), unit normals of the canonical face; z away from the viewer."""
    points = canonical.shape
    inner = canonical.triangles[(canonical.triangles < POINTS).all(axis=1)]
    a, b, c = (points[inner[:, n]] for n in range(3))
    faces = np.cross(b - a, c - a)
    faces *= -np.sign(faces[:, 2:] + 1e-9)  # towards the viewer
    normals = np.zeros((POINTS, 3), np.float32)
    for column in range(3):
        np.add.at(normals, inner[:, column], faces)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    mesh = DrawnMesh(ringed(on_map(canonical.shape, MAP)), canonical.triangles, (MAP, MAP))
    at = with_rings(np.zeros((POINTS, 3), np.float32))
    at[:POINTS] = normals
    at[POINTS:] = np.tile(normals[list(FACE_OVAL)], (3, 1))
    sides = mesh.positions(at)
    depth = mesh.positions(np.roll(at, -2, axis=1))[..., :1]
    full = np.concatenate([sides, depth], axis=2)
    full[~mesh.inside] = (0, 0, -1)
    return (full / np.maximum(np.linalg.norm(full, axis=2, keepdims=True), 1e-6)).astype(np.float32)
