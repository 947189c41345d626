"""Where a head points, from its landmarks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editing.faces.canonical import canonical_face, fit_face
from editing.faces.face import Pose
from editing.models import ModelStore


def estimate_pose(landmarks: NDArray[np.float32], models: ModelStore) -> Pose:
    """Return the pose of (478, 3) landmarks, in degrees, relative to the canonical face.

    Raises:
        WeightsUnavailable: the canonical face is not there.
    """
    return pose_of(fit_face(canonical_face(models), landmarks).rotation)


def pose_of(rotation: NDArray[np.float32]) -> Pose:
    """Return the angles whose ``mesh.rotation`` is the given 3 x 3 rotation."""
    # about_y(yaw) @ about_x(pitch) @ about_z(roll): its middle row holds only pitch and roll.
    r = rotation.astype(np.float64)
    pitch = np.arcsin(np.clip(r[1, 2], -1, 1))
    roll = np.arctan2(r[1, 0], r[1, 1])
    yaw = np.arctan2(-r[0, 2], r[2, 2])
    return Pose(*(float(np.degrees(angle)) for angle in (yaw, pitch, roll)))
