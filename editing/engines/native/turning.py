"""Turning a head: its mesh drawn at another pose, and what the camera did not see from the other half.

Where the skin was seen too slantingly, or not at all, the mirrored half stands in for it, as bright
as the skin beside it (Hassner et al., "Effective Face Frontalization", CVPR 2015, soft symmetry).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.align import FaceFrame
from editing.faces.canonical import CanonicalFace
from editing.faces.maps import followed, resting
from editing.faces.mesh import DrawnMesh, rotation, with_rings
from editing.faces.topology import FACE_OVAL, POINTS

WARP_SIZE = 512
FOLLOW = (0.8, 0.35, 0.0)  # how far the rings around the face follow its outline
PIVOT = 0.9  # distances between the irises that the turning axis lies behind the eyes
SLANTED = (0.55, 0.85)  # share of a triangle's front that was seen: none of it, all of it is used

FloatMap = NDArray[np.float32]
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Turned:
    """A head at another pose.

    ``landmarks`` (478, 3), frame pixels. ``displacement`` (512, 512, 2): to where a pixel lay.
    ``other`` (512, 512, 2): to where its mirror image lay. ``unseen`` (512, 512): how little of it
    was seen, 0 to 1. ``mask`` (512, 512): where anything moves.
    """

    landmarks: Points
    displacement: FloatMap
    other: FloatMap
    unseen: FloatMap
    mask: FloatMap


def turned(
    frame: FaceFrame, canonical: CanonicalFace, yaw: float, pitch: float, roll: float
) -> Turned:
    """Return the head of ``frame`` at a pose in degrees, as ``mesh.rotation`` has them."""
    laid = frame.frame_from_canonical
    shape = laid.invert(frame.landmarks)
    turn = rotation(yaw, pitch, roll)
    # The head turns about its middle, which stays where it is.
    pivot = np.array([0, 0.25, PIVOT], np.float32)
    middle = laid.apply(pivot[None])[0]
    landmarks = ((shape - pivot) @ turn.T * laid.scale + middle).astype(np.float32)
    scale = WARP_SIZE / frame.size
    source, target = frame.landmarks * scale, landmarks * scale
    fixed, moved = with_rings(source), followed(source, target, FOLLOW)
    mesh = DrawnMesh(moved, canonical.triangles, (WARP_SIZE, WARP_SIZE))
    grid = np.stack(np.meshgrid(np.arange(WARP_SIZE), np.arange(WARP_SIZE)), axis=2)
    grid = grid.astype(np.float32)
    displacement = cv2.GaussianBlur(mesh.positions(fixed) - grid, (0, 0), WARP_SIZE / 200)
    other = cv2.GaussianBlur(
        mesh.positions(_mirrored(fixed, canonical)) - grid, (0, 0), WARP_SIZE / 200
    )
    displacement = displacement * resting(WARP_SIZE)[..., None]
    moves = (np.abs(displacement).max(axis=2) > 0.05).astype(np.uint8)
    wide = cv2.dilate(moves, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)))
    unseen = _unseen(mesh, source, target, canonical)
    return Turned(landmarks, displacement / scale, other / scale, unseen, wide.astype(np.float32))


def _mirrored(points: Points, canonical: CanonicalFace) -> Points:
    """Return points and rings in the order of their mirror images."""
    count = len(FACE_OVAL)
    ring = (count - np.arange(count)) % count
    rings = np.concatenate([POINTS + n * count + ring for n in range(len(FOLLOW))])
    return points[np.concatenate([canonical.mirror, rings])]


def _unseen(mesh: DrawnMesh, source: Points, target: Points, canonical: CanonicalFace) -> FloatMap:
    """Return (512, 512): 1 where the skin was not seen, and its other half was seen better."""
    front = _fronts(source, canonical) / np.maximum(_fronts(target, canonical), 0.05)
    inner = (canonical.triangles < POINTS).all(axis=1)
    corners = np.zeros(POINTS + 3 * len(FACE_OVAL), np.float32)
    counts = np.zeros_like(corners)
    for column in range(3):
        np.add.at(corners, canonical.triangles[inner, column], front[inner])
        np.add.at(counts, canonical.triangles[inner, column], 1)
    seen = np.where(counts > 0, corners / np.maximum(counts, 1), 1)[:POINTS]
    better = np.clip((seen[canonical.mirror] - seen) / 0.2, 0, 1)
    share = np.clip((SLANTED[1] - seen) / (SLANTED[1] - SLANTED[0]), 0, 1) * better
    values = np.zeros((len(corners), 3), np.float32)
    values[:POINTS, 0] = share
    shown = mesh.positions(values)[..., 0]
    shown[~mesh.inside] = 0
    return cv2.GaussianBlur(np.clip(shown, 0, 1), (0, 0), WARP_SIZE / 120)


def _fronts(points: Points, canonical: CanonicalFace) -> NDArray[np.float32]:
    """Return (T,): how much each triangle faces the viewer, 1 to -1; that of rings is 1."""
    full = np.concatenate([points, np.zeros((3 * len(FACE_OVAL), 3), np.float32)])
    a, b, c = (full[canonical.triangles[:, n]] for n in range(3))
    normal = np.cross(b - a, c - a)
    front = np.abs(normal[:, 2]) / np.maximum(np.linalg.norm(normal, axis=1), 1e-6)
    return np.where((canonical.triangles < POINTS).all(axis=1), front, 1).astype(np.float32)
