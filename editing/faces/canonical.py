"""The canonical face: the mean frontal neutral shape, its triangles and its mirror order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editing.models import ModelStore

# Points that no expression moves much: eye corners, bridge, temples, forehead, sides of the nose.
RIGID = (
    33, 133, 362, 263, 168, 6, 197, 195, 8, 9, 151, 10, 127, 356, 234, 454, 162, 389, 21, 251,
    54, 284, 103, 332, 67, 297, 109, 338, 122, 351, 193, 417,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CanonicalFace:
    """``shape`` is float32 (478, 3), symmetric, about the point between the irises, in units of
    their distance; x to the picture's right, y down, z away from the viewer. ``triangles`` is
    int32 (T, 3) over the 478 points and the three rings of ``mesh.with_rings``. ``mirror`` is
    int64 (478,)."""

    shape: NDArray[np.float32]
    triangles: NDArray[np.int32]
    mirror: NDArray[np.int64]


def canonical_face(models: ModelStore) -> CanonicalFace:
    """Return the canonical face of the weights ``mesh``.

    Raises:
        WeightsUnavailable: they are not there.
    """

    def read() -> CanonicalFace:
        stored = models.tensors("mesh")
        return CanonicalFace(
            stored["shape"].numpy(), stored["triangles"].numpy(), stored["mirror"].numpy()
        )

    face: CanonicalFace = models.keep("canonical", read)
    return face


@dataclass(frozen=True, slots=True)
class Similarity:
    """``points @ rotation.T * scale + shift``: from the canonical face to a picture."""

    scale: float
    rotation: NDArray[np.float32]
    shift: NDArray[np.float32]

    def apply(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        return (points @ self.rotation.T * self.scale + self.shift).astype(np.float32)

    def invert(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        return ((points - self.shift) @ self.rotation / self.scale).astype(np.float32)


def fit_similarity(source: NDArray[np.float32], destination: NDArray[np.float32]) -> Similarity:
    """Return the similarity that brings ``source`` (N, D) closest to ``destination`` (N, D).

    Least squares without reflection: Umeyama, "Least-squares estimation of transformation
    parameters between two point patterns", PAMI 1991, equations 40 to 42. D is 2 or 3.
    """
    a, b = source.astype(np.float64), destination.astype(np.float64)
    middle_a, middle_b = a.mean(axis=0), b.mean(axis=0)
    a, b = a - middle_a, b - middle_b
    left, singular, right = np.linalg.svd(b.T @ a / len(a))
    sign = np.ones(a.shape[1])
    if np.linalg.det(left) * np.linalg.det(right) < 0:
        sign[-1] = -1
    turn = left @ np.diag(sign) @ right
    scale = float((singular * sign).sum() / (a**2).sum(axis=1).mean())
    shift = middle_b - scale * turn @ middle_a
    return Similarity(scale, turn.astype(np.float32), shift.astype(np.float32))


def fit_face(canonical: CanonicalFace, landmarks: NDArray[np.float32]) -> Similarity:
    """Return the similarity that lays the canonical face on (478, 3) landmarks, by rigid points."""
    rigid = list(RIGID)
    return fit_similarity(canonical.shape[rigid], landmarks[rigid])
