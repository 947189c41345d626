"""The face as a triangle mesh: which pixel of one shape comes from where in another.

A warp is a dense map: for every pixel of the destination, the (x, y) of its source, as
``cv2.remap`` wants it. Triangles are drawn from far to near, so that the nearest one wins where a
turned face hides a part of itself.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from editing.faces.topology import FACE_OVAL

Points = NDArray[np.float32]
DenseMap = NDArray[np.float32]

# Rings outside the face oval carry a warp out to rest: each is the oval, scaled about its centre.
RING_SCALES = (1.25, 1.6, 2.2)
IRISES = slice(468, 478)


def with_rings(points: Points) -> Points:
    """Return (478 + 3 * 36, 3): the points followed by three rings around the face oval."""
    oval = points[list(FACE_OVAL)]
    centre = oval.mean(axis=0)
    rings = [centre + (oval - centre) * np.float32([scale, scale, 1.0]) for scale in RING_SCALES]
    return np.concatenate([points, *rings]).astype(np.float32)


def triangulate(points: Points) -> NDArray[np.int32]:
    """Return (T, 3): the Delaunay triangles of a frontal shape's x and y.

    The irises take no part: they lie behind the lids, which move over them.
    """
    corners = np.delete(np.arange(len(points)), np.arange(IRISES.start, IRISES.stop))
    flat = Delaunay(points[corners, :2].astype(np.float64)).simplices
    return corners[flat].astype(np.int32)


def triangle_map(
    source: Points, destination: Points, triangles: NDArray[np.int32], size: tuple[int, int]
) -> tuple[DenseMap, NDArray[np.bool_]]:
    """Return the piecewise affine map that brings ``source`` to ``destination``.

    Args:
        source: (P, 2 or 3) points, pixels.
        destination: (P, 3) points, pixels; a smaller z is nearer.
        triangles: (T, 3) indices into both.
        size: (height, width) of the destination.

    Returns:
        float32 (H, W, 2) source positions, and bool (H, W), true where a triangle was drawn.
        Elsewhere the map is the identity.
    """
    height, width = size
    index = np.full((height, width), -1, np.int32)
    depth = destination[triangles, 2].mean(axis=1)
    corners = np.round(destination[triangles, :2] * 16).astype(np.int32)
    for triangle in np.argsort(-depth):
        cv2.fillConvexPoly(index, corners[triangle], int(triangle), shift=4)
    inside = index >= 0
    affine = _affine_per_triangle(destination[triangles, :2], source[triangles, :2])
    ys, xs = np.nonzero(inside)
    chosen = affine[index[ys, xs]]
    positions = np.stack([xs, ys, np.ones_like(xs)], axis=1).astype(np.float32)
    dense = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=2).astype(np.float32)
    dense[ys, xs] = np.einsum("nij,nj->ni", chosen, positions)
    return dense, inside


def _affine_per_triangle(
    destination: NDArray[np.float32], source: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return (T, 2, 3): for each triangle the affine map from destination to source."""
    ones = np.ones((*destination.shape[:2], 1), np.float64)
    system = np.concatenate([destination.astype(np.float64), ones], axis=2)
    # A triangle seen edge-on has no inverse; the pseudo-inverse maps it to its own line.
    solved = np.linalg.pinv(system) @ source.astype(np.float64)
    return solved.transpose(0, 2, 1).astype(np.float32)


def rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float32]:
    """Return the 3 x 3 rotation for angles in degrees: roll about z, then pitch about x, then yaw about y.

    The axes are those of the points: x to the right of the picture, y down, z away from the viewer.
    Positive yaw turns the nose to the right of the picture, positive pitch lifts it, positive roll
    turns the head clockwise as the viewer sees it.
    """
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return (about_y @ about_x @ about_z).astype(np.float32)
