"""How well people in a video are protected by whatever made the edited one.

Each person of the original is followed and compared, picture by picture, with what is in their place.
Beside that, two figures that only moving pictures have: flicker, and how far a recogniser is thrown
about from one picture to the next.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.errors import RequestInvalid
from editing.evaluate.privacy.figures import (
    SAME_PERSON,
    Figures,
    expression_table,
    expressions,
    mean,
    of_pairs,
    rounded,
    table,
)
from editing.evaluate.privacy.pairs import Pair, compare_face, overlap
from editing.faces.align import align
from editing.faces.canonical import canonical_face, fit_face
from editing.faces.detect import box_of, detect_faces
from editing.faces.face import Face
from editing.faces.pose import pose_of
from editing.models import ModelStore
from editing.photo import Photo
from editing.video.clip import open_clip, read_frames
from editing.video.follow import Follower, Person

EVERY = 3  # pictures from one that is compared to the next
STEADY = 128  # pixels a side of the upright face in which flicker is measured


@dataclass(slots=True)
class PersonPrivacy:
    """A person. ``changes`` are, from each picture to the next, the mean change of the upright face
    in the original and in the edited video, of 255 levels.
    """

    index: int
    pairs: list[Pair] = field(default_factory=list)
    changes: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class VideoPrivacy:
    """Everything that was found out; see ``numbers``."""

    original: str
    edited: str
    frames: int
    people: list[PersonPrivacy]


def evaluate_video(
    original: Path, edited: Path, models: ModelStore, tell: Callable[[str], None]
) -> VideoPrivacy:
    """Return the comparison of the two videos.

    Raises:
        RequestInvalid: they differ in size or in the number of pictures, or nobody is in the original.
        VideoUnreadable, VideoTooLarge: one of them cannot be worked on.
    """
    sizes = [(clip.width, clip.height) for clip in (open_clip(original), open_clip(edited))]
    if sizes[0] != sizes[1]:
        raise RequestInvalid(f"the original is {sizes[0]}, the edited video {sizes[1]} pixels")
    follower, count = Follower(models), 0
    for frame in read_frames(original):
        tell(f"following, picture {count + 1}")
        follower.take(frame)
        count += 1
    people = follower.people()
    if not people:
        raise RequestInvalid("nobody is seen in the original")
    told = [PersonPrivacy(person.index) for person in people]
    last: dict[int, tuple[NDArray[np.int16], NDArray[np.int16]]] = {}
    after = read_frames(edited)
    for number, before in enumerate(read_frames(original)):
        other = next(after, None)
        if other is None:
            raise RequestInvalid(f"the original has {count} pictures, the edited video {number}")
        tell(f"comparing, picture {number + 1} of {count}")
        photos = [Photo(one.pixels, None, None, None, "PNG", "") for one in (before, other)]
        for person, found in zip(people, told, strict=True):
            _compare(person, number, photos, found, last, models)
    if next(after, None) is not None:
        raise RequestInvalid(f"the edited video has more pictures than the {count} of the original")
    return VideoPrivacy(original.name, edited.name, count, told)


def _compare(
    person: Person,
    number: int,
    photos: list[Photo],
    found: PersonPrivacy,
    last: dict[int, tuple[NDArray[np.int16], NDArray[np.int16]]],
    models: ModelStore,
) -> None:
    points = person.points.get(number)
    if points is None:
        last.pop(person.index, None)
        return
    pose = pose_of(fit_face(canonical_face(models), points).rotation)
    before, after = photos
    face = Face(person.index, box_of(points, before.width, before.height), points, pose, 0.0)
    now = (_steady(before, face, models), _steady(after, face, models))
    was = last.get(person.index)
    if was is not None:
        changes = [float(np.abs(b - a).mean()) for a, b in zip(was, now, strict=True)]
        found.changes.append((changes[0], changes[1]))
    last[person.index] = now
    if number % EVERY == 0 and number not in person.guessed:
        # Both are read where a detector sees them: points that were followed are smoother.
        seen = [one for one in detect_faces(before, models) if overlap(one, face) > 0.3]
        pair = compare_face(
            str(number), str(person.index), before, after, seen[0] if seen else face, models
        )
        if pair is not None:
            found.pairs.append(pair)


def _steady(photo: Photo, face: Face, models: ModelStore) -> NDArray[np.int16]:
    """Return the face upright and always in the same place, int16 (128, 128, 3)."""
    pixels = align(photo, face, models, 256).picture() * 255
    small = cv2.resize(pixels, (STEADY, STEADY), interpolation=cv2.INTER_AREA)
    return small.astype(np.int16)


def numbers(found: VideoPrivacy) -> Figures:
    """Return the figures of ``figures.of_pairs`` over the pictures that were compared, and two more.

    - ``flicker``: how much more the face changes from picture to picture than it did, in 255 levels:
      the mean, and ``flicker_most``, of one picture.
    - ``jitter``: dlib's distance from one compared picture to the next; ``jitter_before`` what it was.
    """
    pairs = [pair for person in found.people for pair in person.pairs]
    told: Figures = {
        "frames": found.frames,
        "people": len(found.people),
        "compared": len(pairs),
    }
    if not pairs:
        return told
    added = [after - before for person in found.people for before, after in person.changes]
    steps = [step for person in found.people for step in pairwise(person.pairs)]
    jitter = {
        name: [float(np.linalg.norm(getattr(b, name) - getattr(a, name))) for a, b in steps]
        for name in ("before", "after")
    }
    return told | {
        **of_pairs(pairs),
        "flicker": mean(added, 2),
        "flicker_most": rounded(max(added), 2) if added else None,
        "jitter": mean(jitter["after"], 3),
        "jitter_before": mean(jitter["before"], 3),
    }


def to_json(found: VideoPrivacy) -> str:
    """Return all of it, with a row for each compared picture of each person."""
    told = {
        "original": found.original,
        "edited": found.edited,
        "numbers": numbers(found),
        "people": [
            {
                "index": person.index,
                "expression": expressions(person.pairs),
                "frames": [
                    {"frame": int(p.name), "distance": round(p.distance, 4), "found": p.found}
                    for p in person.pairs
                ],
            }
            for person in found.people
        ],
    }
    return json.dumps(told, indent=2) + "\n"


def to_markdown(found: VideoPrivacy) -> str:
    """Return the figures as tables, action units over the pictures of each person."""
    lines = [f"# Privacy: `{found.edited}` against `{found.original}`", ""]
    lines += table(numbers(found))
    for person in found.people:
        units = expression_table(expressions(person.pairs))
        if units:
            lines += ["", f"Person {person.index}:", *units]
    return "\n".join(lines) + "\n"


def draw_plot(found: VideoPrivacy) -> bytes:
    """Return a PNG: each person's distance to the original, picture by picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for person in found.people:
        at = [int(pair.name) for pair in person.pairs]
        axes.plot(at, [pair.distance for pair in person.pairs], label=f"person {person.index}")
    axes.axhline(SAME_PERSON, color="black", linewidth=1)
    axes.set(xlabel="picture", ylabel="dlib distance; one person is below 0.6", ylim=(0, 1.3))
    axes.legend()
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=120)
    return file.getvalue()
