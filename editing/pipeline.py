"""The whole edit, read from top to bottom."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from editing.at_once import Job, run_at_once
from editing.engines import choose_engine
from editing.engines.base import Engine, UsesPretrained
from editing.errors import FaceUnknown, NoFace
from editing.faces.align import FaceFrame, align
from editing.faces.detect import detect_faces, face_at
from editing.faces.face import Face
from editing.faces.paste import paste, photo_mask
from editing.idphoto.make import IdPhoto, check_alone, make_id_photo
from editing.idphoto.sizes import find_size
from editing.mask import check_mask
from editing.measure import measure
from editing.measure.head import HeadReading, read_head
from editing.models import ModelStore
from editing.operations import find_operation
from editing.operations.base import Operation, Params, Variation
from editing.photo import Photo
from editing.preview import in_photo, reduced
from editing.progress import Progress, of_variant, part, silent
from editing.report import FaceReport, IdPhotoReport, Measures, PhotoReport, Report, WeightReport
from editing.request import MAX_SEED, EditRequest
from editing.row import lay_row
from editing.variants import Patch, Variant, patch_of, unchanged

PREVIEW_SIDE = 640
SAME_PERSON = 0.6  # dlib's own threshold of its descriptor


@dataclass(frozen=True, slots=True)
class EditResult:
    """The edited photo and what is to be said about it.

    A request for several results has each in ``variants``, and their row as ``photo``. ``id_photo`` is
    cut from ``photo`` where one is asked for.
    """

    photo: Photo
    report: Report
    variants: tuple[Variant, ...] = ()
    id_photo: Photo | None = None


def edit_photo(
    photo: Photo,
    request: EditRequest,
    models: ModelStore,
    progress: Progress = silent,
    faces: Sequence[Face] | None = None,
    mask: NDArray[np.uint8] | None = None,
) -> EditResult:
    """Return the edited photo, of the same size, and its report; or the row of several, and each.

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
    check_mask(mask, (photo.width, photo.height), params)
    seed = request.seed if request.seed is not None else secrets.randbelow(MAX_SEED + 1)
    if faces is None:
        progress(0.02, "finding faces")
        faces = detect_faces(photo, models)
    added = _added(photo, params, len(faces), models)
    chosen = [*choose_faces(faces, request.chosen_faces()), *added] if faces or not added else added
    wanted = params.wanted_id_photo()
    if wanted is not None:
        check_alone(len(faces))
    if operation.strips_metadata and not params.is_neutral():
        photo = replace(photo, exif=None)
    variations = params.variations()
    works = [_Work(one, seed, unchanged(photo)) for one in variations or (Variation("", params),)]
    for n, face in enumerate(chosen):
        look = _Look(photo, face, operation, models, mask)
        jobs: list[tuple[Job, Progress, tuple[float, float]]] = []
        for m, work in enumerate(works):
            told = of_variant(progress, work.asked.label) if variations else progress
            share = _share(n * len(works) + m, len(chosen) * len(works))
            jobs.append((partial(_edit_face, work, look, engine, mask), told, share))
        # The first finds out about the face what all of them need. A pipeline of others paints one picture
        # at a time.
        alone = len(jobs) if isinstance(engine, UsesPretrained) else 1
        for job, told, share in jobs[:alone]:
            job(part(told, *share))
        if jobs[alone:]:
            run_at_once(jobs[alone:])
    variants = tuple(work.variant() for work in works) if variations else ()
    done = (
        lay_row((one.photo for one in variants), len(variants))
        if variants
        else works[0].patch.photo()
    )
    cut = None
    if wanted is not None:
        progress(0.95, "cutting the ID photo")
        size = find_size(wanted.size)
        cut = make_id_photo(done, chosen[0], size, models, plain=wanted.plain)
    progress(1.0, "done")
    return EditResult(
        done,
        Report(
            operation=operation.name,
            params=params.model_dump(mode="json"),
            engine=engine.name,
            seed=seed,
            seconds=round(time.perf_counter() - started, 3),
            photo=PhotoReport(width=photo.width, height=photo.height, sha256=photo.sha256),
            faces=works[-1].faces,
            weights=_weights(operation, engine, models, params),
            variants=[one.report() for one in variants],
            id_photo=_told(cut) if cut else None,
        ),
        variants,
        cut.photo if cut else None,
    )


@dataclass(slots=True)
class _Work:
    """One result in the making, face by face."""

    asked: Variation
    request_seed: int
    patch: Patch
    faces: list[FaceReport] = field(default_factory=list)

    @property
    def seed(self) -> int:
        return (self.request_seed + self.asked.seed_step) % (MAX_SEED + 1)

    def variant(self) -> Variant:
        asked = self.asked
        return Variant(asked.label, asked.params, self.seed, tuple(self.faces), self.patch)


@dataclass(frozen=True)
class _Look:
    """A face of a photo: its frame, and what is read of it; found out once for all variants."""

    photo: Photo
    face: Face
    operation: Operation
    models: ModelStore
    mask: NDArray[np.uint8] | None

    @cached_property
    def frame(self) -> FaceFrame:
        largest = self.operation.largest_frame
        return align(self.photo, self.face, self.models, largest, self.mask)

    @cached_property
    def reading(self) -> HeadReading:
        return read_head(self.photo.pixels, self.face.landmarks, self.models)

    def at(self, photo: Photo) -> _Look:
        """Return this look where ``photo`` shows the same in the frame, else a new one."""
        if photo.pixels is self.photo.pixels:
            return self
        x0, y0, x1, y1 = self.frame.box_in(photo)
        now, then = (one.pixels[y0:y1, x0:x1] for one in (photo, self.photo))
        return self if np.array_equal(now, then) else replace(self, photo=photo)


def _share(step: int, steps: int) -> tuple[float, float]:
    """Return from where to where in the whole progress one face of one variant reaches."""
    return 0.1 + 0.9 * step / steps, 0.1 + 0.9 * (step + 1) / steps


def _edit_face(
    work: _Work,
    look: _Look,
    engine: Engine,
    mask: NDArray[np.uint8] | None,
    progress: Progress,
) -> None:
    """Edit one face of one result, and add its report."""
    photo, params, face = work.patch.photo(), work.asked.params, look.face
    look = look.at(photo)
    after, region = photo, np.zeros((photo.height, photo.width), np.bool_)
    if not params.is_neutral():
        shown = in_photo(part(progress, 0.0, 0.4), photo, look.frame, PREVIEW_SIDE)
        edit = engine.run(look.operation, look.frame, params, work.seed, look.models, shown)
        progress(0.45, "pasting")
        after, region = paste(photo, look.frame, edit), photo_mask(photo, look.frame, edit)
        if mask is not None:
            after, region = _within(photo, after, mask), region & (mask > 0)
    progress(0.5, "measuring", reduced(after.pixels, PREVIEW_SIDE))
    measures = measure(photo, after, face, region, look.operation, look.models, look.reading)
    work.patch = patch_of(work.patch, after, region)
    notes = _notes(look.operation, measures)
    if not params.is_neutral():
        notes += params.notes()
    work.faces.append(FaceReport(index=face.index, box=face.box, measures=measures, notes=notes))
    progress(1.0, "measured")


def _notes(operation: Operation, measures: Measures) -> list[str]:
    """Return what a person should know: an edit that shows somebody else is told, not withheld."""
    told = []
    yaw = measures["yaw_before"]
    if operation.warned_yaw and isinstance(yaw, float) and abs(yaw) > operation.warned_yaw:
        told.append(
            f"The head was turned by {abs(yaw):.0f} degrees: much of the face was not seen, and is"
            " a guess."
        )
    distance = measures["identity_distance"]
    if not operation.keeps_person or not isinstance(distance, float) or distance < SAME_PERSON:
        return told
    return [
        *told,
        f"The face is no longer recognised as the same person: distance {distance:.2f}, and one"
        f" person is below {SAME_PERSON}.",
    ]


def _added(photo: Photo, params: Params, count: int, models: ModelStore) -> list[Face]:
    """Return the faces that a person points at.

    Raises:
        FaceUnknown: a box reaches beyond the photo.
    """
    for box in params.added_faces():
        if box[2] > photo.width or box[3] > photo.height:
            raise FaceUnknown(
                f"the box {box} reaches beyond the photo, {photo.width} x {photo.height}"
            )
    boxes = enumerate(params.added_faces(), count)
    return [face_at(photo, box, index, models) for index, box in boxes]


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


def _within(before: Photo, after: Photo, mask: NDArray[np.uint8]) -> Photo:
    """Return ``after`` where the mask is 255, ``before`` where it is 0, a blend between."""
    pixels = before.pixels.copy()
    for top in range(0, before.height, 256):
        rows = slice(top, top + 256)
        share = mask[rows, :, None].astype(np.float32) / 255
        old = before.pixels[rows].astype(np.float32)
        pixels[rows] = np.round(old + share * (after.pixels[rows] - old)).astype(np.uint8)
    return replace(before, pixels=pixels)


def _told(cut: IdPhoto) -> IdPhotoReport:
    """Return what is said of a photo for a passport in the report."""
    return IdPhotoReport(
        size=cut.size.name,
        width=cut.photo.width,
        height=cut.photo.height,
        passed=all(check.passed for check in cut.checks),
        checks=cut.checks,
    )


def _weights(
    operation: Operation, engine: Engine, models: ModelStore, params: Params
) -> list[WeightReport]:
    """Return the weights of ours, and of others where the engine ran, that the edit needed."""
    declared = next(e for e in operation.engines if e.name == engine.name)
    cards = [models.card(name) for name in declared.weights]
    ran = not params.is_neutral()
    ours = [WeightReport(name=c.name, sha256=c.sha256, licence=c.licence) for c in cards]
    return ours + (engine.weights(models) if ran and isinstance(engine, UsesPretrained) else [])
