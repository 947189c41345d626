"""Running an operation over a folder of photos with a grid of settings."""

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
from editing.evaluate.grids import SMILE, Setting, grid_of
from editing.evaluate.sheet import SheetRow, cut_tile
from editing.evaluate.smile_pairs import (
    Interval,
    SmilePair,
    compare_with_smile,
    find_pairs,
    summarize,
)
from editing.evaluate.table import Evaluation, Failure, PairRow, Row, flatten
from editing.faces.detect import detect_faces
from editing.faces.face import Face
from editing.models import ModelStore
from editing.operations.base import Operation
from editing.photo import Photo
from editing.pipeline import edit_photo
from editing.request import EditRequest
from editing.training.data import faces_folder, fold_of

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff")
SHEET_ROWS = 24
SET_ASIDE = (0, 1)  # folds that no weights of an edit have seen

Tell = Callable[[str], None]


@dataclass(slots=True)
class _Found:
    """What has been found out so far."""

    rows: list[Row] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    sheet: list[SheetRow] = field(default_factory=list)
    pairs: list[PairRow] = field(default_factory=list)


def find_photos(folder: Path) -> list[Path]:
    """Return the files of ``folder`` that are named as photos are, by name."""
    return sorted(p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in SUFFIXES)


def evaluate_folder(
    operation: Operation,
    folder: Path,
    paths: Sequence[Path],
    engine: str,
    models: ModelStore,
    tell: Tell,
) -> tuple[Evaluation, list[SheetRow]]:
    """Return what every setting of the operation's grid did to the largest face of every photo.

    A photo that cannot be read, or edited, becomes a failure in the table; the others go on.

    Args:
        operation: what to do.
        folder: where the photos lie; pairs of a neutral and a smiling photo are found there.
        paths: the photos.
        engine: "auto" or a name.
        models: where weights come from.
        tell: told one line per photo.

    Raises:
        EngineUnavailable: no such engine on this machine.
    """
    started = time.perf_counter()
    engine = choose_engine(operation, engine, models).name
    settings = grid_of(operation.name)
    pairs = (
        {p.neutral.name: p for p in find_pairs(folder)} if operation.name == "expression" else {}
    )
    shown = set(np.linspace(0, len(paths) - 1, min(len(paths), SHEET_ROWS)).round().astype(int))
    found = _Found()
    for n, path in enumerate(paths):
        tell(f"{n + 1} of {len(paths)}: {path.name}")
        try:
            photo = read_photo(path)
            faces = detect_faces(photo, models)
            if not faces:
                raise NoFace("no face was found in the photo")
        except EditingError as error:
            found.failures.append(Failure(path.name, "", error.code, str(error)))
            continue
        tiles = _try_settings(operation, settings, engine, path, photo, faces, pairs, models, found)
        if n in shown:
            found.sheet.append(SheetRow(path.name, [cut_tile(photo.pixels, faces[0].box), *tiles]))
    evaluation = Evaluation(
        operation=operation.name,
        engine=engine,
        folder=folder.name,
        photos=len(paths),
        seconds=time.perf_counter() - started,
        settings=settings,
        rows=found.rows,
        failures=found.failures,
        pairs=found.pairs,
        gains=_gains(found.pairs),
    )
    return evaluation, found.sheet


def _try_settings(
    operation: Operation,
    settings: Sequence[Setting],
    engine: str,
    path: Path,
    photo: Photo,
    faces: Sequence[Face],
    pairs: dict[str, SmilePair],
    models: ModelStore,
    found: _Found,
) -> list[NDArray[np.uint8] | None]:
    """Add a row or a failure for each setting; return the tiles of the sheet."""
    tiles: list[NDArray[np.uint8] | None] = []
    for setting in settings:
        request = EditRequest.model_validate(
            {
                "operation": operation.name,
                "params": setting.params,
                "engine": engine,
                "faces": [0],
                "seed": 0,
            }
        )
        try:
            result = edit_photo(photo, request, models, faces=faces)
        except EditingError as error:
            found.failures.append(Failure(path.name, setting.label, error.code, str(error)))
            tiles.append(None)
            continue
        numbers = flatten(result.report.faces[0], result.report.seconds)
        found.rows.append(Row(path.name, setting.label, numbers))
        tiles.append(cut_tile(result.photo.pixels, faces[0].box))
        if setting is SMILE and path.name in pairs:
            distance = numbers["identity_distance"]
            _compare(pairs[path.name], photo, result.photo, faces[0], distance, models, found)
    return tiles


def _compare(
    pair: SmilePair,
    neutral: Photo,
    edited: Photo,
    face: Face,
    distance: float | None,
    models: ModelStore,
    found: _Found,
) -> None:
    """Add how close the edited neutral photo is to the pair's real smile."""
    try:
        smiling = read_photo(pair.smiling)
        faces = detect_faces(smiling, models)
        if not faces:
            raise NoFace("no face was found in the photo")
    except EditingError as error:
        found.failures.append(Failure(pair.smiling.name, "pair", error.code, str(error)))
        return
    compared = compare_with_smile(
        neutral.pixels, edited.pixels, smiling.pixels, face.landmarks, faces[0].landmarks
    )
    found.pairs.append(
        PairRow(
            person=pair.person,
            set_aside=_is_set_aside(pair),
            neutral_psnr=compared.neutral_psnr,
            edited_psnr=compared.edited_psnr,
            gain=compared.gain,
            identity_distance=distance,
        )
    )


def _is_set_aside(pair: SmilePair) -> bool:
    """Return whether our own recipes never saw the person; strangers' folders they never saw."""
    try:
        learned_from = faces_folder().resolve()
    except FileNotFoundError:
        return True
    folder = pair.neutral.resolve().parent
    if folder.parent != learned_from:
        return True
    return fold_of(f"{folder.name}/{pair.person}") in SET_ASIDE


def _gains(pairs: Sequence[PairRow]) -> dict[str, Interval]:
    """Return the summary of the gain in dB, for all people and for those set aside."""
    groups = {"all": list(pairs), "set aside": [pair for pair in pairs if pair.set_aside]}
    return {name: summarize([p.gain for p in group]) for name, group in groups.items() if group}
