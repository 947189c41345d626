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
    rings = [
        centre + (oval - centre) * np.array([scale, scale, 1.0], np.float32)
        for scale in RING_SCALES
    ]
    return np.concatenate([points, *rings]).astype(np.float32)


def triangulate(points: Points) -> NDArray[np.int32]:
    """Return (T, 3): triangles of a frontal shape's x and y; Delaunay's, but that none crosses the outline
    of the face, which in a turned head would be torn there.

    The irises take no part: they lie behind the lids, which move over them.
    """
    corners = np.delete(np.arange(len(points)), np.arange(IRISES.start, IRISES.stop))
    flat = Delaunay(points[corners, :2].astype(np.float64)).simplices
    triangles = {frozenset(int(n) for n in triangle) for triangle in corners[flat]}
    for edge in zip(FACE_OVAL, (*FACE_OVAL[1:], FACE_OVAL[0]), strict=True):
        while not any(set(edge) <= triangle for triangle in triangles):
            _flip(triangles, edge, points)
    found = np.array(sorted(sorted(triangle) for triangle in triangles), np.int32)
    # All run the same way round, as Delaunay's do.
    one, two = (points[found[:, n], :2] - points[found[:, 0], :2] for n in (1, 2))
    turned = one[:, 0] * two[:, 1] < one[:, 1] * two[:, 0]
    found[turned] = found[turned][:, [0, 2, 1]]
    return found


def _flip(triangles: set[frozenset[int]], edge: tuple[int, int], points: Points) -> None:
    """Turn the diagonal that crosses an edge beside its first point (Lawson, 1977)."""
    first, last = edge
    for triangle in [t for t in triangles if first in t]:
        across = triangle - {first}
        if not _cross(points[[first, last], :2], points[sorted(across), :2]):
            continue
        (other,) = (t for t in triangles if across <= t and t != triangle)
        (far,) = other - across
        triangles -= {triangle, other}
        triangles |= {frozenset((first, far, corner)) for corner in across}
        return
    raise ValueError(f"nothing crosses the edge from {first} to {last}")


def _cross(one: Points, other: Points) -> bool:
    """Return whether two segments (2, 2) cross."""

    def sides(line: Points, ends: Points) -> float:
        (ax, ay), (bx, by) = line.astype(np.float64)
        first, last = ((bx - ax) * (y - ay) - (by - ay) * (x - ax) for x, y in ends)
        return float(first * last)

    return sides(one, other) < 0 and sides(other, one) < 0


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
    drawn = DrawnMesh(destination, triangles, size)
    return drawn.positions(source), drawn.inside


class DrawnMesh:
    """A mesh drawn at one place: which triangle each pixel shows, for maps to several sources.

    ``inside`` is bool (H, W), true where a triangle was drawn.
    """

    def __init__(
        self, destination: Points, triangles: NDArray[np.int32], size: tuple[int, int]
    ) -> None:
        self.destination, self.triangles = destination, triangles
        index = np.full(size, -1, np.int32)
        depth = destination[triangles, 2].mean(axis=1)
        corners = np.round(destination[triangles, :2] * 16).astype(np.int32)
        for triangle in np.argsort(-depth):
            cv2.fillConvexPoly(index, corners[triangle], int(triangle), shift=4)
        self.inside = index >= 0
        self.rows, self.columns = np.nonzero(self.inside)
        self.shown = index[self.rows, self.columns]

    def positions(self, source: Points) -> DenseMap:
        """Return float32 (H, W, 2): the place in ``source`` of each pixel; itself where none is."""
        height, width = self.inside.shape
        affine = _affine_per_triangle(
            self.destination[self.triangles, :2], source[self.triangles, :2]
        )
        chosen = affine[self.shown]
        x, y = self.columns.astype(np.float32), self.rows.astype(np.float32)
        dense = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=2)
        positions = dense.astype(np.float32)
        positions[self.rows, self.columns, 0] = chosen[:, 0] * x + chosen[:, 1] * y + chosen[:, 2]
        positions[self.rows, self.columns, 1] = chosen[:, 3] * x + chosen[:, 4] * y + chosen[:, 5]
        return positions


def _affine_per_triangle(
    destination: NDArray[np.float32], source: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return (T, 6): for each triangle the affine map from destination to source, row by row."""
    d, s = destination.astype(np.float64), source.astype(np.float64)
    u, v = d[:, 1] - d[:, 0], d[:, 2] - d[:, 0]
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    # A triangle seen edge-on has no inverse, and next to no pixels.
    area = np.where(np.abs(area) < 1e-6, np.inf, area)
    p, q = s[:, 1] - s[:, 0], s[:, 2] - s[:, 0]
    a = (p * v[:, 1:] - q * u[:, 1:]) / area[:, None]
    b = (q * u[:, :1] - p * v[:, :1]) / area[:, None]
    c = s[:, 0] - a * d[:, 0, :1] - b * d[:, 0, 1:]
    rows = [a[:, 0], b[:, 0], c[:, 0], a[:, 1], b[:, 1], c[:, 1]]
    return np.stack(rows, axis=1).astype(np.float32)


def rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float32]:
    """Return the 3 x 3 rotation for angles in degrees: first roll, then pitch, then yaw.

    The axes are those of the points: x to the right of the picture, y down, z away from the viewer.
    Positive yaw turns the nose to the right of the picture, positive pitch lifts it, positive roll
    turns the head clockwise as the viewer sees it.
    """
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return (about_y @ about_x @ about_z).astype(np.float32)
