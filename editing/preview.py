"""Small pictures of how the photo would look now, made while the work goes on."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.align import FaceFrame
from editing.photo import Photo
from editing.progress import Progress

Pixels = NDArray[np.uint8]


def reduced(pixels: Pixels, side: int) -> Pixels:
    """Return the picture, uint8 (H, W, 3), scaled down so that it is at most ``side`` px a side."""
    height, width = pixels.shape[:2]
    scale = side / max(width, height)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def in_photo(progress: Progress, photo: Photo, frame: FaceFrame, side: int) -> Progress:
    """Return a reporter for an engine: its previews, which are of the frame, are shown in the photo.

    Args:
        progress: told previews of the whole photo, at most ``side`` px a side.
        photo: the photo as it was before the engine.
        frame: where in it the engine works.
        side: pixels.
    """

    def report(fraction: float, note: str = "", preview: Pixels | None = None) -> None:
        shown = None if preview is None else _laid_in(photo, frame, preview, side)
        progress(fraction, note, shown)

    return report


def _laid_in(photo: Photo, frame: FaceFrame, preview: Pixels, side: int) -> Pixels:
    small = reduced(photo.pixels, side).copy()
    fx, fy = small.shape[1] / photo.width, small.shape[0] / photo.height
    small_from_photo = np.array([[fx, 0, 0.5 * fx - 0.5], [0, fy, 0.5 * fy - 0.5], [0, 0, 1]])
    share = frame.size / preview.shape[0]
    frame_from_preview = np.array(
        [[share, 0, 0.5 * share - 0.5], [0, share, 0.5 * share - 0.5], [0, 0, 1]]
    )
    matrix = small_from_photo @ frame.photo_from_frame @ frame_from_preview
    shrunk = float(np.hypot(*matrix[:2, 0]))
    if shrunk < 0.7:
        # Reduced by areas first, or thin lines would flicker.
        preview = reduced(preview, max(1, round(preview.shape[0] * shrunk)))
        return _laid_in(photo, frame, preview, side)
    size = (small.shape[1], small.shape[0])
    inside = cv2.warpAffine(np.ones(preview.shape[:2], np.uint8), matrix[:2], size) > 0
    laid = cv2.warpAffine(preview, matrix[:2], size, flags=cv2.INTER_LINEAR)
    small[inside] = laid[inside]
    return small
