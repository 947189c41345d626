"""Which muscles of the face are at work, by distances between landmarks.

The landmarks are first brought into the canonical face's place: turn, size and shift of the head
are taken out, and the unit is the distance between the irises. Each reading is then a distance, so
a single one depends on the person; what an edit did is the difference of two.

A reading is no better than the landmarks. The network learned from open eyes and calm brows, so of
eyes that close, brows that knit and corners that draw together it sees a part only: direction, yes;
amount, no.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editing.faces.canonical import Similarity
from editing.faces.topology import LEFT_BROW, LEFT_EYE, RIGHT_BROW, RIGHT_EYE

RIGHT_CORNER, LEFT_CORNER = 61, 291
UPPER_INNER, LOWER_INNER = 13, 14
UPPER_OUTER, LOWER_OUTER = 0, 17
NOSE_BASE = 2


def action_units(landmarks: NDArray[np.float32], laid: Similarity) -> dict[str, float]:
    """Return the reading of each unit, in distances between the irises unless it says otherwise.

    Args:
        landmarks: (478, 3), pixels.
        laid: the canonical face on these landmarks.

    - ``smile``: how far the mouth's corners lie out and up: half the distance between them less
      how far they lie below the base of the nose.
    - ``mouth_open``: the height of the gap between the lips in the middle; below 0 where the
      points of closed lips cross.
    - ``mouth_width``: the distance between the corners.
    - ``pucker``: the red of both lips in the middle, upper and lower together, divided by the
      distance between the corners (a ratio).
    - ``brow_raise``: how far the brows lie above the middles of their eyes, mean of both.
    - ``brow_furrow``: minus the distance between the inner ends of the brows, so that it rises as
      they draw together.
    - ``eyes_open``: the height of the gap between the lids, mean over the three middle pairs and
      both eyes.
    """
    face = laid.invert(landmarks).astype(np.float64)
    corners = face[[RIGHT_CORNER, LEFT_CORNER]]
    width = _distance(*corners)
    below = float(corners[:, 1].mean() - face[NOSE_BASE, 1])
    upper_lip = _distance(face[UPPER_OUTER], face[UPPER_INNER])
    lower_lip = _distance(face[LOWER_OUTER], face[LOWER_INNER])
    right = _brow_height(face, RIGHT_BROW, RIGHT_EYE)
    left = _brow_height(face, LEFT_BROW, LEFT_EYE)
    return {
        "smile": width / 2 - below,
        "mouth_open": float(face[LOWER_INNER, 1] - face[UPPER_INNER, 1]),
        "mouth_width": width,
        "pucker": (upper_lip + lower_lip) / width,
        "brow_raise": (right + left) / 2,
        "brow_furrow": -_distance(_inner_end(face, RIGHT_BROW), _inner_end(face, LEFT_BROW)),
        "eyes_open": (_lid_gap(face, RIGHT_EYE) + _lid_gap(face, LEFT_EYE)) / 2,
    }


def _distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(a - b))


def _brow_height(face: NDArray[np.float64], brow: tuple[int, ...], eye: tuple[int, ...]) -> float:
    # The eye's corners do not move with its lids.
    middle = (face[eye[0], 1] + face[eye[8], 1]) / 2
    return float(middle - face[list(brow), 1].mean())


def _inner_end(face: NDArray[np.float64], brow: tuple[int, ...]) -> NDArray[np.float64]:
    # The end of the upper edge and the beginning of the lower one.
    end: NDArray[np.float64] = face[[brow[4], brow[5]]].mean(axis=0)
    return end


def _lid_gap(face: NDArray[np.float64], eye: tuple[int, ...]) -> float:
    lower, upper = face[list(eye[3:6])], face[[eye[13], eye[12], eye[11]]]
    return float((lower[:, 1] - upper[:, 1]).mean())
