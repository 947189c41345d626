"""Age by a warp, a tone, the photo's own detail, drawn wrinkles and hair: what ageing does on average
(``AgeCourse``), and what a network finds that it does to this face (``AgeChange``).

Prototypes of ages and wavelet detail: Tiddeman, Burt & Perrett, "Prototyping and Transforming
Facial Textures for Perception Research", IEEE CG&A 2001. The course of one face is set by two
readers of age: the model's age is moved until they see the age that was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from editing.engines.native.age_canvas import (
    WORK,
    Canvas,
    canvas_of,
)
from editing.engines.native.age_detail import no_sharper, octaves_changed
from editing.engines.native.age_hair import grey_share, hair_change
from editing.faces.align import FaceFrame
from editing.faces.blur import blurred
from editing.faces.light import brightness
from editing.faces.maps import look_up
from editing.faces.paste import FaceEdit, in_frame
from editing.faces.shift import fetched, grown
from editing.models import ModelStore
from editing.networks.age import (
    COURSE_MAP,
    READER_CROP,
    READER_SIDE,
    AgeChange,
    AgeCourse,
    AgeReader,
    age_basis,
    expected_age,
)
from editing.networks.xception_age import XCEPTION_CROP, XCEPTION_SIDE, XceptionAge
from editing.operations.age import AgeParams
from editing.operations.base import Operation, Params
from editing.progress import Progress

SKETCH = 256  # side of the frame on which the course is set, and of its maps
# Ages of the model at which the readers are asked.
PROBES = (4.0, 20.0, 36.0, 52.0, 68.0, 84.0)
FARTHEST = 10.0  # years by which the model's age may differ from the one asked for
# Years within which the readers' finding and the age asked for may be the same age, and from which on
# they are not.
UNSURE = (2.0, 8.0)
SHAPED = (6.0, 20.0)  # years from which on the shape goes along, and goes all the way
# Depth of the wrinkles by age; 1 is the relief that the weights hold, of people over 55.
DEPTH_AGES = (25.0, 35.0, 45.0, 60.0, 75.0, 100.0)
DEPTHS = (0.0, 0.15, 0.5, 1.3, 1.9, 2.3)
MOST_DEPTH = 4.0
RIDGE = 0.04  # by which skin between wrinkles is brighter, at most: more is chalk
# Rows of the map: on the forehead, where hair threw its shadow on many, the tone counts for little.
BELOW_BROWS = np.clip((np.arange(COURSE_MAP, dtype=np.float32)[:, None] - 44) / 10, 0.25, 1)
# Logarithms of how much darker and lighter skin gets at most.
OLDER_TONE, YOUNGER_TONE = (-0.23, 0.03), (-0.02, 0.07)
# Rows at a time of what is computed in many steps: they stay in the processor's own memory.
STRIP = 128
FOLDED = 0.9  # of the depth that the readers of age asked for: theirs is sharper than a photograph

FloatMap = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Step:
    """What is to be done to a face: ``move`` (128, 128, 3), ``tone`` (128, 128) and ``bands``
    (128, 128, BANDS) on the canonical map, and ``depth`` (128, 128) of the wrinkles drawn."""

    move: FloatMap
    tone: FloatMap
    bands: FloatMap
    depth: FloatMap


@dataclass(frozen=True, slots=True)
class _Known:
    """What is found out once about a face: ``present`` is how old the readers find it, and
    ``readings`` what they say of it at the model's PROBES."""

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
        in_frame(
            sketch.picture,
            _age(sketch, _settled(step, probe - present), present, probe, keep_hair=False),
        )
        for step, probe in zip(steps, PROBES, strict=True)
    ]
    return _Known(canvas, present, np.maximum.accumulate(read_ages(shown, models)))


def _show(known: _Known, target: float, keep_hair: bool, models: ModelStore) -> FaceEdit:
    """Return the edit that shows the face at ``target`` years."""
    reached = float(np.interp(target, known.readings, PROBES))
    # What the readers say of the unchanged face is its own age: there nothing moves.
    own = float(np.interp(known.present, known.readings, PROBES))
    reached = known.present + (reached - own)
    # Near one's own age little is asked for, and readers that hardly move are not to be chased.
    farthest = min(FARTHEST, abs(target - known.present))
    model_age = float(np.clip(reached, target - farthest, target + farthest))
    (step,) = _steps(known.canvas, known.present, (model_age,), models)
    step = _settled(step, target - known.present)
    return _age(known.canvas, step, known.present, target, keep_hair)


def _settled(step: _Step, years: float) -> _Step:
    """Return the step with the shape at rest near one's own age."""
    return replace(step, move=step.move * np.float32(shape_share(years)))


def shape_share(years: float) -> float:
    """Return how much of its way the shape goes, 0 to 1. Within a few years skin tells of them, and a face
    that moved by a pixel is another picture all over."""
    low, high = SHAPED
    way = min(1.0, max(0.0, (abs(years) - low) / (high - low)))
    return way * way * (3 - 2 * way)


def _beyond_doubt(years: float) -> float:
    """Return the years to go, fewer where they may be the readers' own error."""
    low, high = UNSURE
    return years * min(1.0, max(0.0, (abs(years) - low) / (high - low)))


def read_ages(pictures: list[FloatMap], models: ModelStore) -> NDArray[np.float64]:
    """Return how old two readers find the faces of frames, years, in the mean.

    Ours learned how old raters find people, the other how old people are, in other photographs: what one
    alone finds in a face is less certain.
    """
    looks = models.batched("age_reader", AgeReader)
    years = models.batched("xception_age", XceptionAge)
    with torch.inference_mode():
        looked = expected_age(looks(_middles(pictures, READER_SIDE, READER_CROP, models.device)))
        known = years(_middles(pictures, XCEPTION_SIDE, XCEPTION_CROP, models.device))
        return ((looked + known) / 2).cpu().numpy().astype(np.float64)


def _middles(
    pictures: list[FloatMap], side: float, pixels: int, device: torch.device
) -> torch.Tensor:
    """Return (N, 3, pixels, pixels): the middle of each frame, ``side`` of it."""
    size = pictures[0].shape[0]
    rim = round(size * (1 - side) / 2)
    inside = slice(rim, size - rim)
    crops = [cv2.resize(p[inside, inside], (pixels, pixels)) for p in pictures]
    return torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).clamp(0, 1).to(device)


def _age(canvas: Canvas, step: _Step, present: float, hair_age: float, keep_hair: bool) -> FaceEdit:
    """Return the edit of a canvas by a step of the model, with the hair of an age."""
    size, work = canvas.picture.shape[0], canvas.where.shape[0]
    displacement = -look_up(step.move, canvas.where) @ canvas.turn
    displacement = fetched(displacement, displacement * (work / size)) * canvas.reach[..., None]
    masks = cv2.merge([canvas.skin, canvas.hair, canvas.face, canvas.oval])
    skin, hair, face, oval = cv2.split(fetched(masks, displacement * (work / size)))
    gain = np.exp(look_up(step.tone[..., None], canvas.where)[..., 0] * skin)
    moved = fetched(canvas.picture, grown(displacement, size))
    bright = brightness(moved)
    change = np.zeros_like(bright)
    whole = grown(oval, size)
    inside = _box(whole > 0.01)
    bands = np.clip(look_up(step.bands, canvas.where), -0.9, 0.9) * face[..., None]
    louder = [grown(np.exp(band) - 1, size)[inside] for band in cv2.split(bands)]
    change[inside] = octaves_changed(bright[inside], louder, size)
    if step.depth.any():
        deep = look_up(step.depth[..., None], canvas.where)[..., 0] * face
        lines = np.minimum(grown(deep, size)[inside] * canvas.lines[inside], RIDGE)
        change[inside] += lines * blurred(bright[inside], size / 60)
    if size >= WORK:
        change[inside] = no_sharper(bright[inside], change[inside], whole[inside], size)
    difference = cv2.merge([change * grown(gain, size)] * 3)
    hairs = grown(hair, size)
    if not keep_hair and grey_share(hair_age) != grey_share(present) and hairs.any():
        rows, columns = _box(hairs > 0)
        for top in range(rows.start, rows.stop, STRIP):
            where = slice(top, min(top + STRIP, rows.stop)), columns
            greying = hair_change(moved[where], present, hair_age, canvas.colourless)
            difference[where] += cv2.merge([hairs[where]] * 3) * greying
    return FaceEdit(canvas.reach, displacement, cv2.merge([gain] * 3), difference)


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
        # Only the brightness of the course's tone: its colours are grey patches on warm skin. Folds
        # darken skin and smooth skin loses their shadows; the rest are traces of moved brows and lids.
        toned = (tone.mean(axis=2) + tones) * BELOW_BROWS
        low, high = OLDER_TONE if target > present else YOUNGER_TONE
        found.append(_Step(move, np.clip(toned, low, high), bands, folds))
    return found


def _laid_out(maps: torch.Tensor) -> FloatMap:
    """Return (C, h, w) as (h, w, C); one channel alone as (h, w)."""
    values: FloatMap = maps.permute(1, 2, 0).cpu().numpy()
    return np.ascontiguousarray(values[..., 0] if values.shape[2] == 1 else values)


def _box(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the rows and columns in which the mask is true anywhere."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0:
        return slice(0, 0), slice(0, 0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
