"""A face's frame and what is known of each of its places, for the age engine."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.engines.native.age_relief import wrinkles
from editing.engines.native.fringe import fringe_in
from editing.engines.native.spectacles import spectacles_in
from editing.faces.align import FaceFrame, resized
from editing.faces.canonical import CanonicalFace, canonical_face
from editing.faces.hair import CHEEKS, apart_by_colour, apart_from_skin, sharper, without_scalp
from editing.faces.maps import canonical_mesh, laid_on_map, look_up, on_map, places
from editing.faces.regions import fitted_to, head_regions
from editing.faces.shift import grown
from editing.faces.topology import (
    CHIN,
    FACE_OVAL,
    LEFT_BROW,
    LEFT_EYE,
    LIPS_OUTER,
    RIGHT_BROW,
    RIGHT_EYE,
)
from editing.models import ModelStore
from editing.networks.age import CHANGE_FACE, AgeCourse

WORK = 512  # side of the maps that are applied at the photo's own resolution
RELIEF = 1024  # largest side of the drawn wrinkles' map
DRAWINGS = 8  # different sets of wrinkles; a seed names one of them
NOSE_BASE = 2
STRANDS = 384  # pixels a side of a frame in which strands of hair are to be seen
GREY = 0.02  # difference of the channels up to which a picture is black and white

FloatMap = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Canvas:
    """A frame at one size, and what is known of its places, for every age it is shown at.

    ``picture`` is (S, S, 3), RGB in [0, 1]. The maps are (W, W) and (W, W, C): ``where`` places lie
    on the canonical face, ``skin``, ``hair``, ``face`` (where skin may fold),
    ``oval`` (the whole face) and ``reach`` (where
    pixels may change at all). ``lines`` (S, S) are the wrinkles of old skin, laid on this face.
    ``colourless`` is whether the photo is black and white. ``on_map`` (128, 128, 3) is the face laid on the canonical map. ``turn`` (3, 2) brings canonical
    movement to frame pixels.
    """

    picture: FloatMap
    where: FloatMap
    skin: FloatMap
    hair: FloatMap
    face: FloatMap
    oval: FloatMap
    reach: FloatMap
    lines: FloatMap
    on_map: FloatMap
    colourless: bool
    turn: NDArray[np.float32]

    def reduced(self, size: int) -> Canvas:
        """Return the canvas with picture and maps of ``size`` pixels a side."""

        def small(values: FloatMap) -> FloatMap:
            return cv2.resize(values, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)

        scale = size / self.picture.shape[0]
        return Canvas(
            small(self.picture),
            small(self.where),
            small(self.skin),
            small(self.hair),
            small(self.face),
            small(self.oval),
            small(self.reach),
            small(self.lines),
            self.on_map,
            self.colourless,
            self.turn * np.float32(scale),
        )


def canvas_of(frame: FaceFrame, course: AgeCourse, seed: int, models: ModelStore) -> Canvas:
    canonical = canonical_face(models)
    regions = head_regions(frame, models)
    where = places(frame.landmarks, canonical, frame.size, WORK)
    picture = frame.picture()
    person, hair = (fitted_to(grown(picture, WORK), m) for m in (regions.person, regions.hair))
    hair = sharper(hair) * sharper(person)
    irises = frame.frame_from_canonical.scale * WORK / frame.size
    chin = float(frame.landmarks[CHIN, 1]) * WORK / frame.size
    rows = np.arange(WORK, dtype=np.float32)[:, None]
    neck = np.clip(1 - (rows - chin - 0.15 * irises) / (0.6 * irises), 0, 1)
    oval, still, folds = (
        look_up(m[..., None], where)[..., 0] for m in _face_masks(canonical.shape)
    )
    small = grown(picture, WORK)
    cheek = _cheek(small, where, canonical.shape)
    hair = apart_from_skin(hair, small, cheek, oval, irises)
    if frame.size >= STRANDS:
        hair = without_scalp(hair, small, cheek)
    landmarks = resized(frame.landmarks, WORK / frame.size)
    worn = spectacles_in(small, landmarks)
    hair = np.maximum(hair, fringe_in(small, landmarks, hair, worn, models))
    hair = apart_by_colour(hair, small, landmarks, oval)
    tufts = _face_hair(small, cheek, where, canonical.shape)
    person = np.maximum(person, oval)  # hats and hands apart, a face is a person's
    skin = person * (1 - hair) * neck * (1 - still)
    tufts = tufts * (1 - hair) * (1 - still)
    edge = np.minimum(rows, WORK - 1 - rows)
    border = np.clip(np.minimum(edge, edge.T) / (0.03 * WORK), 0, 1)
    head = np.maximum(hair, person * neck)
    wide = cv2.dilate(head, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13)))
    reach = cv2.GaussianBlur(wide.astype(np.float32), (0, 0), 4) * border
    reach = np.where(reach > 0.02, reach, 0)
    relief = _relief(course, min(frame.size, RELIEF), seed, models)
    turn = (frame.frame_from_canonical.rotation * frame.frame_from_canonical.scale)[:2].T
    return Canvas(
        picture,
        where,
        cv2.GaussianBlur(skin.astype(np.float32), (0, 0), 2),
        cv2.GaussianBlur(np.maximum(hair, tufts).astype(np.float32), (0, 0), 0.8),
        (folds * (1 - hair) * _bare(worn)).astype(np.float32),
        oval,
        reach.astype(np.float32),
        look_up(relief[..., None], grown(where, frame.size))[..., 0],
        _on_map(picture, frame.landmarks, canonical),
        _spread(small) < GREY,
        turn.astype(np.float32),
    )


def _bare(worn: NDArray[np.bool_]) -> FloatMap:
    """Return where the skin is free of spectacles: nothing is drawn over rims."""
    return (1 - cv2.GaussianBlur(worn.astype(np.float32), (0, 0), 3)).astype(np.float32)


def _on_map(
    picture: FloatMap, landmarks: NDArray[np.float32], canonical: CanonicalFace
) -> FloatMap:
    size = 2 * CHANGE_FACE
    points = resized(landmarks, size / picture.shape[0])
    small = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return laid_on_map(small, points, canonical_mesh(canonical, size), CHANGE_FACE)


def _face_masks(shape: NDArray[np.float32]) -> tuple[FloatMap, FloatMap, FloatMap]:
    """Return soft masks on the canonical map: the face, its eyes and lips, where skin may fold."""
    size = 256
    points = on_map(shape, size)

    def filled(ring: tuple[int, ...], scale: float) -> FloatMap:
        outline = points[list(ring), :2]
        outline = (outline - outline.mean(axis=0)) * scale + outline.mean(axis=0)
        mask = np.zeros((size, size), np.float32)
        cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
        return mask

    face = cv2.GaussianBlur(filled(FACE_OVAL, 0.97), (0, 0), 4)
    still = np.zeros((size, size), np.float32)
    for ring, scale in ((RIGHT_EYE, 1.3), (LEFT_EYE, 1.3), (LIPS_OUTER, 1.0)):
        still = np.maximum(still, filled(ring, scale))
    folds = cv2.GaussianBlur(filled(FACE_OVAL, 0.9), (0, 0), 6)
    still = cv2.GaussianBlur(still, (0, 0), 2)
    return face, still.astype(np.float32), (folds * (1 - still)).astype(np.float32)


def _cheek(picture: FloatMap, where: FloatMap, shape: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (3,): the colour of the cheeks right below the eyes, where no beard grows."""
    share = look_up(_spots(on_map(shape, 256), 256)[..., None], where)
    return ((picture * share).sum(axis=(0, 1)) / max(float(share.sum()), 1e-3)).astype(np.float32)


def _face_hair(
    picture: FloatMap,
    cheek: NDArray[np.float32],
    where: FloatMap,
    shape: NDArray[np.float32],
) -> FloatMap:
    """Return (S, S), 0 to 1: brows, and a beard: what is darker and duller than the cheeks there."""
    size = 256
    points = on_map(shape, size)
    brows, beard = np.zeros((2, size, size), np.float32)
    for ring in (RIGHT_BROW, LEFT_BROW):
        outline = np.round(points[list(ring), :2] * 16).astype(np.int32)
        cv2.fillPoly(brows, [outline], 1.0, cv2.LINE_AA, 4)
    oval = points[list(FACE_OVAL), :2]
    cv2.fillPoly(beard, [np.round(oval * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    beard[: int(points[NOSE_BASE, 1]) + 2] = 0
    grows = np.stack([cv2.GaussianBlur(m, (0, 0), 2) for m in (brows, beard)], axis=2)
    brows, beard = np.moveaxis(look_up(grows, where), -1, 0)
    bright, level = picture.mean(axis=2), float(cheek.mean())
    dull = np.clip(2.6 - 3 * _saturation(picture) / max(float(_saturation(cheek)), 0.05), 0, 1)
    dark = np.clip((0.72 * level - bright) / (0.3 * level + 1e-3), 0, 1)
    darker = np.clip((0.55 * level - bright) / (0.2 * level + 1e-3), 0, 1)
    return np.maximum(brows * dark, beard * darker * dull).astype(np.float32)


def _saturation(colour: FloatMap) -> FloatMap:
    top = colour.max(axis=-1)
    return np.asarray((top - colour.min(axis=-1)) / np.maximum(top, 0.02), np.float32)


def _spots(points: NDArray[np.float32], size: int) -> FloatMap:
    """Return a map that is 1 on both cheeks, right below the eyes, where no beard grows."""
    spots = np.zeros((size, size), np.float32)
    for n in CHEEKS:
        cv2.circle(spots, (int(points[n, 0]), int(points[n, 1])), size // 30, 1.0, -1)
    return spots


def _relief(course: AgeCourse, size: int, seed: int, models: ModelStore) -> FloatMap:
    """Return the wrinkles of old skin on the canonical map; they are anybody's, and so are kept."""
    drawing = seed % DRAWINGS

    def draw() -> FloatMap:
        folds, relief = (m.permute(1, 2, 0).cpu().numpy() for m in (course.folds, course.relief))
        return wrinkles(folds, relief, size, drawing)

    drawn: FloatMap = models.keep(f"wrinkles {drawing} of {size}", draw)
    return drawn


def _spread(picture: FloatMap) -> float:
    """Return the largest difference of the colours of a pixel."""
    red, green, blue = cv2.split(picture)
    high = np.maximum(np.maximum(red, green), blue)
    return float((high - np.minimum(np.minimum(red, green), blue)).max())
