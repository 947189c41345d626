"""Bringing an edit of the frame back into the photo, at the photo's own resolution."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.align import FaceFrame
from editing.faces.light import Gains, balanced
from editing.faces.shift import fetched, grown
from editing.photo import Photo

STRIP = 256  # rows at a time, so that a large photo needs little memory
FREE = 1 / 3  # of the way to the photo's border, over which pixels are moved as far as is asked

FloatMap = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FaceEdit:
    """What an engine did, in the frame; every map may have a resolution of its own.

    A pixel of the result is ``gain * photo(at + displacement) + difference``, blended into the
    photo by ``mask``. So the photo's own detail is moved and toned, not painted anew.

    ``balance`` are gains of linear red, green and blue that all of the photo gets first, beyond the
    frame and the mask too: a white balance is of a whole photo.

    ``mask`` is float32 (h, w) in [0, 1]; ``displacement`` float32 (h, w, 2), x and y in frame
    pixels; ``gain`` float32 (h, w, 3); ``difference`` float32 (h, w, 3) in [-1, 1].
    """

    mask: FloatMap
    displacement: FloatMap | None = None
    gain: FloatMap | None = None
    difference: FloatMap | None = None
    balance: Gains | None = None


def paste(photo: Photo, frame: FaceFrame, edit: FaceEdit) -> Photo:
    """Return the photo with the edit in it. Where the mask is 0 the bytes are the photo's own, as long as
    its white balance is."""
    if edit.balance is not None:
        photo = replace(photo, pixels=balanced(photo.pixels, edit.balance))
    pixels = photo.pixels.copy()
    displacement = edit.displacement
    if displacement is not None:
        # Turned into the photo's directions once, while it is small.
        displacement = cv2.transform(displacement, frame.photo_from_frame[:2, :2])
    for top, bottom, left, right in _strips(photo, frame, edit):
        strip = _Strip(frame, left, top, right - left, bottom - top)
        mask = strip.bring(edit.mask)[..., None]
        if not mask.any():
            continue
        before = photo.pixels[top:bottom, left:right].astype(np.float32)
        after = strip.move(photo.pixels, displacement) if displacement is not None else before
        if edit.gain is not None:
            after = after * strip.bring(edit.gain, border=1.0)
        if edit.difference is not None:
            after = after + strip.bring(edit.difference) * np.float32(255)
        blended = before + mask * (np.clip(after, 0, 255) - before)
        pixels[top:bottom, left:right] = np.round(blended).astype(np.uint8)
    return replace(photo, pixels=pixels)


def in_frame(picture: FloatMap, edit: FaceEdit) -> FloatMap:
    """Return the frame's picture (S, S, 3), RGB in [0, 1], as it is after the edit; without its white
    balance, which is of the photo."""
    size = picture.shape[0]

    after = picture
    if edit.displacement is not None:
        after = fetched(picture, grown(edit.displacement, size))
    if edit.gain is not None:
        after = after * grown(edit.gain, size)
    if edit.difference is not None:
        after = after + grown(edit.difference, size)
    mask = grown(edit.mask, size)[..., None]
    return (picture + mask * (np.clip(after, 0, 1) - picture)).astype(np.float32)


def photo_mask(photo: Photo, frame: FaceFrame, edit: FaceEdit) -> NDArray[np.bool_]:
    """Return bool (H, W): true where ``paste`` may change the photo."""
    if edit.balance is not None:
        return np.ones(photo.pixels.shape[:2], np.bool_)
    mask = np.zeros(photo.pixels.shape[:2], np.bool_)
    for top, bottom, left, right in _strips(photo, frame, edit):
        strip = _Strip(frame, left, top, right - left, bottom - top)
        mask[top:bottom, left:right] = strip.bring(edit.mask) > 0
    return mask


def _strips(photo: Photo, frame: FaceFrame, edit: FaceEdit) -> list[tuple[int, int, int, int]]:
    """Return the (top, bottom, left, right) of the photo's strips that the mask can reach."""
    height, width = edit.mask.shape
    rows, columns = np.nonzero(edit.mask.any(axis=1))[0], np.nonzero(edit.mask.any(axis=0))[0]
    if len(rows) == 0:
        return []
    sx, sy = frame.size / width, frame.size / height
    x0, x1 = (columns[0] - 1) * sx, (columns[-1] + 2) * sx
    y0, y1 = (rows[0] - 1) * sy, (rows[-1] + 2) * sy
    corners = np.array([[x0, y0, 1], [x1, y0, 1], [x0, y1, 1], [x1, y1, 1]])
    reached = corners @ frame.photo_from_frame[:2].T
    left, top = np.maximum(np.floor(reached.min(axis=0)).astype(int), 0)
    right, bottom = np.minimum(
        np.ceil(reached.max(axis=0)).astype(int) + 1, [photo.width, photo.height]
    )
    if right <= left:
        return []
    return [(row, min(row + STRIP, bottom), left, right) for row in range(top, bottom, STRIP)]


class _Strip:
    """A strip of the photo, and how maps of the frame are brought to it."""

    def __init__(self, frame: FaceFrame, left: int, top: int, width: int, height: int) -> None:
        self.frame, self.left, self.top = frame, left, top
        self.width, self.height = width, height
        self.frame_from_photo = np.linalg.inv(frame.photo_from_frame)

    def bring(self, values: FloatMap, border: float = 0.0) -> FloatMap:
        """Return a map of the frame at the strip's pixels; ``border`` is its value outside."""
        height, width = values.shape[:2]
        fx, fy = width / self.frame.size, height / self.frame.size
        map_from_frame = np.array([[fx, 0, 0.5 * fx - 0.5], [0, fy, 0.5 * fy - 0.5], [0, 0, 1]])
        photo_from_strip = np.array([[1, 0, self.left], [0, 1, self.top], [0, 0, 1]])
        matrix = map_from_frame @ self.frame_from_photo @ photo_from_strip
        return cv2.warpAffine(
            values,
            matrix[:2],
            (self.width, self.height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(border, border, border, border),
        ).astype(np.float32)

    def move(self, pixels: NDArray[np.uint8], displacement: FloatMap) -> FloatMap:
        """Return the photo's pixels of the strip, each fetched from where it is displaced, photo pixels."""
        moved = self.bring(displacement)
        columns = np.arange(self.left, self.left + self.width, dtype=np.float32)[None]
        rows = np.arange(self.top, self.top + self.height, dtype=np.float32)[:, None]
        height, width = pixels.shape[:2]
        x = _within(columns, moved[..., 0], width - 1)
        y = _within(rows, moved[..., 1], height - 1)
        # remap addresses at most 32 767 pixels: only the part that is reached is handed over.
        x0, y0 = max(0, int(x.min()) - 3), max(0, int(y.min()) - 3)
        x1, y1 = int(x.max()) + 4, int(y.max()) + 4
        part = pixels[y0:y1, x0:x1]
        fetched = cv2.remap(
            part,
            x - np.float32(x0),
            y - np.float32(y0),
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return fetched.astype(np.float32)


def _within(at: FloatMap, moved: FloatMap, last: int) -> FloatMap:
    """Return ``at + moved``, held back near the photo's border: beyond it there is nothing to fetch,
    and its last row repeated would be a streak.
    """
    least = max(min(float(at.min()), last - float(at.max())), 1e-3)
    if float(np.abs(moved).max()) <= FREE * least:
        return (at + moved).astype(np.float32, copy=False)
    room = np.maximum(np.where(moved < 0, at, last - at), 1e-3)
    share = np.abs(moved) / room
    if float(share.max()) <= FREE:
        return (at + moved).astype(np.float32)
    # As it is up to FREE of the way to the border; from there on it comes near it and never there.
    beyond = np.maximum(share - FREE, 0)
    held = np.minimum(share, FREE) + (1 - FREE) * -np.expm1(-beyond / (1 - FREE))
    return (at + np.sign(moved) * held * room).astype(np.float32)
