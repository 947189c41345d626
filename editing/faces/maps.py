"""Maps on the canonical face: what is known of a place of every face, brought to one face's frame.

A map is a square picture of the canonical face, laid out as the frame is: the middle of the irises
at the same share of its sides, and their distance the same part of them.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.align import MIDDLE, SIDE_IN_EYES, resized
from editing.faces.canonical import CanonicalFace
from editing.faces.mesh import DrawnMesh, with_rings
from editing.faces.topology import FACE_OVAL, POINTS

BEHIND = 1e5

FloatMap = NDArray[np.float32]
Points = NDArray[np.float32]


def on_map(shape: Points, size: int) -> Points:
    """Return a canonical shape (N, 3) in pixels of a map with ``size`` pixels a side."""
    unit = size / SIDE_IN_EYES
    shift = np.array([MIDDLE[0] * size - 0.5, MIDDLE[1] * size - 0.5, 0], np.float32)
    return (shape * unit + shift).astype(np.float32)


def ringed(points: Points) -> Points:
    """Return the points with their rings, which lie behind all of the face."""
    rings = with_rings(points)
    rings[POINTS:, 2] += BEHIND
    return rings


def followed(source: Points, target: Points, follow: tuple[float, float, float]) -> Points:
    """Return ``target`` (478, 3) with the rings of ``source`` (478, 3), each of which goes along with
    the outline of the face by its share of ``follow``, the inner ring first.
    """
    oval = list(FACE_OVAL)
    moved = ringed(target)
    share = np.repeat(np.array(follow, np.float32), len(oval))[:, None]
    shift = np.tile((target - source)[oval, :2], (len(follow), 1))
    moved[POINTS:, :2] = with_rings(source)[POINTS:, :2] + share * shift
    return moved


def places(landmarks: Points, canonical: CanonicalFace, frame: int, size: int) -> FloatMap:
    """Return float32 (size, size, 2): where each place of a frame lies on the map, x and y, 0 to 1.

    Args:
        landmarks: (478, 3), pixels of a frame with ``frame`` pixels a side.
        canonical: the face that maps lie on.
        frame, size: sides of the frame and of what is returned.
    """
    drawn = ringed(resized(landmarks, size / frame))
    mesh = DrawnMesh(drawn, canonical.triangles, (size, size))
    found = mesh.positions(with_rings(on_map(canonical.shape, size)))
    return ((found + 0.5) / size).astype(np.float32)


def look_up(values: FloatMap, where: FloatMap) -> FloatMap:
    """Return a map's values (h, w, C) at ``places``, float32 (size, size, C)."""
    height, width = values.shape[:2]
    at = where * np.array([width, height], np.float32) - 0.5
    parts = [
        cv2.remap(
            np.ascontiguousarray(values[..., n : n + 4]),
            at,
            None,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        for n in range(0, values.shape[2], 4)
    ]
    return np.concatenate([p[..., None] if p.ndim == 2 else p for p in parts], axis=2)


def canonical_mesh(canonical: CanonicalFace, size: int) -> DrawnMesh:
    """Return the canonical face drawn on its own map of ``size`` pixels a side."""
    return DrawnMesh(ringed(on_map(canonical.shape, size)), canonical.triangles, (size, size))


def laid_on_map(picture: FloatMap, landmarks: Points, mesh: DrawnMesh, size: int) -> FloatMap:
    """Return the picture (h, w) or (h, w, C) laid on the map: (size, size) or (size, size, C).

    Args:
        landmarks: (478, 3), pixels of the picture.
        mesh: ``canonical_mesh`` of a size that ``size`` divides, about the picture's own.
    """
    laid = cv2.remap(
        np.ascontiguousarray(picture),
        mesh.positions(with_rings(landmarks)),
        None,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return cv2.resize(laid, (size, size), interpolation=cv2.INTER_AREA)


def resting(size: int) -> FloatMap:
    """Return (size, size): 1 inside a frame, falling smoothly to 0 at its border.

    A warp of a frame ends there: what it moved up to the border would tear from what is beyond.
    """
    line = np.minimum(np.arange(size), np.arange(size)[::-1]).astype(np.float32)
    ramp = np.clip(np.minimum(line[:, None], line[None]) / (0.12 * size), 0, 1)
    return (ramp * ramp * (3 - 2 * ramp)).astype(np.float32)
