"""Where the photo for a passport is cut from: the head as high, and the eyes where, as is wanted."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.idphoto.sizes import DOTS_PER_INCH, MM_PER_INCH, Size
from editing.photo import Photo

CHIN, FOREHEAD = 152, 10
# From the chin to the crown, in lengths from the chin to the topmost landmark, which lies below the
# hair line. Our estimate, by eye on 10 photos; the crown under hair is not to be seen.
CROWN = 1.27
IRISES = (slice(468, 473), slice(473, 478))
ABOVE = 0.42  # of the room above and below the head lies above it, where the eyes leave a choice

Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Cut:
    """``pixels`` (H, W, 3) of the size wanted; ``photo_from_cut`` (2, 3); ``inside`` bool (H, W),
    where the photo reaches. ``head`` and ``eyes`` are the head's height and how high the eyes are
    above the lower edge, ``aside`` how far the face lies beside the middle, mm. ``enlarged`` is
    how many pixels of the cut one of the photo became."""

    pixels: NDArray[np.uint8]
    photo_from_cut: NDArray[np.float64]
    inside: NDArray[np.bool_]
    head: float
    eyes: float
    aside: float
    enlarged: float


def cut_out(photo: Photo, landmarks: Points, size: Size) -> Cut:
    """Return the photo cut to the size, upright by the eyes.

    Args:
        photo: where the face looks straight ahead.
        landmarks: (478, 3), pixels of the photo.
    """
    right, left = (landmarks[iris, :2].mean(axis=0) for iris in IRISES)
    level = (left - right) / np.linalg.norm(left - right)
    down = np.array([-level[1], level[0]], np.float32)
    eyes = (left + right) / 2
    chin = landmarks[CHIN, :2]
    length = float((chin - landmarks[FOREHEAD, :2]) @ down) * CROWN
    head = sum(size.head) / 2
    per_mm = length / head  # pixels of the photo
    under = float((chin - eyes) @ down) / per_mm  # from the eyes to the chin
    # The chin as high as leaves the share of room above the head, and the eyes where they may be.
    chin_up = (size.height - head) * (1 - ABOVE)
    eyes_up = chin_up + under
    if size.eyes is not None:
        eyes_up = float(np.clip(eyes_up, *size.eyes))
    middle_x = float((np.array([eyes, chin, landmarks[FOREHEAD, :2]]) @ level).mean())
    width, height = size.pixels
    scale = per_mm * MM_PER_INCH / DOTS_PER_INCH  # pixels of the photo for one of the cut
    along = middle_x - (width - 1) / 2 * scale
    across = float(eyes @ down) - ((height - 1) - eyes_up * per_mm / scale) * scale
    corner = along * level + across * down
    matrix = np.column_stack([level * scale, down * scale, corner]).astype(np.float64)
    return Cut(
        pixels=_fetched(photo.pixels, matrix, (width, height)),
        photo_from_cut=matrix,
        inside=_reached(photo, matrix, (width, height)),
        head=head,
        eyes=eyes_up,
        aside=float(abs(eyes @ level - middle_x)) / per_mm,
        enlarged=1 / scale,
    )


def _fetched(
    pixels: NDArray[np.uint8], matrix: NDArray[np.float64], size: tuple[int, int]
) -> NDArray[np.uint8]:
    scale = float(np.hypot(*matrix[:, 0]))
    if scale > 1.5:
        # Reduced by areas first, or fine detail would become a pattern.
        small = cv2.resize(pixels, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA)
        fx, fy = small.shape[1] / pixels.shape[1], small.shape[0] / pixels.shape[0]
        reduce = np.array([[fx, 0, 0.5 * fx - 0.5], [0, fy, 0.5 * fy - 0.5], [0, 0, 1]])
        matrix, pixels = (reduce @ np.vstack([matrix, [0, 0, 1]]))[:2], small.astype(np.uint8)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(
        pixels, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.uint8)


def _reached(photo: Photo, matrix: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.bool_]:
    whole = np.ones((photo.height, photo.width), np.uint8)
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(whole, matrix, size, flags=flags) > 0)
