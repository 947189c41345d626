"""Is it still the same person? The opinion of a recogniser that takes part in no edit.

Other than dlib's descriptor, which camouflage moves a face along, this one only ever measures.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from editing.faces.align import align
from editing.faces.face import Face
from editing.models import ModelStore
from editing.networks.second_recogniser import SECOND_CROP, SECOND_SIDE, SecondRecogniser
from editing.photo import Photo

FRAME = 512


def second_features(photo: Photo, face: Face, models: ModelStore) -> NDArray[np.float32]:
    """Return the (1024,) features of the face, none negative; their directions tell people apart.

    Raises:
        WeightsUnavailable: the network or the canonical face are not there.
    """
    network = models.network("second_recogniser", SecondRecogniser)
    assert isinstance(network, SecondRecogniser)
    frame = align(photo, face, models, largest=FRAME).pixels
    half = round(frame.shape[-1] * SECOND_SIDE / 2)
    middle = frame.shape[-1] // 2
    part = frame[:, :, middle - half : middle + half, middle - half : middle + half]
    crop = F.interpolate(part, (SECOND_CROP, SECOND_CROP), mode="bilinear", antialias=True)
    with torch.inference_mode():
        found: NDArray[np.float32] = network.features(crop.to(models.device))[0].cpu().numpy()
    return found


def cosine_distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return 1 less the cosine of two features: 0 the same, about 0.6 two strangers."""
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return 1 - float(one @ other) / max(lengths, 1e-9)
