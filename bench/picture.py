"""The picture that is measured with: the astronaut's head, at any size."""

from __future__ import annotations

import cv2
import numpy as np
import skimage


def head_jpeg(size: int) -> bytes:
    """Return a JPEG file, ``size`` pixels square, with one face of 0.29 of its width."""
    head = np.ascontiguousarray(skimage.data.astronaut()[:320, 64:384])
    picture = cv2.resize(head, (size, size), interpolation=cv2.INTER_CUBIC)
    _, coded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return bytes(coded.tobytes())
