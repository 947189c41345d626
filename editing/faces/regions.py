"""Which part of a frame is the person, and which is hair."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from editing.faces.align import FaceFrame
from editing.faces.light import brightness
from editing.models import ModelStore
from editing.networks.head import HEAD_CROP, HeadNet

FloatMap = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HeadRegions:
    """float32 (128, 128) maps of the frame, 0 to 1: ``person``, and ``hair`` of the head in it."""

    person: FloatMap
    hair: FloatMap


def head_regions(frame: FaceFrame, models: ModelStore) -> HeadRegions:
    """Return the regions of a frame.

    Raises:
        WeightsUnavailable: the network is not there.
    """
    small = cv2.resize(frame.picture(), (HEAD_CROP, HEAD_CROP), interpolation=cv2.INTER_AREA)
    network = models.batched("head", HeadNet)
    tensor = torch.from_numpy(small).permute(2, 0, 1)[None].to(models.device)
    with torch.inference_mode():
        person, hair = network(tensor).sigmoid()[0].cpu().numpy()
    return HeadRegions(_settled(person), _settled(np.minimum(person, hair)))


def fitted_to(picture: FloatMap, mask: FloatMap) -> FloatMap:
    """Return a mask, grown to the size of ``picture`` (H, W, 3), with its edges laid on the picture's.

    The guided filter (He, Sun & Tang, PAMI 2013, equations 5 to 8) with the brightness as guide.
    """
    height, width = picture.shape[:2]
    guide = brightness(picture)
    grown = cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)
    side = (max(3, width // 32) | 1,) * 2
    mean, mean_mask = cv2.blur(guide, side), cv2.blur(grown, side)
    variance = cv2.blur(guide * guide, side) - mean * mean
    slope = (cv2.blur(guide * grown, side) - mean * mean_mask) / (variance + 4e-4)
    offset = mean_mask - slope * mean
    fitted = cv2.blur(slope, side) * guide + cv2.blur(offset, side)
    return np.clip(fitted, 0, 1).astype(np.float32)


def _settled(share: FloatMap) -> FloatMap:
    """Return the share with what is nearly nothing or nearly all made so."""
    return np.clip((share - 0.15) / 0.7, 0, 1).astype(np.float32)
