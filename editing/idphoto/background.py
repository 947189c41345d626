"""Taking the background away: the head network's person, laid on the picture's edges by colour."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.align import FaceFrame
from editing.faces.regions import fitted_to, head_regions
from editing.idphoto.crop import Cut
from editing.idphoto.sizes import Colour
from editing.models import ModelStore

WORK = 360  # pixels of the longer side at which the person is told apart
SURE, OUT = 0.92, 0.06
ROUNDS = 4
EDGE = 1 / 60  # of the side, as wide as hair may be mixed with what is behind it

FloatMap = NDArray[np.float32]


def person_in(cut: Cut, frame: FaceFrame, models: ModelStore) -> FloatMap:
    """Return float32 (H, W) in [0, 1]: how much of each pixel of the cut is the person.

    Within the face's frame the head network tells; below it, what has the colours of what it found
    (GrabCut: Rother, Kolmogorov and Blake, SIGGRAPH 2004). Edges are then laid on the picture's.

    Raises:
        WeightsUnavailable: the head network is not there.
    """
    height, width = cut.pixels.shape[:2]
    scale = WORK / max(height, width)
    small = cv2.resize(cut.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    told, known = _told(cut, frame, models, small.shape[:2])
    marks = np.where(told > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    marks[known & (_shrunk(told) > SURE)] = cv2.GC_FGD
    marks[known & (_shrunk(1 - told) > 1 - OUT)] = cv2.GC_BGD
    below = _below(known)
    # What stands under the head is shoulders; how wide they are their colours tell.
    columns = np.nonzero((told > 0.5).any(axis=0))[0]
    if len(columns):
        marks[below] = cv2.GC_PR_BGD
        marks[below & _spread(columns, small.shape[:2])] = cv2.GC_PR_FGD
    models_of_colour = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(7)
    cv2.grabCut(
        cv2.cvtColor(small, cv2.COLOR_RGB2BGR), marks, None, *models_of_colour, ROUNDS,
        cv2.GC_INIT_WITH_MASK,
    )  # fmt: skip
    cut_by_colour = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    person = np.where(known, np.minimum(cut_by_colour, np.maximum(told, 0.0) * 2), cut_by_colour)
    person = _largest(person.astype(np.float32))
    picture = cut.pixels.astype(np.float32) / np.float32(255)
    soft = cv2.GaussianBlur(person, (0, 0), 0.8).astype(np.float32)
    laid = fitted_to(picture, soft)
    return np.clip((laid - 0.2) / 0.65, 0, 1).astype(np.float32)


def on_plain(pixels: NDArray[np.uint8], person: FloatMap, colour: Colour) -> NDArray[np.uint8]:
    """Return the person before one colour, uint8 (H, W, 3); hair loses what shone through it."""
    picture = pixels.astype(np.float32)
    sure = (person > 0.95).astype(np.float32)[..., None]
    side = max(3, round(EDGE * max(pixels.shape[:2]))) * 2 + 1
    weight = cv2.blur(sure, (side, side))[..., None]
    own = cv2.blur(picture * sure, (side, side)) / np.maximum(weight, 1e-3)
    # At the edge the person's own colour is that of the sure pixels beside it.
    share = np.clip((0.95 - person) / 0.5, 0, 1)[..., None] * (weight > 1e-3)
    foreground = picture + share * (own - picture)
    plain = np.array(colour, np.float32)
    mixed = plain + person[..., None] * (foreground - plain)
    return mixed.round().clip(0, 255).astype(np.uint8)


def _told(
    cut: Cut, frame: FaceFrame, models: ModelStore, shape: tuple[int, int]
) -> tuple[FloatMap, NDArray[np.bool_]]:
    """Return what the network says of the cut at a smaller size, and where it says anything."""
    regions = head_regions(frame, models)
    side = regions.person.shape[0]
    height, width = shape
    cut_height, cut_width = cut.pixels.shape[:2]
    fx, fy = cut_width / width, cut_height / height
    cut_from_small = np.array([[fx, 0, 0.5 * fx - 0.5], [0, fy, 0.5 * fy - 0.5], [0, 0, 1]])
    s = side / frame.size
    map_from_frame = np.array([[s, 0, 0.5 * s - 0.5], [0, s, 0.5 * s - 0.5], [0, 0, 1]])
    photo_from_cut = np.vstack([cut.photo_from_cut, [0, 0, 1]])
    matrix = (
        map_from_frame @ np.linalg.inv(frame.photo_from_frame) @ photo_from_cut @ cut_from_small
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    told = cv2.warpAffine(
        regions.person, matrix[:2], (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    there = np.ones((side, side), np.uint8)
    known = cv2.warpAffine(there, matrix[:2], (width, height), flags=flags) > 0
    return told.astype(np.float32), np.asarray(known)


def _shrunk(mask: FloatMap) -> FloatMap:
    side = max(3, mask.shape[0] // 40) | 1
    return np.asarray(cv2.erode(mask, np.ones((side, side), np.uint8)), np.float32)


def _below(known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return where the cut lies under all that the network saw."""
    below = np.zeros_like(known)
    rows = np.nonzero(known.any(axis=1))[0]
    if len(rows):
        below[rows[-1] + 1 :] = True
    return below


def _spread(columns: NDArray[np.intp], shape: tuple[int, int]) -> NDArray[np.bool_]:
    wide = np.zeros(shape, np.bool_)
    wide[:, columns[0] : columns[-1] + 1] = True
    return wide


def _largest(mask: FloatMap) -> FloatMap:
    """Return the one largest part of the mask, without holes."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((mask > 0.5).astype(np.uint8))
    if count < 2:
        return mask
    largest = labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    whole = largest.astype(np.uint8)
    outlines, _ = cv2.findContours(whole, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(whole, outlines, -1, 1, cv2.FILLED)
    return whole.astype(np.float32)
