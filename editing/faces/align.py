"""The upright square around a face in which every engine works."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from editing.errors import MaskInvalid
from editing.faces.canonical import Similarity, canonical_face, fit_face
from editing.faces.face import Box, Face
from editing.faces.pose import pose_of
from editing.models import ModelStore
from editing.photo import Photo

# The side of the frame in distances between the irises, and where their middle lies in it: about
# the frame of FFHQ (Karras 2019), the head with its hair.
SIDE_IN_EYES = 3.9
MIDDLE = (0.5, 0.44)
SMALLEST, LARGEST = 128, 1024
RIM = 2  # pixels by which what a mask covers is taken to be larger


@dataclass(frozen=True, slots=True)
class FaceFrame:
    """A face, upright and centred, at the resolution it has in the photo, up to a limit.

    ``pixels`` is float32 (1, 3, S, S), RGB in [0, 1]. ``photo_from_frame`` is float64 (3, 3), a
    similarity. ``landmarks`` is float32 (478, 3) in frame pixels. ``frame_from_canonical`` lays the
    canonical face on the landmarks. ``photo_size`` is (width, height) of the photo: beyond it the frame
    repeats its border. ``mask`` is float32 (S, S) in [0, 1], what a person's mask lets
    through, None where there is none. ``memo`` is what an engine found out about this face, kept for
    the other variants of the same request.
    """

    pixels: Tensor
    photo_from_frame: NDArray[np.float64]
    landmarks: NDArray[np.float32]
    frame_from_canonical: Similarity
    photo_size: tuple[int, int]
    mask: NDArray[np.float32] | None = None
    memo: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def size(self) -> int:
        return int(self.pixels.shape[-1])

    def picture(self) -> NDArray[np.float32]:
        """Return the pixels as float32 (S, S, 3), RGB in [0, 1]."""
        return np.ascontiguousarray(self.pixels[0].permute(1, 2, 0).numpy())

    def covered(self) -> NDArray[np.float32]:
        """Return float32 (S, S), 1 where a person's mask covers anything and RIM pixels around it:
        between pixels its border still shows some of what is to go.

        Raises:
            MaskInvalid: the mask lies beside the frame.
        """
        if self.mask is None or not self.mask.any():
            raise MaskInvalid("the mask lies beside the face that was chosen")
        gone = (self.mask > 0).astype(np.float32)
        return cv2.dilate(gone, np.ones((3, 3)), iterations=RIM).astype(np.float32)

    def box_in(self, photo: Photo) -> Box:
        """Return the box of the photo's pixels that the frame shows; empty where it shows none."""
        size = self.size
        corners = np.array([[0, 0, 1], [size, 0, 1], [0, size, 1], [size, size, 1]])
        reached = corners @ self.photo_from_frame[:2].T
        sides = np.array([photo.width, photo.height])
        x0, y0 = np.clip(np.floor(reached.min(axis=0)).astype(int) - 1, 0, sides)
        x1, y1 = np.clip(np.ceil(reached.max(axis=0)).astype(int) + 2, 0, sides)
        return int(x0), int(y0), int(x1), int(y1)


def align(
    photo: Photo,
    face: Face,
    models: ModelStore,
    largest: int = LARGEST,
    mask: NDArray[np.uint8] | None = None,
) -> FaceFrame:
    """Return the frame of ``face``; ``largest`` bounds its side in pixels.

    ``mask`` is uint8 (H, W) of the photo, 255 where it lets an edit through.

    Raises:
        WeightsUnavailable: the canonical face is not there.
    """
    canonical = canonical_face(models)
    laid = fit_face(canonical, face.landmarks)
    roll = math.radians(pose_of(laid.rotation).roll)
    side_in_photo = laid.scale * SIDE_IN_EYES
    size = int(np.clip(math.ceil(side_in_photo / 16) * 16, SMALLEST, largest))
    scale = side_in_photo / size
    cos, sin = scale * math.cos(roll), scale * math.sin(roll)
    turn = np.array([[cos, -sin], [sin, cos]])
    middle = np.array([MIDDLE[0] * size - 0.5, MIDDLE[1] * size - 0.5])
    shift = laid.shift[:2] - turn @ middle
    photo_from_frame = np.array([[*turn[0], shift[0]], [*turn[1], shift[1]], [0.0, 0.0, 1.0]])
    landmarks = into_frame(face.landmarks, photo_from_frame)
    pixels = _cut(photo.pixels, photo_from_frame, size)
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous().float().div(255)
    through = None
    if mask is not None:
        through = _cut_mask(mask, photo_from_frame, size)
    laid = fit_face(canonical, landmarks)
    return FaceFrame(
        tensor, photo_from_frame, landmarks, laid, (photo.width, photo.height), through
    )


def reduced(frame: FaceFrame, side: int, models: ModelStore) -> FaceFrame:
    """Return the frame with ``side`` pixels a side, to look at something quickly; itself where it has
    no more. Its mask and its memo stay behind.
    """
    if frame.size <= side:
        return replace(frame, memo={})
    picture = cv2.resize(frame.picture(), (side, side), interpolation=cv2.INTER_AREA)
    scale = side / frame.size
    landmarks, beside = resized(frame.landmarks, scale), 0.5 / scale - 0.5
    return FaceFrame(
        torch.from_numpy(picture).permute(2, 0, 1)[None].contiguous(),
        frame.photo_from_frame
        @ np.array([[1 / scale, 0, beside], [0, 1 / scale, beside], [0, 0, 1]]),
        landmarks,
        fit_face(canonical_face(models), landmarks),
        frame.photo_size,
    )


def resized(landmarks: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """Return landmarks (478, 3) in pixels of the same picture, ``scale`` times as large."""
    points = landmarks * np.float32(scale)
    # Pixels are counted from their middles.
    points[:, :2] += np.float32((scale - 1) / 2)
    return points


def into_frame(
    points: NDArray[np.float32], photo_from_frame: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return photo points (N, 3) in frame pixels; z is scaled alike."""
    frame_from_photo = np.linalg.inv(photo_from_frame)
    xy = points[:, :2] @ frame_from_photo[:2, :2].T + frame_from_photo[:2, 2]
    scale = float(np.hypot(*frame_from_photo[:2, 0]))
    return np.concatenate([xy, points[:, 2:] * scale], axis=1).astype(np.float32)


def _cut(
    pixels: NDArray[np.uint8], photo_from_frame: NDArray[np.float64], size: int
) -> NDArray[np.uint8]:
    scale = float(np.hypot(*photo_from_frame[:2, 0]))
    matrix = photo_from_frame
    if scale > 1.5:
        # Reduced by areas first: only the frame's own part of a large photo.
        corners = np.array([[0, 0, 1], [size, 0, 1], [0, size, 1], [size, size, 1]]) @ matrix[:2].T
        low = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 1, pixels.shape[1::-1])
        part = pixels[low[1] : high[1], low[0] : high[0]]
        width, height = max(1, round(part.shape[1] / scale)), max(1, round(part.shape[0] / scale))
        fx, fy = width / part.shape[1], height / part.shape[0]
        pixels = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)
        small_from_photo = np.array(
            [[fx, 0, (0.5 - low[0]) * fx - 0.5], [0, fy, (0.5 - low[1]) * fy - 0.5], [0, 0, 1]]
        )
        matrix = small_from_photo @ matrix
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(
        pixels, matrix[:2], (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.uint8)


def _cut_mask(
    mask: NDArray[np.uint8], photo_from_frame: NDArray[np.float64], size: int
) -> NDArray[np.float32]:
    """Return a photo's mask (H, W) in the frame; beyond the photo nothing is let through."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cut = cv2.warpAffine(mask, photo_from_frame[:2], (size, size), flags=flags)
    return cut.astype(np.float32) / 255
