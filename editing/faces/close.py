"""The close map: the inside of the face's oval on the canonical face, nearer than ``faces.maps``.

And what light does to it: the natural logarithm of colours, parted into a light that varies slowly
and the features that are left.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces import parts
from editing.faces.align import resized
from editing.faces.blur import blurred
from editing.faces.canonical import CanonicalFace, canonical_face
from editing.faces.light import brightness
from editing.faces.maps import look_up, on_map, places, ringed
from editing.faces.mesh import DrawnMesh, with_rings
from editing.faces.topology import FACE_OVAL
from editing.models import ModelStore

# Pixels a side of the map of which the close map is a window, and where the window lies.
WHOLE = 312
TOP, LEFT, HEIGHT, WIDTH = 60, 60, 224, 192
UNIT = WHOLE / 3.9  # pixels between the irises
LIGHT = 0.45 * UNIT  # reach, as the sigma of a Gaussian, over which light is even
DARK = 0.03  # added to colours before their logarithm: black has one too
SHOWING = 416  # pixels a side at which places of a frame are looked up on the map
FAINT = 0.02  # share of skin within reach below which what is farther away decides

FloatMap = NDArray[np.float32]
Points = NDArray[np.float32]


def close_points(canonical: CanonicalFace) -> Points:
    """Return the canonical shape (478, 3) in pixels of the close map."""
    return on_map(canonical.shape, WHOLE) - np.array([LEFT, TOP, 0], np.float32)


def close_mesh(models: ModelStore) -> DrawnMesh:
    """Return the canonical face as ``lay_close`` wants it: drawn on the close map, twice as large."""

    def draw() -> DrawnMesh:
        canonical = canonical_face(models)
        points = on_map(canonical.shape, 2 * WHOLE) - np.array([2 * LEFT, 2 * TOP, 0], np.float32)
        return DrawnMesh(ringed(points), canonical.triangles, (2 * HEIGHT, 2 * WIDTH))

    mesh: DrawnMesh = models.keep("close mesh", draw)
    return mesh


def lay_close(picture: FloatMap, landmarks: Points, mesh: DrawnMesh) -> FloatMap:
    """Return a picture (S, S) or (S, S, C) on the close map, (HEIGHT, WIDTH) or (HEIGHT, WIDTH, C).

    Args:
        landmarks: (478, 3), pixels of the picture.
        mesh: ``close_mesh``.
    """
    side = picture.shape[0]
    if side > 2 * WHOLE:
        picture = cv2.resize(picture, (2 * WHOLE, 2 * WHOLE), interpolation=cv2.INTER_AREA)
        landmarks = resized(landmarks, 2 * WHOLE / side)
    at = mesh.positions(with_rings(landmarks))
    laid = cv2.remap(
        np.ascontiguousarray(picture), at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return cv2.resize(laid, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)


def show_close(
    values: FloatMap, landmarks: Points, canonical: CanonicalFace, size: int
) -> FloatMap:
    """Return what the close map (HEIGHT, WIDTH, C) shows at each place of a frame, (size, size, C).

    Args:
        landmarks: (478, 3), pixels of that frame.
    """
    beside = ((TOP, WHOLE - TOP - HEIGHT), (LEFT, WHOLE - LEFT - WIDTH), (0, 0))
    whole = np.pad(values, beside, mode="edge")
    coarse = min(size, SHOWING)
    where = places(landmarks, canonical, size, coarse)
    where = cv2.resize(where, (size, size), interpolation=cv2.INTER_LINEAR)
    # Twice as many pixels first, by a cubic: linear steps between them would be seen.
    large = cv2.resize(whole, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return look_up(large.reshape(*large.shape[:2], -1), where)


def skin_on_close(canonical: CanonicalFace) -> FloatMap:
    """Return (HEIGHT, WIDTH), 0 to 1: skin, without eyes, brows and lips."""
    points = on_map(canonical.shape, WHOLE)
    return parts.skin(points, WHOLE)[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH]


def bearded_on_close(canonical: CanonicalFace) -> FloatMap:
    """Return (HEIGHT, WIDTH), 0 to 1: where a full beard grows."""
    points = on_map(canonical.shape, WHOLE)
    mask = parts.hole_of("beard", points, WHOLE)
    return mask[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH]


def oval_on_close(canonical: CanonicalFace, wide: float = 1.0) -> FloatMap:
    """Return (HEIGHT, WIDTH), 0 to 1: the inside of the face's oval, ``wide`` times as large."""
    points = on_map(canonical.shape, WHOLE)
    return parts.ring(points, FACE_OVAL, WHOLE, wide)[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH]


def parted(colours: FloatMap, skin: FloatMap) -> tuple[FloatMap, FloatMap]:
    """Return the light and the features of a face, logarithms (HEIGHT, WIDTH, 3), whose sum it is.

    The light is what skin has over ``LIGHT``; brows, lips, hair and spots far from the usual
    brightness have no say in it.

    Args:
        colours: (HEIGHT, WIDTH, 3), RGB in [0, 1].
        skin: (HEIGHT, WIDTH), where skin is seen.
    """
    logs = np.log(colours + np.float32(DARK)).astype(np.float32)
    grey = brightness(logs)
    seen = skin > 0.5
    usual = float(np.median(grey[seen])) if seen.any() else float(np.median(grey))
    spread = 1.5 * float(np.median(np.abs(grey[seen] - usual))) + 0.05 if seen.any() else 1.0
    weight = skin * np.exp(-(((grey - usual) / (3 * spread)) ** 2)).astype(np.float32)
    light = _even(logs, weight, LIGHT)
    return light, logs - light


def coloured(light: FloatMap, features: FloatMap) -> FloatMap:
    """Return the colours, RGB in [0, 1], of what ``parted`` gives."""
    return np.clip(np.exp(light + features) - DARK, 0, 1).astype(np.float32)


def _even(values: FloatMap, weight: FloatMap, reach: float) -> FloatMap:
    """Return the weighted average of values (h, w, 3) around each place; where nothing is near, of what
    is farther away."""
    far = _average(values, weight, 2.5 * reach, None)
    return _average(values, weight, reach, far)


def _average(
    values: FloatMap, weight: FloatMap, reach: float, otherwise: FloatMap | None
) -> FloatMap:
    share = blurred(weight, reach)[..., None]
    summed = blurred(values * weight[..., None], reach)
    if otherwise is None:
        return (summed / (share + 1e-6)).astype(np.float32)
    return ((summed + FAINT * otherwise) / (share + FAINT)).astype(np.float32)
