"""A face that was found in a photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Pose:
    """Degrees. Yaw is positive when the nose points to the picture's right, pitch when it points
    up, roll when the head leans clockwise as the viewer sees it."""

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True)
class Face:
    """One face: ``index`` counts from 0, the largest face first.

    ``box`` is (x0, y0, x1, y1), half-open, pixels of the photo. ``landmarks`` is float32 (478, 3):
    x and y in pixels of the photo, z in the same unit, smaller is nearer. ``score`` is the
    detector's own confidence, higher is surer.
    """

    index: int
    box: Box
    landmarks: NDArray[np.float32]
    pose: Pose
    score: float
