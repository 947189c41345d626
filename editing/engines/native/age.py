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

from editing.engines.native.age_canvas import WORK, Canvas, canvas_of, grown
from editing.engines.native.age_hair import hair_change
from editing.faces.align import FaceFrame
from editing.faces.maps import look_up
from editing.faces.paste import FaceEdit
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

SKETCH = 256  # side of the frame on which the course is set, and of its maps
# Ages of the model at which the reader is asked.
PROBES = (2.0, 12.0, 24.0, 36.0, 48.0, 60.0, 72.0, 84.0)
GREY = 0.02  # difference of the channels up to which a picture is black and white
FARTHEST = 20.0  # years by which the model's age may differ from the one asked for
UNSURE = 6.0  # years within which the reader's finding and the age asked for may be the same age
# Depth of the wrinkles by age; 1 is the relief that the weights hold, of people over 55.
DEPTH_AGES = (25.0, 35.0, 45.0, 60.0, 75.0, 100.0)
DEPTHS = (0.0, 0.15, 0.5, 1.3, 1.9, 2.3)

FloatMap = NDArray[np.float32]


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
        course = models.network("age", AgeCourse)
        assert isinstance(course, AgeCourse)
        key = f"age of seed {seed}"
        if key not in frame.memo:
            progress(0.05, "reading the face")
            frame.memo[key] = _look_at(frame, course, seed, models)
        known: _Known = frame.memo[key]
        years = _beyond_doubt(params.target_age - known.present)
        target = known.present + params.strength * years
        progress(0.6, "ageing" if target > known.present else "growing younger")
        edit = _show(known.canvas, course, known, target, params.keep_hair)
        progress(1.0, "edited")
        return edit


def _look_at(frame: FaceFrame, course: AgeCourse, seed: int, models: ModelStore) -> _Known:
    canvas = canvas_of(frame, course, seed, models)
    sketch = canvas.reduced(SKETCH)
    present = _read_ages([sketch.picture], models)[0]
    shown = [
        _applied(sketch, _age(sketch, course, present, probe, probe, False)) for probe in PROBES
    ]
    return _Known(canvas, present, np.maximum.accumulate(_read_ages(shown, models)))


def _show(
    canvas: Canvas, course: AgeCourse, known: _Known, target: float, keep_hair: bool
) -> FaceEdit:
    """Return the edit that shows the face at ``target`` years."""
    reached = float(np.interp(target, known.readings, PROBES))
    # What the reader says of the unchanged face is its own age: there nothing moves.
    own = float(np.interp(known.present, known.readings, PROBES))
    reached = known.present + (reached - own)
    # Near one's own age little is asked for, and a reader that hardly moves is not to be chased.
    farthest = min(FARTHEST, abs(target - known.present))
    model_age = float(np.clip(reached, target - farthest, target + farthest))
    return _age(canvas, course, known.present, model_age, target, keep_hair)


def _beyond_doubt(years: float) -> float:
    """Return the years to go, fewer where they may be the reader's own error: from UNSURE on, all."""
    return years * min(1.0, abs(years) / UNSURE)


def _read_ages(pictures: list[FloatMap], models: ModelStore) -> NDArray[np.float64]:
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


def _age(
    canvas: Canvas,
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
    skin, hair, face = (_fetched(m, on_maps) for m in (canvas.skin, canvas.hair, canvas.face))
    if float(np.ptp(canvas.picture, axis=2).max()) < GREY:
        tone = np.repeat(tone.mean(axis=2, keepdims=True), 3, axis=2)
    gain = np.exp(look_up(tone, canvas.where) * skin[..., None]).astype(np.float32)
    moved = _fetched(canvas.picture, grown(displacement, size))
    depth = np.interp([present, model_age], DEPTH_AGES, DEPTHS)
    bands = look_up(bands, canvas.where)
    if depth[1] < depth[0]:
        # Skin that grows smooth keeps its pores, the finest octave.
        bands[..., 1:] -= 0.4 * float(depth[0] - depth[1])
    change = _detail(moved, np.clip(bands, -0.9, 0.9) * face[..., None])
    if depth[1] > depth[0]:
        lines = look_up(canvas.relief[..., None], grown(canvas.where, size))[..., 0]
        level = cv2.GaussianBlur(moved.mean(axis=2), (0, 0), size / 60)
        change = change + float(depth[1] - depth[0]) * lines * level * grown(face, size)
    difference = (change[..., None] * grown(gain, size)).astype(np.float32)
    if not keep_hair:
        hairs = grown(hair, size)[..., None]
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
        total += (np.exp(grown(bands[..., octave], size)) - 1) * (last - next_)
        last = next_
    return total


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


def _applied(canvas: Canvas, edit: FaceEdit) -> FloatMap:
    """Return the picture as it is after the edit, as ``paste`` makes it in the photo."""
    size = canvas.picture.shape[0]
    assert edit.displacement is not None
    assert edit.gain is not None
    assert edit.difference is not None
    after = _fetched(canvas.picture, grown(edit.displacement, size)) * grown(edit.gain, size)
    after = np.clip(after + edit.difference, 0, 1)
    return canvas.picture + grown(edit.mask, size)[..., None] * (after - canvas.picture)
