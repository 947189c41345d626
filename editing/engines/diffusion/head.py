"""The soft mask of a head, or of a face alone, from its landmarks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.topology import FACE_OVAL

# How far hair and ears reach beyond the face oval, as shares of it: sideways, up, down.
HEAD = (0.42, 0.75, 0.08)
FACE = (0.02, 0.0, 0.02)
FEATHER = 0.025  # of the side
RIM = 0.04  # of the side: the mask has ended before the frame does


def head_mask(points: NDArray[np.float32], size: int, with_hair: bool) -> NDArray[np.float32]:
    """Return float32 (size, size): 1 in the middle of the head, 0 outside it, soft at its edge.

    Args:
        points: (478, 2 or 3) landmarks in pixels of a picture of ``size``, the face upright.
        size: the side, pixels.
        with_hair: the hair belongs to it; False keeps to the face.
    """
    oval = points[list(FACE_OVAL), :2].astype(np.float32)
    centre = oval.mean(axis=0)
    rays = oval - centre
    toward = rays / np.maximum(np.linalg.norm(rays, axis=1, keepdims=True), 1e-6)
    side, up, down = HEAD if with_hair else FACE
    more = (
        side * toward[:, 0] ** 2
        + up * np.minimum(toward[:, 1], 0) ** 2
        + down * np.maximum(toward[:, 1], 0) ** 2
    )
    outline = np.round((centre + rays * (1 + more[:, None])) * 16).astype(np.int32)
    mask = np.zeros((size, size), np.float32)
    cv2.fillPoly(mask, [outline], 1.0, cv2.LINE_AA, 4)
    rim = max(1, round(RIM * size))
    mask[:rim], mask[-rim:], mask[:, :rim], mask[:, -rim:] = 0, 0, 0, 0
    # Eroded by as much as the blur reaches, so that the soft edge lies inside.
    reach = max(1, round(2 * FEATHER * size))
    core = cv2.erode(mask, np.ones((reach, reach), np.uint8))
    soft = cv2.GaussianBlur(core, (0, 0), FEATHER * size)
    return np.where(mask > 0, np.where(soft > 0.01, soft, 0), 0).astype(np.float32)
