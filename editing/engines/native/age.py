"""Age by a warp, a tone, the photo's own detail, drawn wrinkles and hair: what ageing does on average
(``AgeCourse``), and what a network finds that it does to this face (``AgeChange``).

Prototypes of ages and wavelet detail: Tiddeman, Burt & Perrett, "Prototyping and Transforming
Facial Textures for Perception Research", IEEE CG&A 2001. The course of one face is set by our own
age reader: the model's age is moved until the reader sees the age that was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from editing.engines.native.age_canvas import (
    WORK,
    Canvas,
    canvas_of,
    grown,
)
from editing.engines.native.age_hair import hair_change
from editing.faces.align import FaceFrame
from editing.faces.blur import blurred
from editing.faces.light import brightness
from editing.faces.maps import look_up
from editing.faces.paste import FaceEdit, in_frame
from editing.models import ModelStore
from editing.networks.age import (
    BANDS,
    COURSE_MAP,
    READER_CROP,
    READER_SIDE,
    AgeChange,
    AgeCourse,
    AgeReader,
    age_basis,
    expected_age,
)
from editing.operations.age import AgeParams
from editing.operations.base import Operation, Params
from editing.progress import Progress

SKETCH = 256  # side of the frame on which the course is set, and of its maps
# Ages of the model at which the reader is asked.
PROBES = (2.0, 12.0, 24.0, 36.0, 48.0, 60.0, 72.0, 84.0)
FARTHEST = 20.0  # years by which the model's age may differ from the one asked for
# Years within which the reader's finding and the age asked for may be the same age, and from which on
# they are not.
UNSURE = (2.0, 8.0)
# Depth of the wrinkles by age; 1 is the relief that the weights hold, of people over 55.
DEPTH_AGES = (25.0, 35.0, 45.0, 60.0, 75.0, 100.0)
DEPTHS = (0.0, 0.15, 0.5, 1.3, 1.9, 2.3)
MOST_DEPTH = 4.0
FOLDED = 0.9  # of the depth that the readers of age asked for: theirs is sharper than a photograph

FloatMap = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Step:
    """What is to be done to a face: ``move`` (128, 128, 3), ``tone`` (128, 128, 3) and ``bands``
    (128, 128, BANDS) on the canonical map, and ``depth`` (128, 128) of the wrinkles drawn."""

    move: FloatMap
    tone: FloatMap
    bands: FloatMap
    depth: FloatMap


@dataclass(frozen=True, slots=True)
class _Known:
    """What is found out once about a face: ``present`` is how old the reader finds it, and
    ``readings`` what the reader says of it at the model's PROBES."""

    canvas: Canvas
    present: float
    readings: NDArray[np.float64]


class NativeAge:
    """The age engine that needs no GPU."""

    name = "native"

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
        key = f"age of seed {seed}"
        if key not in frame.memo:
            progress(0.05, "reading the face")
            frame.memo[key] = _look_at(frame, seed, models)
        known: _Known = frame.memo[key]
        years = _beyond_doubt(params.target_age - known.present)
        target = known.present + params.strength * years
        progress(0.6, "ageing" if target > known.present else "growing younger")
        edit = _show(known, target, params.keep_hair, models)
        progress(1.0, "edited")
        return edit


def _look_at(frame: FaceFrame, seed: int, models: ModelStore) -> _Known:
    course = models.network("age", AgeCourse)
    assert isinstance(course, AgeCourse)
    canvas = canvas_of(frame, course, seed, models)
    sketch = canvas.reduced(SKETCH)
    present = float(read_ages([sketch.picture], models)[0])
    steps = _steps(sketch, present, PROBES, models)
    shown = [
        in_frame(sketch.picture, _age(sketch, step, present, probe, keep_hair=False))
        for step, probe in zip(steps, PROBES, strict=True)
    ]
    return _Known(canvas, present, np.maximum.accumulate(read_ages(shown, models)))


def _show(known: _Known, target: float, keep_hair: bool, models: ModelStore) -> FaceEdit:
    """Return the edit that shows the face at ``target`` years."""
    reached = float(np.interp(target, known.readings, PROBES))
    # What the reader says of the unchanged face is its own age: there nothing moves.
    own = float(np.interp(known.present, known.readings, PROBES))
    reached = known.present + (reached - own)
    # Near one's own age little is asked for, and a reader that hardly moves is not to be chased.
    farthest = min(FARTHEST, abs(target - known.present))
    model_age = float(np.clip(reached, target - farthest, target + farthest))
    (step,) = _steps(known.canvas, known.present, (model_age,), models)
    return _age(known.canvas, step, known.present, target, keep_hair)


def _beyond_doubt(years: float) -> float:
    """Return the years to go, fewer where they may be the reader's own error."""
    low, high = UNSURE
    return years * min(1.0, max(0.0, (abs(years) - low) / (high - low)))


def read_ages(pictures: list[FloatMap], models: ModelStore) -> NDArray[np.float64]:
    """Return how old the reader finds the faces of frames, years."""
    size = pictures[0].shape[0]
    rim = round(size * (1 - READER_SIDE) / 2)
    crops = [
        cv2.resize(p[rim : size - rim, rim : size - rim], (READER_CROP, READER_CROP))
        for p in pictures
    ]
    network = models.batched("age_reader", AgeReader)
    tensor = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).clamp(0, 1).to(models.device)
    with torch.inference_mode():
        return expected_age(network(tensor)).cpu().numpy().astype(np.float64)


def _age(canvas: Canvas, step: _Step, present: float, hair_age: float, keep_hair: bool) -> FaceEdit:
    """Return the edit of a canvas by a step of the model, with the hair of an age."""
    size, work = canvas.picture.shape[0], canvas.where.shape[0]
    displacement = -look_up(step.move, canvas.where) @ canvas.turn
    displacement = _fetched(displacement, displacement * (work / size)) * canvas.reach[..., None]
    on_maps = displacement * (work / size)
    skin, hair, face = (_fetched(m, on_maps) for m in (canvas.skin, canvas.hair, canvas.face))
    tone = step.tone
    if canvas.colourless:
        tone = np.repeat(tone.mean(axis=2, keepdims=True), 3, axis=2)
    gain = np.exp(look_up(tone, canvas.where) * skin[..., None]).astype(np.float32)
    moved = _fetched(canvas.picture, grown(displacement, size))
    bands = look_up(step.bands, canvas.where)
    change = _detail(moved, np.clip(bands, -0.9, 0.9) * face[..., None])
    if step.depth.any():
        lines = look_up(canvas.relief[..., None], grown(canvas.where, size))[..., 0]
        level = blurred(brightness(moved), size / 60)
        deep = look_up(step.depth[..., None], canvas.where)[..., 0] * face
        change = change + grown(deep, size) * lines * level
    difference = (change[..., None] * grown(gain, size)).astype(np.float32)
    hairs = grown(hair, size)
    if not keep_hair and hairs.any():
        where = _box(hairs > 0)
        greying = hair_change(moved[where], present, hair_age, canvas.colourless)
        difference[where] += hairs[where][..., None] * greying
    return FaceEdit(canvas.reach, displacement.astype(np.float32), gain, difference)


def _steps(
    canvas: Canvas, present: float, targets: Sequence[float], models: ModelStore
) -> list[_Step]:
    """Return what is done to the face to bring it from its age to each of the model's ages."""
    course = models.network("age", AgeCourse)
    change = models.batched("age_change", AgeChange)
    assert isinstance(course, AgeCourse)
    ages = torch.tensor([present, *targets], dtype=torch.float32, device=models.device)
    face = torch.from_numpy(canvas.on_map).permute(2, 0, 1)[None].to(models.device)
    faces = face.expand(len(targets), -1, -1, -1)
    with torch.inference_mode():
        basis = age_basis(ages)
        mean = [course(one - basis[0]) for one in basis[1:]]
        own = change(faces, ages[:1].expand(len(targets)), ages[1:])
    found = []
    for n, target in enumerate(targets):
        move, tone, bands = (_laid_out(m) for m in mean[n])
        moves, tones, gains, deeper = (grown(_laid_out(m[n]), COURSE_MAP) for m in own)
        move[..., :2] += moves
        depth = np.interp([present, target], DEPTH_AGES, DEPTHS)
        bands = bands + gains
        folds = np.zeros_like(deeper)
        if target > present:
            folds = FOLDED * np.clip(float(depth[1] - depth[0]) + deeper, 0, MOST_DEPTH)
        else:
            # Skin that grows smooth keeps its pores, the finest octave.
            bands[..., 1:] += 0.4 * float(depth[1] - depth[0])
        found.append(_Step(move, tone + tones[..., None], bands, folds))
    return found


def _laid_out(maps: torch.Tensor) -> FloatMap:
    """Return (C, h, w) as (h, w, C); one channel alone as (h, w)."""
    values: FloatMap = maps.permute(1, 2, 0).cpu().numpy()
    return np.ascontiguousarray(values[..., 0] if values.shape[2] == 1 else values)


def _detail(picture: FloatMap, bands: FloatMap) -> FloatMap:
    """Return what the gains of the octaves add to the picture's brightness, (S, S)."""
    size = picture.shape[0]
    bright = brightness(picture)
    last, total = bright, np.zeros_like(bright)
    for octave in range(BANDS):
        sigma = 2.0**octave * size / WORK
        if sigma < 0.4:
            continue
        next_ = blurred(bright, sigma)
        total += grown(np.exp(bands[..., octave]) - 1, size) * (last - next_)
        last = next_
    return total


def _box(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the rows and columns in which the mask is true anywhere."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0:
        return slice(0, 0), slice(0, 0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


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
