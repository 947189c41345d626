"""Following faces through a video, so that nobody is missed for a picture.

A detector looks at every tenth picture and after every cut; from there each face is followed by its
landmarks, forwards and backwards, to where it is lost. What two sightings of one face leave
between them is filled in and told as guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.detect import detect_faces, is_steady
from editing.faces.landmarks import find_landmarks
from editing.measure.identity import descriptor_at
from editing.models import ModelStore
from editing.photo import Photo
from editing.video.clip import Frame

EVERY = 10  # pictures from one look of the detector to the next
CUT = 28.0  # mean difference of small grey pictures, of 255 levels, from which it is a cut
SMALL = (32, 18)
# Of a face's width that two sightings of one face may lie apart, in one picture and after a gap.
SAME_PLACE, NEARBY = 0.35, 1.5
JUMP, GROWTH = 0.7, 1.5  # of its width, and how many times larger, from one picture to the next
BRIDGED = 3 * EVERY  # pictures that may lie between two sightings of one face
HELD = 5  # pictures for which a face that is lost is still covered
SIGNS = 4  # descriptors of a track, whose mean tells who it is
SAME_PERSON = 0.5  # distance of descriptors below which two tracks are one person
SOFT = 1.0  # pictures, sigma of the smoothing of landmarks in time

Points = NDArray[np.float32]


@dataclass(slots=True)
class Person:
    """Somebody in a video. ``points`` maps the number of a picture to the landmarks (478, 3) there;
    in those of ``guessed`` nobody saw the face, and it is taken to be between where it was seen."""

    index: int
    points: dict[int, Points] = field(default_factory=dict)
    guessed: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Track:
    points: dict[int, Points] = field(default_factory=dict)
    guessed: set[int] = field(default_factory=set)
    signs: list[NDArray[np.float64]] = field(default_factory=list)
    lost: bool = False

    @property
    def last(self) -> int:
        return max(self.points)


class Follower:
    """Takes the pictures one by one; ``people`` is who was in them."""

    def __init__(self, models: ModelStore) -> None:
        self._models = models
        self._tracks: list[_Track] = []
        self._held: list[NDArray[np.uint8]] = []  # pictures since the last look, and before it
        self._first = 0  # number of the first of them
        self._looked = -1  # number of the picture of the last look
        self._small: NDArray[np.int16] | None = None
        self._count = 0
        self._cuts: set[int] = set()

    def take(self, frame: Frame) -> None:
        """Look at the next picture."""
        number, pixels = self._count, frame.pixels
        small = (
            cv2.resize(pixels, SMALL, interpolation=cv2.INTER_AREA).mean(axis=2).astype(np.int16)
        )
        cut = self._small is not None and float(np.abs(small - self._small).mean()) > CUT
        self._small, self._count = small, number + 1
        if cut:
            self._look()
            self._held, self._first = [], number
            self._cuts.add(number)
        # Across a cut too: what is taken for one is often a flash, or a hand before the camera.
        for track in self._going():
            self._follow(track, number, pixels)
        self._held.append(pixels)
        if cut or number == 0 or number - self._looked >= EVERY:
            self._look()

    def people(self) -> list[Person]:
        """Return who was there, whoever was seen longest first; tracks of one person are one."""
        self._look()
        groups: list[list[_Track]] = []
        for track in sorted(self._tracks, key=lambda t: -len(t.points)):
            for group in groups:
                apart = all(not track.points.keys() & other.points.keys() for other in group)
                if apart and _alike(track, group):
                    group.append(track)
                    break
            else:
                groups.append([track])
        return [self._person(index, group) for index, group in enumerate(groups)]

    def _person(self, index: int, tracks: list[_Track]) -> Person:
        person = Person(index)
        for track in tracks:
            person.points |= _smoothed(track)
            person.guessed |= track.guessed
        for track in tracks:
            self._hold(person, min(track.points), track.last)
        return person

    def _going(self) -> list[_Track]:
        return [track for track in self._tracks if not track.lost]

    def _follow(self, track: _Track, number: int, pixels: NDArray[np.uint8]) -> None:
        points = self._step(pixels, track.points[number - 1])
        if points is None:
            track.lost = True
            return
        track.points[number] = points

    def _step(self, pixels: NDArray[np.uint8], before: Points) -> Points | None:
        """Return where a face is in the next picture, None where there is none to be seen."""
        points = find_landmarks(pixels, before, self._models)
        was, now = (float(np.ptp(p[:, 0])) for p in (before, points))
        moved = float(np.linalg.norm(points[:, :2].mean(axis=0) - before[:, :2].mean(axis=0)))
        if not (1 / GROWTH < now / max(was, 1e-6) < GROWTH) or moved > JUMP * was:
            return None
        return points if is_steady(pixels, points, self._models) else None

    def _look(self) -> None:
        """Let the detector look at the newest picture, and join what it sees to what was followed."""
        if not self._held:
            return
        number = self._first + len(self._held) - 1
        if number == self._looked:
            return
        self._looked = number
        pixels = self._held[-1]
        for face in detect_faces(_photo(pixels), self._models):
            here = [t for t in self._going() if number in t.points]
            near = [t for t in here if _gap(t.points[number], face.landmarks) < SAME_PLACE]
            track = near[0] if near else self._found(number, face.landmarks)
            track.points[number] = face.landmarks
            if len(track.signs) < SIGNS:
                sign = descriptor_at(pixels, face.landmarks, self._models)
                track.signs += [sign] if sign is not None else []
        gone = len(self._held) - 2 * EVERY
        if gone > 0:
            self._held, self._first = self._held[gone:], self._first + gone

    def _found(self, number: int, points: Points) -> _Track:
        """Return the track of a face that nobody followed to here, followed back to where it came
        from."""
        back = {number: points}
        last = points
        for at in range(number - 1, self._first - 1, -1):
            here = self._step(self._held[at - self._first], last)
            if here is None or self._taken(at, here):
                break
            back[at] = last = here
        first = min(back)
        lost = [t for t in self._tracks if self._may_go_on(t, first, back[first])]
        if lost:
            track = max(lost, key=lambda t: t.last)
            track.lost = False
            _bridge(track, track.last, first, back[first])
            track.points |= back
            return track
        track = _Track(back)
        self._tracks.append(track)
        return track

    def _may_go_on(self, track: _Track, first: int, points: Points) -> bool:
        """Return whether a lost face may be the one that is seen again from ``first`` on."""
        last = track.last
        if not track.lost or not first - BRIDGED <= last < first:
            return False
        cut = any(last < number <= first for number in self._cuts)
        return not cut and _gap(track.points[last], points) < NEARBY

    def _hold(self, person: Person, first: int, last: int) -> None:
        """Cover the place of a face a little longer at both ends, where it may be seen half."""
        after = range(last + 1, min(last + 1 + HELD, self._count))
        before = range(first - 1, max(first - 1 - HELD, -1), -1)
        for end, numbers, step in ((last, after, 0), (first, before, 1)):
            for number in numbers:
                # Beyond a cut it is another picture, and where the face was seen its place is known.
                if number + step in self._cuts or number in person.points:
                    break
                person.points[number] = person.points[end]
                person.guessed.add(number)

    def _taken(self, number: int, points: Points) -> bool:
        return any(
            number in t.points and _gap(t.points[number], points) < SAME_PLACE for t in self._tracks
        )


def follow(frames: Iterable[Frame], models: ModelStore) -> list[Person]:
    """Return everybody whose face is to be seen in the pictures.

    Raises:
        WeightsUnavailable: the landmark network is not there.
    """
    follower = Follower(models)
    for frame in frames:
        follower.take(frame)
    return follower.people()


def _photo(pixels: NDArray[np.uint8]) -> Photo:
    return Photo(pixels, None, None, None, "PNG", "")


def _gap(a: Points, b: Points) -> float:
    """Return how far two faces lie apart, in widths of the first."""
    width = max(float(np.ptp(a[:, 0])), 1.0)
    return float(np.linalg.norm(a[:, :2] - b[:, :2], axis=1).mean()) / width


def _alike(track: _Track, group: list[_Track]) -> bool:
    signs = [sign for other in group for sign in other.signs]
    if not signs or not track.signs:
        return False
    return float(np.linalg.norm(np.mean(track.signs, 0) - np.mean(signs, 0))) < SAME_PERSON


def _bridge(track: _Track, last: int, first: int, points: Points) -> None:
    """Lay the face between two sightings on a straight line."""
    start = track.points[last]
    for number in range(last + 1, first):
        share = np.float32((number - last) / (first - last))
        track.points[number] = start + share * (points - start)
        track.guessed.add(number)


def _smoothed(track: _Track) -> dict[int, Points]:
    """Return the landmarks averaged over neighbouring pictures: they tremble by themselves."""
    reach = range(-round(3 * SOFT), round(3 * SOFT) + 1)
    smooth = {}
    for number in track.points:
        near = {s: track.points[number + s] for s in reach if number + s in track.points}
        # As far before as after, or a moving face would lag behind or run ahead.
        even = [s for s in near if -s in near]
        weights = np.exp(-np.square(np.array(even, np.float32)) / (2 * SOFT**2))
        stack = np.stack([near[s] for s in even])
        smooth[number] = np.tensordot(weights / weights.sum(), stack, 1).astype(np.float32)
    return smooth
