"""Faces as they are kept in the database, and back."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from editing.faces.face import Face, Pose

POINTS = (478, 3)
KEPT = np.dtype("<f4")


def pack_face(face: Face) -> dict[str, Any]:
    """Return a face as JSON; the landmarks are little-endian float32 in base64, bit for bit."""
    return {
        "index": face.index,
        "box": [int(side) for side in face.box],
        "pose": {
            "yaw": round(float(face.pose.yaw), 2),
            "pitch": round(float(face.pose.pitch), 2),
            "roll": round(float(face.pose.roll), 2),
        },
        "score": float(face.score),
        "landmarks": base64.b64encode(face.landmarks.astype(KEPT).tobytes()).decode(),
    }


def unpack_face(kept: dict[str, Any]) -> Face:
    """Return the face that ``pack_face`` packed; its pose is rounded to 0.01 degrees."""
    x0, y0, x1, y1 = kept["box"]
    numbers = np.frombuffer(base64.b64decode(kept["landmarks"]), KEPT)
    return Face(
        index=kept["index"],
        box=(x0, y0, x1, y1),
        landmarks=numbers.reshape(POINTS).astype(np.float32),
        pose=Pose(**kept["pose"]),
        score=kept["score"],
    )
