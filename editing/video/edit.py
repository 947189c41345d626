"""The whole edit of a video, read from top to bottom: follow everybody, edit each picture, join."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from editing.at_once import AT_ONCE, one_thread_of_torch
from editing.engines import choose_engine
from editing.engines.base import Engine
from editing.engines.native.obscure import obscured
from editing.errors import FaceUnknown, NoFace, OutputUnwritable
from editing.faces.align import align
from editing.faces.canonical import canonical_face, fit_face
from editing.faces.detect import box_of
from editing.faces.face import Face
from editing.faces.landmarks import find_landmarks
from editing.faces.paste import paste
from editing.faces.pose import pose_of
from editing.measure.identity import descriptor_at
from editing.models import ModelStore
from editing.operations import find_operation
from editing.operations.base import Operation
from editing.operations.deidentify import DeidentifyParams
from editing.photo import Photo
from editing.preview import reduced
from editing.progress import Progress, part, silent
from editing.report import PersonReport, VideoFacts, VideoReport, WeightReport
from editing.request import MAX_SEED, EditRequest
from editing.video.clip import FORMATS, Clip, Frame, FrameWriter, join, open_clip, read_frames
from editing.video.follow import Follower, Person
from editing.video.request import check_video_request

PIECE = 100  # pictures that are coded into one file; what is whole is not done again
MOVING = 512  # largest side of a face's frame: in motion nobody sees more
SAMPLES = 12  # pictures of each person that are measured
PREVIEW_SIDE, PREVIEW_EVERY = 640, 10
# An edited picture, uint8 (H, W, 3), and the distances that were measured in it, by person.
_Edited = tuple[NDArray[np.uint8], dict[str, list[float]]]
COMMENT = "Edited by Mien: the faces are not those of the people who were filmed."
FOLLOWED = 0.3  # of all the work is finding and following


@dataclass(slots=True)
class _Seen:
    """What is known of the video after a first look."""

    people: list[Person]
    count: int = 0
    broken: int = 0


@dataclass(slots=True)
class _Work:
    """What a picture is edited with. ``memos`` keeps for each person who is drawn in their place."""

    operation: Operation
    engine: Engine
    params: DeidentifyParams
    seed: int
    models: ModelStore
    memos: dict[int, dict[str, Any]] = field(default_factory=dict)


def check_written(out: Path) -> None:
    """Let pass what a video can be written as.

    Raises:
        OutputUnwritable: the suffix is of no format that is written.
    """
    if out.suffix.lower() not in FORMATS:
        raise OutputUnwritable(f"{out}: a video is written as {' or '.join(FORMATS)}")


@one_thread_of_torch()
def edit_video(
    source: Path,
    out: Path,
    request: EditRequest,
    models: ModelStore,
    pieces: Path,
    progress: Progress = silent,
) -> VideoReport:
    """Write the video with everybody de-identified, and return what is to be said of it.

    Args:
        source: the video.
        out: where it is written; ``.mp4`` or ``.webm``.
        request: the operation, its params, which people (``faces``) and the seed.
        models: where weights come from.
        pieces: a folder for what is done already. Called again with it, the work goes on from there.
        progress: told how far it is; may raise ``Cancelled``.

    Raises:
        RequestInvalid, OutputUnwritable: as ``check_video_request`` and ``check_written``.
        VideoUnreadable, VideoTooLarge: the source cannot be worked on.
        NoFace: nobody was seen in any picture.
        FaceUnknown: a person was asked for who is not there.
        Unavailable: no engine or weights for it on this machine.
        Cancelled: the reporter asked to stop; what is done stays in ``pieces``.
    """
    started = time.perf_counter()
    check_video_request(request)
    check_written(out)
    operation, params = find_operation(request.operation), request.checked_params()
    assert isinstance(params, DeidentifyParams)
    engine = choose_engine(operation, request.engine, models)
    clip = open_clip(source)
    digest = _digest(source)
    seed = _begun(pieces, request, digest, out.suffix.lower())
    seen = _look(clip, models, part(progress, 0.0, FOLLOWED))
    if not seen.people:
        raise NoFace("no face was found in any picture of the video")
    people = _chosen(seen.people, request.chosen_faces())
    work = _Work(operation, engine, params, seed, models)
    files, distances = _edit_all(
        clip, seen, people, work, pieces, out.suffix.lower(), part(progress, FOLLOWED, 0.97)
    )
    progress(0.97, "joining")
    join(files, clip, out, out.suffix.lower(), COMMENT)
    declared = next(e for e in operation.engines if e.name == engine.name)
    cards = [models.card(name) for name in declared.weights]
    progress(1.0, "done")
    return VideoReport(
        operation=operation.name,
        params=params.model_dump(mode="json"),
        engine=engine.name,
        seed=seed,
        seconds=round(time.perf_counter() - started, 3),
        video=VideoFacts(
            width=clip.width, height=clip.height, frames=seen.count,
            frames_per_second=round(float(clip.rate), 3), sha256=digest, broken=seen.broken,
        ),
        faces=[_told(person, distances.get(person.index, []), clip) for person in people],
        notes=list(params.notes()),
        weights=[WeightReport(name=c.name, sha256=c.sha256, licence=c.licence) for c in cards],
    )  # fmt: skip


def _begun(pieces: Path, request: EditRequest, digest: str, suffix: str) -> int:
    """Return the seed of the work in ``pieces``; what is there of other work is thrown away."""
    params = request.checked_params()
    secret = [getattr(params, name).get_secret_value() for name in sorted(params.secrets())]
    asked = json.dumps(
        [digest, suffix, request.operation, params.model_dump(mode="json"), request.faces,
         request.engine, request.seed, secret], sort_keys=True,
    )  # fmt: skip
    plan = {"asked": hashlib.sha256(asked.encode()).hexdigest()}
    pieces.mkdir(parents=True, exist_ok=True)
    file = pieces / "plan.json"
    try:
        known = json.loads(file.read_text())
        if known["asked"] == plan["asked"]:
            return int(known["seed"])
    except (OSError, ValueError, KeyError):
        pass
    for old in pieces.iterdir():
        old.unlink()
    seed = request.seed if request.seed is not None else secrets.randbelow(MAX_SEED + 1)
    file.write_text(json.dumps(plan | {"seed": seed}))
    return seed


def _look(clip: Clip, models: ModelStore, progress: Progress) -> _Seen:
    follower, seen = Follower(models), _Seen([])
    for frame in read_frames(clip.path):
        progress(_share(seen.count, clip), "following faces")
        follower.take(frame)
        seen.count += 1
        seen.broken += frame.broken
    seen.people = follower.people()
    return seen


def _share(number: int, clip: Clip) -> float:
    expected = clip.seconds * float(clip.rate)
    return min(0.999, number / expected) if expected > 0 else 0.5


def _chosen(people: list[Person], wanted: Literal["all", "largest"] | list[int]) -> list[Person]:
    if wanted == "all":
        return people
    if wanted == "largest":
        size = {
            p.index: max(float(np.ptp(points[:, 0])) for points in p.points.values())
            for p in people
        }
        return [max(people, key=lambda p: size[p.index])]
    missing = [str(index) for index in wanted if index >= len(people)]
    if missing:
        raise FaceUnknown(f"there is no person {', '.join(missing)}: the video has {len(people)}")
    return [people[index] for index in sorted(set(wanted))]


def _edit_all(
    clip: Clip,
    seen: _Seen,
    people: list[Person],
    work: _Work,
    pieces: Path,
    suffix: str,
    progress: Progress,
) -> tuple[list[tuple[Path, int]], dict[int, list[float]]]:
    """Return the coded pieces with their beginnings, and distances by person."""
    files: list[tuple[Path, int]] = []
    distances: dict[int, list[float]] = {}
    sampled = {person.index: _samples(person) for person in people}
    # Whom a person becomes is drawn at their first picture: also where that one is done already.
    drawn_at = {min(set(p.points) - p.guessed) for p in people if len(p.points) > len(p.guessed)}
    writer: FrameWriter | None = None
    made = done = pieces / "none"
    measured: dict[str, list[float]] = {}

    def is_whole(number: int) -> bool:
        piece = pieces / f"{number // PIECE:05d}{suffix}"
        return piece.is_file() and piece.with_suffix(".json").is_file()

    def edited(number: int, frame: Frame) -> _Edited:
        distances: dict[str, list[float]] = {}
        return _edit_frame(number, frame, people, work, sampled, distances), distances

    for number, frame, job in _in_order(clip, edited, drawn_at, is_whole):
        if number % PIECE == 0:
            if writer is not None:
                _finish(writer, made, done, measured, distances)
            name = f"{number // PIECE:05d}{suffix}"
            done, made = pieces / name, pieces / f"part-{name}"
            files.append((done, frame.pts))
            measured = {}
            if is_whole(number):
                writer = None
                _add(distances, json.loads(done.with_suffix(".json").read_text()))
            else:
                writer = FrameWriter(made, clip, suffix)
        if writer is None or job is None:
            continue
        pixels, found = job.result()
        for person, values in found.items():
            measured.setdefault(person, []).extend(values)
        writer.write(pixels, frame.pts)
        preview = reduced(pixels, PREVIEW_SIDE) if number % PREVIEW_EVERY == 0 else None
        progress(
            min(0.999, number / max(seen.count, 1)),
            f"picture {number + 1} of {seen.count}",
            preview,
        )
    if writer is not None:
        _finish(writer, made, done, measured, distances)
    return files, distances


def _in_order(
    clip: Clip,
    edited: Callable[[int, Frame], _Edited],
    drawn_at: set[int],
    is_whole: Callable[[int], bool],
) -> Iterator[tuple[int, Frame, Future[_Edited] | None]]:
    """Yield the pictures in their order, AT_ONCE of which are edited at once; None where none is needed."""
    waiting: deque[tuple[int, Frame, Future[_Edited] | None]] = deque()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number, frame in enumerate(read_frames(clip.path)):
            needed = number in drawn_at or not is_whole(number)
            job = pool.submit(edited, number, frame) if needed else None
            if job is not None and number in drawn_at:
                job.result()  # Later pictures show who was drawn here.
            waiting.append((number, frame, job))
            if len(waiting) > AT_ONCE:
                yield waiting.popleft()
        yield from waiting


def _finish(
    writer: FrameWriter,
    made: Path,
    done: Path,
    measured: dict[str, list[float]],
    distances: dict[int, list[float]],
) -> None:
    writer.close()
    done.with_suffix(".json").write_text(json.dumps(measured))
    made.replace(done)
    _add(distances, measured)


def _add(distances: dict[int, list[float]], measured: dict[str, list[float]]) -> None:
    for index, values in measured.items():
        distances.setdefault(int(index), []).extend(values)


def _edit_frame(
    number: int,
    frame: Frame,
    people: list[Person],
    work: _Work,
    sampled: dict[int, set[int]],
    measured: dict[str, list[float]],
) -> NDArray[np.uint8]:
    before = Photo(frame.pixels, None, None, None, "PNG", "")
    photo = before
    for person in people:
        if number not in person.points:
            continue
        face = _face(person, number, photo, work.models)
        memo = work.memos.setdefault(person.index, {})
        cut = replace(
            align(photo, face, work.models, min(work.operation.largest_frame, MOVING)), memo=memo
        )
        if number in person.guessed:
            # Nobody saw the face here: what is drawn might lie beside it, what is hidden is hidden.
            edit = obscured(cut, work.params.hiding() or "blur", 1.0)
        else:
            seed = (work.seed + person.index) % (MAX_SEED + 1)
            edit = work.engine.run(work.operation, cut, work.params, seed, work.models, silent)
        photo = paste(photo, cut, edit)
        if number in sampled.get(person.index, ()):
            _measure(person, before, photo, face, work.models, measured)
    return photo.pixels


def _face(person: Person, number: int, photo: Photo, models: ModelStore) -> Face:
    points = person.points[number]
    pose = pose_of(fit_face(canonical_face(models), points).rotation)
    return Face(person.index, box_of(points, photo.width, photo.height), points, pose, 0.0)


def _measure(
    person: Person,
    before: Photo,
    after: Photo,
    face: Face,
    models: ModelStore,
    measured: dict[str, list[float]],
) -> None:
    found = find_landmarks(after.pixels, face.landmarks, models)
    was = descriptor_at(before.pixels, face.landmarks, models)
    now = descriptor_at(after.pixels, found, models)
    if was is not None and now is not None:
        measured.setdefault(str(person.index), []).append(float(np.linalg.norm(now - was)))


def _samples(person: Person) -> set[int]:
    seen = sorted(set(person.points) - person.guessed)
    if not seen:
        return set()
    return {seen[round(n)] for n in np.linspace(0, len(seen) - 1, min(SAMPLES, len(seen)))}


def _told(person: Person, distances: list[float], clip: Clip) -> PersonReport:
    numbers = sorted(person.points)
    return PersonReport(
        index=person.index,
        first=round(numbers[0] / float(clip.rate), 3),
        last=round(numbers[-1] / float(clip.rate), 3),
        frames=len(numbers),
        guessed=len(person.guessed),
        sampled=len(distances),
        identity_distance=round(float(np.mean(distances)), 4) if distances else None,
        identity_distance_least=round(min(distances), 4) if distances else None,
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
