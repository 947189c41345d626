"""Turning a head: its mesh drawn at another pose, and what the camera did not see from the other half.

The face's 478 points go on as a shell, an ellipsoid with the ears and the hair line on it, so that
all of the head turns as one body; around it everything gives way smoothly and rests at the frame's
border. Where the skin was seen too slantingly, or not at all, the mirrored half stands in for it, as
bright as the skin beside it (Hassner et al., "Effective Face Frontalization", CVPR 2015, soft symmetry).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.engines.native.membrane import membrane
from editing.faces.align import FaceFrame, resized
from editing.faces.canonical import CanonicalFace
from editing.faces.maps import resting
from editing.faces.mesh import DrawnMesh, rotation
from editing.faces.parts import JAW
from editing.faces.topology import FACE_OVAL, POINTS

WARP_SIZE = 512
GIVING_WAY = 128  # pixels a side at which the surroundings of the head are bent
PIVOT = 0.9  # distances between the irises that the turning axis lies behind the eyes
SLANTED = (0.25, 0.5)  # share of its front that was seen of a place: nothing, all of it is used
POOR = 0.4  # share of its front below which what lies beside the face is not drawn out
# Distances between the irises beside an outline that are not believed either, and the degrees of a turn
# from which on, and up to which: landmarks know least of an outline seen from the side.
BESIDE, ASIDE = 0.3, (28.0, 40.0)
HARDLY = (2.0, 8.0)  # degrees of a turn: nothing comes to sight, all of it does
HEAD_BEFORE = 0.8  # distances between the irises that a jaw hangs before its neck
HIDDEN = (0.05, 0.15)  # distances between the irises that a place lies behind what the camera saw

# The skull without its face, in distances between the irises: where its middle lies and its radii.
SKULL = np.array([0.0, -0.05, 1.15], np.float32)
RADII = np.array([1.25, 1.85, 1.5], np.float32)
# The rings around the face: the ears, the widest outline, and beyond it what hair there is.
DEPTHS, WIDTHS = (0.5, 1.0, 1.0), (1.0, 1.0, 1.4)

FloatMap = NDArray[np.float32]
Points = NDArray[np.float32]
Values = NDArray[np.float32]  # of each point


@dataclass(frozen=True, slots=True)
class Turned:
    """A head at another pose.

    ``landmarks`` (478, 3), frame pixels. ``displacement`` (512, 512, 2): to where a pixel lay.
    ``other`` (512, 512, 2): to where its mirror image lay. ``unseen`` (512, 512): how little of it
    was seen, 0 to 1. ``mirrored`` (512, 512): where ``other`` says anything. ``lost`` (512, 512): where
    neither of them is to be believed, in the face.
    ``face`` (512, 512): the face without the shell. ``mask`` (512, 512): where anything moves.
    """

    landmarks: Points
    displacement: FloatMap
    other: FloatMap
    unseen: FloatMap
    mirrored: FloatMap
    lost: FloatMap
    face: FloatMap
    mask: FloatMap


def turned(
    frame: FaceFrame, canonical: CanonicalFace, yaw: float, pitch: float, roll: float
) -> Turned:
    """Return the head of ``frame`` at a pose in degrees, as ``mesh.rotation`` has them."""
    laid = frame.frame_from_canonical
    shape = with_shell(laid.invert(frame.landmarks))
    turn = rotation(yaw, pitch, roll)
    # The head turns about its middle, which stays where it is.
    pivot = np.array([0, 0.25, PIVOT], np.float32)
    moved = ((shape - pivot) @ turn.T * laid.scale + laid.apply(pivot[None])).astype(np.float32)
    scale = WARP_SIZE / frame.size
    source, target = resized(laid.apply(shape), scale), resized(moved, scale)
    face = _below(canonical.triangles, 0)
    head = _below(canonical.triangles, 2)
    head = head[~np.isin(head, _neck(2)).any(axis=1)]
    size = (WARP_SIZE, WARP_SIZE)
    mesh = DrawnMesh(target, head, size)  # the skull and the face, which are one body
    around = DrawnMesh(target, canonical.triangles, size)
    unit = laid.scale * scale
    seen, other_seen = _seen(source, target, canonical, unit)
    angle = math.degrees(math.acos(np.clip((np.trace(turn @ laid.rotation.T) - 1) / 2, -1, 1)))
    unsure = BESIDE * float(np.interp(angle, ASIDE, (0, 1)))
    unseen, lost = _unseen(around, seen, other_seen, unit, unsure)
    # What hid itself goes on hiding itself in a head that hardly turns.
    unseen = unseen * np.float32(np.interp(angle, HARDLY, (0, 1)))
    inside = DrawnMesh(target, face, size).inside
    # An ear that was hardly seen would be drawn out to a smear: it gives way instead. So does what
    # is near the frame's border.
    well = (_shown(mesh, seen) > POOR) & (resting(WARP_SIZE) == 1)
    known = (inside | (mesh.inside & well)) & (unseen < 0.98)
    grid = np.stack(np.meshgrid(np.arange(WARP_SIZE), np.arange(WARP_SIZE)), axis=2)
    shift = (mesh.positions(source) - grid).astype(np.float32)
    displacement = _soft(_given_way(shift, known), 200)
    other = around.positions(source[_mirrored(canonical)]) - grid
    moves = (np.abs(displacement).max(axis=2) > 0.05).astype(np.uint8)
    wide = cv2.dilate(moves, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)))
    return Turned(
        moved[:POINTS],
        displacement / scale,
        _soft(other.astype(np.float32), 200) / scale,
        _soft(unseen, 120),
        _well_inside(around),
        (lost * inside).astype(np.float32),
        _soft(inside.astype(np.float32), 60),
        wide.astype(np.float32),
    )


def with_shell(shape: Points) -> Points:
    """Return (478 + 3 * 36, 3): a canonical shape and the rings of the head around it."""
    oval = shape[list(FACE_OVAL)]
    around = np.arctan2((oval - SKULL)[:, 1] / RADII[1], (oval - SKULL)[:, 0] / RADII[0])
    rings = []
    for depth, width in zip(DEPTHS, WIDTHS, strict=True):
        z = oval[:, 2] + depth * (SKULL[2] - oval[:, 2])
        reach = width * np.sqrt(np.maximum(1 - ((z - SKULL[2]) / RADII[2]) ** 2, 0))
        x, y = (
            SKULL[0] + RADII[0] * reach * np.cos(around),
            SKULL[1] + RADII[1] * reach * np.sin(around),
        )
        rings.append(np.stack([x, y, z], axis=1))
    return np.concatenate([shape, *rings]).astype(np.float32)


def _below(triangles: NDArray[np.int32], ring: int) -> NDArray[np.int32]:
    """Return the triangles between the points and the first so many rings."""
    return triangles[(triangles < POINTS + ring * len(FACE_OVAL)).all(axis=1)]


def _neck(rings: int) -> NDArray[np.int64]:
    """Return the points of the first so many rings below the jaw: not the skull's, which turns on them."""
    below = [FACE_OVAL.index(point) for point in JAW]
    return np.array([POINTS + n * len(FACE_OVAL) + k for n in range(rings) for k in below])


def _given_way(shift: FloatMap, known: NDArray[np.bool_]) -> FloatMap:
    """Return the displacement (512, 512, 2) continued from where it is known to the frame's border,
    where nothing moves: harmonic, so that it neither folds nor tears."""
    small = (GIVING_WAY, GIVING_WAY)
    weight = cv2.resize(known.astype(np.float32), small, interpolation=cv2.INTER_AREA)
    sums = cv2.resize(shift * known[..., None], small, interpolation=cv2.INTER_AREA)
    values = sums / np.maximum(weight, 1e-3)[..., None]
    free = weight < 0.5
    for edge in (0, -1):
        free[edge], free[:, edge] = False, False
        values[edge], values[:, edge] = 0, 0
    bent = cv2.resize(membrane(values, free), shift.shape[:2], interpolation=cv2.INTER_LINEAR)
    return np.where(known[..., None], shift, bent).astype(np.float32)


def _soft(values: FloatMap, part: int) -> FloatMap:
    return cv2.GaussianBlur(values, (0, 0), WARP_SIZE / part).astype(np.float32)


def _mirrored(canonical: CanonicalFace) -> NDArray[np.int64]:
    """Return which point of face and rings is the mirror image of each."""
    count = len(FACE_OVAL)
    ring = (count - np.arange(count)) % count
    rings = [POINTS + n * count + ring for n in range(len(DEPTHS))]
    return np.concatenate([canonical.mirror, *rings])


def _unseen(
    mesh: DrawnMesh, seen: Values, other: Values, unit: float, unsure: float
) -> tuple[FloatMap, FloatMap]:
    """Return two (512, 512): 1 where the head was not seen, and its other half was seen better; 1 where
    it lies beside what was hidden (within ``unsure`` distances between the irises), and its other half
    was hidden too, as on the ridge of a nose."""
    worth = np.clip((other - 0.4) / 0.3, 0, 1)
    share = np.clip((SLANTED[1] - seen) / (SLANTED[1] - SLANTED[0]), 0, 1)
    share = share * worth * np.clip((other - seen - 0.1) / 0.2, 0, 1)
    # Hair fades out where the last ring is.
    share[-len(FACE_OVAL) :] = 0
    # A deep-set eye is not to be of both halves, and the outline that hides is not to be shown.
    hidden = cv2.morphologyEx(_shown(mesh, 1.6 * share), cv2.MORPH_CLOSE, _disc(0.2 * unit))
    beside = cv2.dilate(np.clip(2 * hidden - 1, 0, 1), _disc(unsure * unit))
    worth_it = _shown(mesh, worth)
    unseen = np.maximum(hidden, beside * worth_it) * _well_inside(mesh)
    return unseen.astype(np.float32), (beside - unseen).clip(0, 1).astype(np.float32)


def _well_inside(mesh: DrawnMesh) -> FloatMap:
    """Return (512, 512), 1 inside a mesh: at its border it ends, and with it what is known of mirror
    images."""
    return cv2.erode(mesh.inside.astype(np.uint8), _disc(WARP_SIZE / 12)).astype(np.float32)


def _disc(width: float) -> NDArray[np.uint8]:
    side = round(width) | 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.uint8)


def _shown(mesh: DrawnMesh, values: Values) -> FloatMap:
    """Return (512, 512): values of the points where the mesh is drawn, 0 to 1, 0 elsewhere."""
    shown = mesh.positions(np.repeat(values[:, None], 2, axis=1))[..., 0]
    return np.where(mesh.inside, np.clip(shown, 0, 1), 0).astype(np.float32)


def _seen(
    source: Points, target: Points, canonical: CanonicalFace, unit: float
) -> tuple[Values, Values]:
    """Return of each point what the camera saw of it, as a share of what is to be shown, 0 to 1, and
    what it saw of its mirror image."""
    front, wanted = (_fronts(points, canonical) for points in (source, target))
    # A neck hardly turns: it was seen, as long as it is not the whole head that is before it.
    neck = _neck(len(DEPTHS))
    front[neck], wanted[neck] = 1, 1
    # What lies behind what the camera saw at the same place is hidden, as a cheek is by the nose.
    drawn = DrawnMesh(source, _below(canonical.triangles, 2), (WARP_SIZE, WARP_SIZE))
    nearest = drawn.positions(np.repeat(source[:, 2:], 2, axis=1))[..., 0]
    nearest[~drawn.inside] = np.inf
    x, y = np.clip(np.round(source[:, :2]).astype(int), 0, WARP_SIZE - 1).T
    behind = (source[:, 2] - nearest[y, x]) / unit
    behind[neck] -= HEAD_BEFORE
    front = np.maximum(front, 0) * (
        1 - np.clip((behind - HIDDEN[0]) / (HIDDEN[1] - HIDDEN[0]), 0, 1)
    )
    # Of what turns away from the viewer nothing is to be shown.
    wanted = np.where(wanted > 0.05, wanted, np.inf)
    seen, other = (np.clip(f / wanted, 0, 1) for f in (front, front[_mirrored(canonical)]))
    seen[np.isinf(wanted)] = 1
    return seen.astype(np.float32), other.astype(np.float32)


def _fronts(points: Points, canonical: CanonicalFace) -> Values:
    """Return of each point how much the head there faces the viewer, 1 to -1."""
    a, b, c = (points[canonical.triangles[:, n]] for n in range(3))
    d, e, f = (with_shell(canonical.shape)[canonical.triangles[:, n]] for n in range(3))
    ahead = np.sign(np.cross(e - d, f - d)[:, 2:])
    normal = ahead * np.cross(b - a, c - a)
    sums = np.zeros((len(points), 3), np.float32)
    for column in range(3):
        np.add.at(sums, canonical.triangles[:, column], normal)
    return (sums[:, 2] / np.maximum(np.linalg.norm(sums, axis=1), 1e-6)).astype(np.float32)
