"""The whole edit, read from top to bottom."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.engines import choose_engine
from editing.engines.base import Engine
from editing.errors import FaceUnknown, MaskInvalid, NoFace
from editing.faces.align import align
from editing.faces.detect import detect_faces
from editing.faces.face import Face
from editing.faces.paste import paste, photo_mask
from editing.measure import measure
from editing.models import ModelStore
from editing.operations import find_operation
from editing.operations.base import Operation, Params
from editing.photo import Photo
from editing.progress import Progress, part, silent
from editing.report import FaceReport, PhotoReport, Report, WeightReport
from editing.request import MAX_SEED, EditRequest

PREVIEW_SIDE = 640


@dataclass(frozen=True, slots=True)
class EditResult:
    """The edited photo and what is to be said about it."""

    photo: Photo
    report: Report


def edit_photo(
    photo: Photo,
    request: EditRequest,
    models: ModelStore,
    progress: Progress = silent,
    faces: Sequence[Face] | None = None,
    mask: NDArray[np.uint8] | None = None,
) -> EditResult:
    """Return the edited photo, of the same size, and its report.

    Args:
        photo: what to edit.
        request: the operation, its params, the faces and the seed.
        models: where weights come from.
        progress: told how far it is; may raise ``Cancelled``.
        faces: the photo's faces where they are known already; otherwise they are found.
        mask: uint8 (H, W), 0 keeps the photo as it is, 255 lets the edit through; None is all 255.

    Raises:
        RequestInvalid: unknown operation, params, face or a mask of another size.
        NoFace: there is no face in the photo.
        Unavailable: no engine or weights for it on this machine.
        Cancelled: the reporter asked to stop.
    """
    started = time.perf_counter()
    progress(0.0, "starting")
    operation = find_operation(request.operation)
    params = request.checked_params()
    engine = choose_engine(operation, request.engine, models)
    check_mask(mask, photo)
    seed = request.seed if request.seed is not None else secrets.randbelow(MAX_SEED + 1)
    if faces is None:
        progress(0.02, "finding faces")
        faces = detect_faces(photo, models)
    chosen = choose_faces(faces, request.chosen_faces())
    edited, reports = photo, []
    for n, face in enumerate(chosen):
        share = part(progress, 0.1 + 0.9 * n / len(chosen), 0.1 + 0.9 * (n + 1) / len(chosen))
        edited, report = _edit_face(
            edited, face, operation, params, engine, seed, mask, models, share
        )
        reports.append(report)
    progress(1.0, "done")
    return EditResult(
        edited,
        Report(
            operation=operation.name,
            params=params.model_dump(mode="json"),
            engine=engine.name,
            seed=seed,
            seconds=round(time.perf_counter() - started, 3),
            photo=PhotoReport(width=photo.width, height=photo.height, sha256=photo.sha256),
            faces=reports,
            weights=_weights(operation, engine, models),
        ),
    )


def _edit_face(
    photo: Photo,
    face: Face,
    operation: Operation,
    params: Params,
    engine: Engine,
    seed: int,
    mask: NDArray[np.uint8] | None,
    models: ModelStore,
    progress: Progress,
) -> tuple[Photo, FaceReport]:
    after, region = photo, np.zeros((photo.height, photo.width), np.bool_)
    if not params.is_neutral():
        frame = align(photo, face, models)
        edit = engine.run(operation, frame, params, seed, models, part(progress, 0.0, 0.4))
        progress(0.45, "pasting")
        after, region = paste(photo, frame, edit), photo_mask(photo, frame, edit)
        if mask is not None:
            after, region = _within(photo, after, mask), region & (mask > 0)
    progress(0.5, "measuring", _preview(after))
    measures = measure(photo, after, face, region, operation, models)
    progress(1.0, "measured")
    return after, FaceReport(index=face.index, box=face.box, measures=measures)


def choose_faces(
    faces: Sequence[Face], wanted: Literal["all", "largest"] | list[int]
) -> list[Face]:
    """Return the faces asked for; the first is the largest.

    Raises:
        NoFace: there is no face at all.
        FaceUnknown: an index is not there; says which there are.
    """
    if not faces:
        raise NoFace("no face was found in the photo")
    if wanted == "all":
        return list(faces)
    if wanted == "largest":
        return [faces[0]]
    missing = [index for index in wanted if index >= len(faces)]
    if missing:
        told = ", ".join(str(index) for index in missing)
        there = "face 0" if len(faces) == 1 else f"faces 0 to {len(faces) - 1}"
        raise FaceUnknown(f"there is no face {told}: the photo has {there}")
    return [faces[index] for index in sorted(set(wanted))]


def check_mask(mask: NDArray[np.uint8] | None, photo: Photo) -> None:
    """Let a mask of the photo's size pass that is not empty.

    Raises:
        MaskInvalid: it is of another size, or lets nothing through.
    """
    if mask is None:
        return
    if mask.shape != (photo.height, photo.width):
        told = " x ".join(str(side) for side in mask.shape[1::-1])
        raise MaskInvalid(f"the mask is {told}, the photo {photo.width} x {photo.height}")
    if not mask.any():
        raise MaskInvalid("the mask is empty: it lets nothing through")


def _within(before: Photo, after: Photo, mask: NDArray[np.uint8]) -> Photo:
    """Return ``after`` where the mask is 255, ``before`` where it is 0, a blend between."""
    pixels = before.pixels.copy()
    for top in range(0, before.height, 256):
        rows = slice(top, top + 256)
        share = mask[rows, :, None].astype(np.float32) / 255
        old = before.pixels[rows].astype(np.float32)
        pixels[rows] = np.round(old + share * (after.pixels[rows] - old)).astype(np.uint8)
    return replace(before, pixels=pixels)


def _preview(photo: Photo) -> NDArray[np.uint8]:
    scale = PREVIEW_SIDE / max(photo.width, photo.height)
    if scale >= 1:
        return photo.pixels
    size = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    return cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _weights(operation: Operation, engine: Engine, models: ModelStore) -> list[WeightReport]:
    """Return the weights of ours that the edit went through."""
    declared = next(e for e in operation.engines if e.name == engine.name)
    cards = [models.card(name) for name in declared.weights]
    return [WeightReport(name=c.name, sha256=c.sha256, licence=c.licence) for c in cards]
