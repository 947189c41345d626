"""Age by the mean course of ageing: a warp, a tone, the photo's own detail, drawn wrinkles, hair.

Prototypes of ages and wavelet detail: Tiddeman, Burt & Perrett, "Prototyping and Transforming
Facial Textures for Perception Research", IEEE CG&A 2001. The course of one face is set by our own
age reader: the model's age is moved until the reader sees the age that was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from editing.engines.native.age_hair import hair_change
from editing.engines.native.age_relief import wrinkles
from editing.errors import WeightsUnavailable
from editing.faces.align import FaceFrame
from editing.faces.canonical import canonical_face
from editing.faces.maps import look_up, on_map, places
from editing.faces.paste import FaceEdit
from editing.faces.regions import fitted_to, head_regions
from editing.faces.topology import (
    FACE_OVAL,
    LEFT_BROW,
    LEFT_EYE,
    LIPS_OUTER,
    RIGHT_BROW,
    RIGHT_EYE,
)
from editing.models import ModelStore
from editing.networks.age import (
    BANDS,
    READER_CROP,
    READER_SIDE,
    AgeCourse,
    AgeReader,
    age_basis,
    expected_age,
)
from editing.operations.age import AgeParams
from editing.operations.base import Operation, Params
from editing.progress import Progress

WORK = 512  # side of the maps that are applied at the photo's own resolution
SKETCH = 256  # side of the frame on which the course is set, and of its maps
RELIEF = 1024  # largest side of the drawn wrinkles' map
# Ages of the model at which the reader is asked.
PROBES = (2.0, 12.0, 24.0, 36.0, 48.0, 60.0, 72.0, 84.0)
GREY = 0.02  # difference of the channels up to which a picture is black and white
FARTHEST = 20.0  # years by which the model's age may differ from the one asked for
# Depth of the wrinkles by age; 1 is the relief that the weights hold, of people over 55.
DEPTH_AGES = (25.0, 35.0, 45.0, 60.0, 75.0, 100.0)
DEPTHS = (0.0, 0.15, 0.5, 1.3, 1.9, 2.3)

NOSE_BASE = 2
CHEEKS = (50, 280, 101, 330)

FloatMap = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Canvas:
    """A frame at one size, and what is known of its places, for every age it is shown at.

    ``picture`` is (S, S, 3), RGB in [0, 1]. The maps are (W, W) and (W, W, C): ``where`` places lie
    on the canonical face, ``skin``, ``hair``, ``face`` (where skin may fold) and ``reach`` (where
    pixels may change at all). ``relief`` are the wrinkles of old skin, on the canonical face.
    ``turn`` (3, 2) brings canonical movement to frame pixels.
    """

    picture: FloatMap
    where: FloatMap
    skin: FloatMap
    hair: FloatMap
    face: FloatMap
    reach: FloatMap
    relief: FloatMap
    turn: NDArray[np.float32]

    def reduced(self, size: int) -> _Canvas:
        """Return the canvas with picture and maps of ``size`` pixels a side."""

        def small(values: FloatMap) -> FloatMap:
            return cv2.resize(values, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)

        scale = size / self.picture.shape[0]
        maps = (self.where, self.skin, self.hair, self.face, self.reach, self.relief)
        return _Canvas(small(self.picture), *(small(m) for m in maps), self.turn * scale)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is found out once about a face: ``present`` is how old the reader finds it, and
    ``readings`` what the reader says of it at the model's PROBES."""

    canvas: _Canvas
    present: float
    readings: NDArray[np.float64]


class NativeAge:
    """The age engine that needs no GPU."""

    name = "native"

    def unavailable(self, models: ModelStore) -> str | None:
        try:
            for name in ("age", "age_reader", "head"):
                models.card(name)
        except WeightsUnavailable as error:
            return str(error)
        return None

    def run(
        self,
        operation: Operation,
        frame: FaceFrame,
        params: Params,
        seed: int,
        models: ModelStore,
        progress: Progress,
    ) -> FaceEdit:
        """Return the edit; the seed draws the wrinkles."""
        assert isinstance(params, AgeParams)
        assert isinstance(params.target_age, float)
        course = models.network("age", AgeCourse)
        assert isinstance(course, AgeCourse)
        key = f"age of seed {seed}"
        if key not in frame.memo:
            progress(0.05, "reading the face")
            frame.memo[key] = _look_at(frame, course, seed, models)
        known: _Known = frame.memo[key]
        target = known.present + params.strength * (params.target_age - known.present)
        progress(0.6, "ageing" if target > known.present else "growing younger")
        edit = _show(known.canvas, course, known, target, params.keep_hair)
        progress(1.0, "edited")
        return edit


def _look_at(frame: FaceFrame, course: AgeCourse, seed: int, models: ModelStore) -> _Known:
    canvas = _canvas(frame, course, seed, models)
    sketch = canvas.reduced(SKETCH)
    present = _read_ages([sketch.picture], models)[0]
    shown = [
        _applied(sketch, _age(sketch, course, present, probe, probe, False)) for probe in PROBES
    ]
    return _Known(canvas, present, np.maximum.accumulate(_read_ages(shown, models)))


def _show(
    canvas: _Canvas, course: AgeCourse, known: _Known, target: float, keep_hair: bool
) -> FaceEdit:
    """Return the edit that shows the face at ``target`` years."""
    reached = float(np.interp(target, known.readings, PROBES))
    # What the reader says of the unchanged face is its own age: there nothing moves.
    own = float(np.interp(known.present, known.readings, PROBES))
    reached = known.present + (reached - own)
    model_age = float(np.clip(reached, target - FARTHEST, target + FARTHEST))
    return _age(canvas, course, known.present, model_age, target, keep_hair)


def _read_ages(pictures: list[FloatMap], models: ModelStore) -> NDArray[np.float64]:
    """Return how old the reader finds the faces of frames, years."""
    size = pictures[0].shape[0]
    rim = round(size * (1 - READER_SIDE) / 2)
    crops = [
        cv2.resize(p[rim : size - rim, rim : size - rim], (READER_CROP, READER_CROP)) for p in pictures
    ]
    network = models.network("age_reader", AgeReader)
    tensor = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).clamp(0, 1).to(models.device)
    with torch.inference_mode():
        return expected_age(network(tensor)).cpu().numpy().astype(np.float64)


def _canvas(frame: FaceFrame, course: AgeCourse, seed: int, models: ModelStore) -> _Canvas:
    canonical = canonical_face(models)
    regions = head_regions(frame, models)
    where = places(frame.landmarks, canonical, frame.size, WORK)
    picture = frame.picture()
    person, hair = (fitted_to(_to(picture, WORK), m) for m in (regions.person, regions.hair))
    hair = _sharper(hair) * _sharper(person)
    irises = frame.frame_from_canonical.scale * WORK / frame.size
    chin = float(frame.landmarks[152, 1]) * WORK / frame.size
    rows = np.arange(WORK, dtype=np.float32)[:, None]
    neck = np.clip(1 - (rows - chin - 0.15 * irises) / (0.6 * irises), 0, 1)
    oval, still, folds = (
        look_up(m[..., None], where)[..., 0] for m in _face_masks(canonical.shape)
    )
    small = _to(picture, WORK)
    cheek = _cheek(small, where, canonical.shape)
    # The network's hair reaches a little into the forehead: what has the colour of the cheeks is skin.
    unlike = np.abs(small - cheek).mean(axis=2) / max(float(cheek.mean()), 0.05)
    side = 2 * round(0.3 * irises) + 1
    around = cv2.dilate(oval, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    hair = (hair * (1 - around * np.clip(1.8 - unlike / 0.2, 0, 1))).astype(np.float32)
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
    turn = (frame.frame_from_canonical.rotation * frame.frame_from_canonical.scale)[:2].T
    return _Canvas(
        picture,
        where,
        cv2.GaussianBlur(skin.astype(np.float32), (0, 0), 2),
        cv2.GaussianBlur(np.maximum(hair, tufts).astype(np.float32), (0, 0), 0.8),
        (folds * (1 - hair)).astype(np.float32),
        reach.astype(np.float32),
        _relief(course, min(frame.size, RELIEF), seed),
        turn.astype(np.float32),
    )


def _sharper(mask: FloatMap) -> FloatMap:
    """Return a mask without the haze that the guided filter leaves beside an edge."""
    return np.clip((mask - 0.35) / 0.45, 0, 1).astype(np.float32)


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


def _cheek(
    picture: FloatMap, where: FloatMap, shape: NDArray[np.float32]
) -> NDArray[np.float32]:
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


def _age(
    canvas: _Canvas,
    course: AgeCourse,
    present: float,
    model_age: float,
    hair_age: float,
    keep_hair: bool,
) -> FaceEdit:
    """Return the edit of a canvas from one age of the model to another."""
    size, work = canvas.picture.shape[0], canvas.where.shape[0]
    move, tone, bands = _course(course, present, model_age)
    displacement = -look_up(move, canvas.where) @ canvas.turn
    displacement = _fetched(displacement, displacement * (work / size)) * canvas.reach[..., None]
    on_maps = displacement * (work / size)
    skin, hair, face = (
        _fetched(m, on_maps) for m in (canvas.skin, canvas.hair, canvas.face)
    )
    if float(np.ptp(canvas.picture, axis=2).max()) < GREY:
        tone = np.repeat(tone.mean(axis=2, keepdims=True), 3, axis=2)
    gain = np.exp(look_up(tone, canvas.where) * skin[..., None]).astype(np.float32)
    moved = _fetched(canvas.picture, _to(displacement, size))
    depth = np.interp([present, model_age], DEPTH_AGES, DEPTHS)
    bands = look_up(bands, canvas.where)
    if depth[1] < depth[0]:
        # Skin that grows smooth keeps its pores, the finest octave.
        bands[..., 1:] -= 0.4 * float(depth[0] - depth[1])
    change = _detail(moved, np.clip(bands, -0.9, 0.9) * face[..., None])
    if depth[1] > depth[0]:
        lines = look_up(canvas.relief[..., None], _to(canvas.where, size))[..., 0]
        level = cv2.GaussianBlur(moved.mean(axis=2), (0, 0), size / 60)
        change = change + float(depth[1] - depth[0]) * lines * level * _to(face, size)
    difference = (change[..., None] * _to(gain, size)).astype(np.float32)
    if not keep_hair:
        hairs = _to(hair, size)[..., None]
        difference = difference + hairs * hair_change(moved, present, hair_age)
    return FaceEdit(canvas.reach, displacement.astype(np.float32), gain, difference)


def _course(
    course: AgeCourse, present: float, target: float
) -> tuple[FloatMap, FloatMap, FloatMap]:
    """Return movement, tone and bands as (128, 128, C)."""
    basis = age_basis(torch.tensor([present, target], dtype=torch.float32))
    with torch.inference_mode():
        maps = course((basis[1] - basis[0]).to(course.move.device))
    move, tone, bands = (m.permute(1, 2, 0).cpu().numpy() for m in maps)
    return move, tone, bands


def _relief(course: AgeCourse, size: int, seed: int) -> FloatMap:
    folds = course.folds.permute(1, 2, 0).cpu().numpy()
    return wrinkles(folds, course.relief.permute(1, 2, 0).cpu().numpy(), size, seed)


def _detail(picture: FloatMap, bands: FloatMap) -> FloatMap:
    """Return what the gains of the octaves add to the picture's brightness, (S, S)."""
    size = picture.shape[0]
    last = picture.mean(axis=2)
    total = np.zeros_like(last)
    for octave in range(BANDS):
        sigma = 2.0**octave * size / WORK
        if sigma < 0.4:
            continue
        next_ = cv2.GaussianBlur(last if octave == 0 else picture.mean(axis=2), (0, 0), sigma)
        total += (np.exp(_to(bands[..., octave], size)) - 1) * (last - next_)
        last = next_
    return total


def _to(values: FloatMap, size: int) -> FloatMap:
    if values.shape[0] == size:
        return values
    return cv2.resize(values, (size, size), interpolation=cv2.INTER_LINEAR).astype(np.float32)


def _fetched(values: FloatMap, displacement: FloatMap) -> FloatMap:
    """Return the values, each from where it is displaced, pixels of the map."""
    size = values.shape[0]
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    return cv2.remap(
        values,
        columns + displacement[..., 0].astype(np.float32),
        rows + displacement[..., 1].astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32)


def _applied(canvas: _Canvas, edit: FaceEdit) -> FloatMap:
    """Return the picture as it is after the edit, as ``paste`` makes it in the photo."""
    size = canvas.picture.shape[0]
    assert edit.displacement is not None and edit.gain is not None and edit.difference is not None
    after = _fetched(canvas.picture, _to(edit.displacement, size)) * _to(edit.gain, size)
    after = np.clip(after + edit.difference, 0, 1)
    return canvas.picture + _to(edit.mask, size)[..., None] * (after - canvas.picture)
