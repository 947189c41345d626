"""Age over a folder of photos: a strip of every face, read by those who took no part in making it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from editing.command.source import read_photo
from editing.engines import choose_engine
from editing.errors import EditingError, NoFace
from editing.evaluate.age_judge import JudgeCurve, judge_curve
from editing.evaluate.age_readers import SecondReader, read_gender, second_reader, smile_kept
from editing.evaluate.people import Person, skin_tone, who_is
from editing.evaluate.sheet import SheetRow, cut_tile
from editing.evaluate.table import Failure
from editing.faces.canonical import canonical_face, fit_face
from editing.faces.detect import detect_faces
from editing.faces.face import Face
from editing.faces.landmarks import find_landmarks
from editing.measure.head import HeadReading, read_head
from editing.models import ModelStore
from editing.operations.age import AGE, OLDEST, YOUNGEST, age_label
from editing.photo import Photo
from editing.pipeline import edit_photo
from editing.report import Measures
from editing.request import EditRequest

TARGETS = (20.0, 30.0, 40.0, 50.0, 60.0, 70.0)
SHOWN_TOO = (8.0, 80.0)
SHEET_ROWS = 24
OWN = "own"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class AgeSource:
    """One unedited face: what it was read as. Ages in years, ``tone`` in degrees (``skin_tone``)."""

    photo: str
    person: Person
    read: float
    second: float | None
    male: float
    tone: float | None


@dataclass(frozen=True, slots=True)
class AgeEdit:
    """One target on one face. ``second`` is None where there is no second reader; ``usual``, what the
    judge reads of people of the target's age whom nobody edited, and ``unedited_error``, by how much it errs
    on them, are None where there are none."""

    source: AgeSource
    label: str
    target: float
    read: float | None
    usual: float | None
    unedited_error: float | None
    second: float | None
    identity: float | None
    gender_kept: bool | None
    smile_kept: bool
    ssim: float | None
    sharpness: float | None
    outside: float | None


@dataclass(slots=True)
class AgeEvaluation:
    """Everything that was found out. Seconds are of whole requests, their measures included."""

    engine: str
    folder: str
    photos: int
    second_error: float | None
    seconds: float = 0.0
    sources: list[AgeSource] = field(default_factory=list)
    edits: list[AgeEdit] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    one_age_seconds: list[float] = field(default_factory=list)
    eight_ages_seconds: list[float] = field(default_factory=list)


def evaluate_age(
    folder: Path,
    paths: Sequence[Path],
    engine: str,
    models: ModelStore,
    cache: Path,
    tell: Tell,
) -> tuple[AgeEvaluation, list[str], list[SheetRow]]:
    """Return what age did to the largest face of every photo, and the sheet's columns and rows.

    A photo that cannot be read, or edited, becomes a failure in the table; the others go on.

    Args:
        folder: where the photos lie.
        paths: the photos.
        engine: "auto" or a name.
        models: where weights come from.
        cache: a folder for what takes long to find out and can be found out again.
        tell: told one line per photo.

    Raises:
        EngineUnavailable, LicenceRefused: no such engine on this machine.
    """
    started = time.perf_counter()
    engine = choose_engine(AGE, engine, models).name
    tell("the readers")
    second = second_reader(cache / "age-second-reader.npy", models)
    curve = judge_curve(cache / "age-judge.npy", models)
    found = AgeEvaluation(engine, folder.name, len(paths), second.error if second else None)
    shown = set(np.linspace(0, len(paths) - 1, min(len(paths), SHEET_ROWS)).round().astype(int))
    rows = []
    for n, path in enumerate(paths):
        tell(f"{n + 1} of {len(paths)}: {path.name}")
        try:
            tiles = _try_ages(path, engine, second, curve, models, found, timed=n in shown)
        except EditingError as error:
            found.failures.append(Failure(path.name, "", error.code, str(error)))
            continue
        if n in shown:
            rows.append(SheetRow(path.name, tiles))
    found.seconds = time.perf_counter() - started
    ages = (SHOWN_TOO[0], *TARGETS, SHOWN_TOO[1])
    return found, ["before", *(age_label(age) for age in ages), "own age"], rows


def _try_ages(
    path: Path,
    engine: str,
    second: SecondReader | None,
    curve: JudgeCurve | None,
    models: ModelStore,
    found: AgeEvaluation,
    timed: bool,
) -> list[NDArray[np.uint8] | None]:
    """Add the source and its edits; return the tiles of the sheet."""
    photo = read_photo(path)
    faces = detect_faces(photo, models)
    if not faces:
        raise NoFace("no face was found in the photo")
    face = faces[0]
    before = read_head(photo.pixels, face.landmarks, models)
    if before.age is None or before.chip is None:
        raise NoFace("the face lies outside the photo")
    laid = fit_face(canonical_face(models), face.landmarks)
    source = AgeSource(
        photo=path.name,
        person=who_is(path),
        read=before.age,
        second=second.read(before.descriptor) if second else None,
        male=read_gender(before.chip, models),
        tone=skin_tone(photo.pixels, face.landmarks, laid),
    )
    found.sources.append(source)
    grid = (SHOWN_TOO[0], *TARGETS, SHOWN_TOO[1])
    own = round(float(np.clip(before.age, YOUNGEST, OLDEST)), 1)
    # Off the grid, or the strip would name one age twice.
    own += 0.1 if own in grid else 0.0
    strip = edit_photo(photo, _request((*grid, own), engine), models, faces=faces)
    tiles: list[NDArray[np.uint8] | None] = [cut_tile(photo.pixels, face.box)]
    for variant, target in zip(strip.variants, (*grid, own), strict=True):
        after = variant.photo
        label = OWN if target == own else variant.label
        measures = variant.faces[0].measures
        found.edits.append(
            _edit(
                source,
                label,
                target,
                measures,
                _read_again(after, face, models),
                before,
                second,
                curve,
            )
        )
        tiles.append(cut_tile(after.pixels, face.box))
    if timed:
        found.one_age_seconds.append(_seconds(photo, faces, (65.0,), engine, models))
        found.eight_ages_seconds.append(_seconds(photo, faces, grid, engine, models))
    return tiles


def _edit(
    source: AgeSource,
    label: str,
    target: float,
    measures: Measures,
    after: HeadReading,
    before: HeadReading,
    second: SecondReader | None,
    curve: JudgeCurve | None,
) -> AgeEdit:
    male = read_gender(after.chip, after.models) if after.chip else None
    return AgeEdit(
        source=source,
        label=label,
        target=target,
        read=after.age,
        usual=curve.at(target) if curve else None,
        unedited_error=curve.error(target) if curve else None,
        second=second.read(after.descriptor) if second and after.chip else None,
        identity=_number(measures["identity_distance"]),
        gender_kept=None if male is None else (male > 0.5) == (source.male > 0.5),
        smile_kept=smile_kept(before.expression["smile"], after.expression["smile"]),
        ssim=_number(measures["face_ssim"]),
        sharpness=_number(measures["sharpness_ratio"]),
        outside=_number(measures["change_outside_mask"]),
    )


def _read_again(after: Photo, face: Face, models: ModelStore) -> HeadReading:
    """Return what is read of the edited face, found again."""
    return read_head(after.pixels, find_landmarks(after.pixels, face.landmarks, models), models)


def _seconds(
    photo: Photo, faces: Sequence[Face], ages: tuple[float, ...], engine: str, models: ModelStore
) -> float:
    started = time.perf_counter()
    edit_photo(photo, _request(ages, engine), models, faces=faces)
    return time.perf_counter() - started


def _request(ages: tuple[float, ...], engine: str) -> EditRequest:
    target = list(ages) if len(ages) > 1 else ages[0]
    asked = {"operation": "age", "params": {"target_age": target}, "engine": engine}
    return EditRequest.model_validate({**asked, "faces": [0], "seed": 0})


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
