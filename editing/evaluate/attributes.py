"""Whether an attribute was reached, and whether it dragged another along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.command.source import read_photo
from editing.errors import EditingError
from editing.evaluate.attribute_readers import (
    Readers,
    Shown,
    attribute_readers,
    read_attributes,
    shapes_after,
)
from editing.faces.detect import detect_faces
from editing.faces.face import Face
from editing.faces.landmarks import find_landmarks
from editing.models import ModelStore
from editing.photo import Photo
from editing.pipeline import edit_photo
from editing.request import EditRequest

SAME_PERSON = 0.5
# How far a reading may move that was not asked to: about a quarter of what lies between people who
# have it and people who have not; ten per cent of a shape; what is hardly seen of a colour.
QUIET = {
    "smile": 0.2, "mouth_open": 0.2, "beard": 0.2, "spectacles": 0.2, "gender": 0.2, "age": 0.06,
    "moustache": 0.12, "spots": 0.05, "shine": 0.05,
}  # fmt: skip
QUIET_SHAPE, QUIET_COLOUR = 0.1, 8.0
SHAPES = ("lips", "nose", "brows", "lids")
COLOURS = ("mouth", "eyes", "brows", "hair")

HUE, VIVID = 0.9, 0.4  # cosine of 25 degrees; share of the chroma
# By how much a smile moves its reading, the mean of 68 Londoners of folds 2 to 9.
SMILED = 0.155
# Half way between the mean readings of people who have it and people who have not, of fold 0.
BEARDED, WEARING = 0.28, 0.47

Test = Callable[[Shown, Shown], bool]
Wants = Callable[[Shown], bool]


@dataclass(frozen=True, slots=True)
class Trial:
    """A change: of whom it can be asked, when it counts as reached, and what goes along with it."""

    region: str
    attribute: str
    wants: Wants
    reached: Test
    along: frozenset[str]
    color: str | None = None

    @property
    def label(self) -> str:
        return f"{self.region} {self.attribute}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One change of one face: ``others`` is the share of all other readings that stayed."""

    label: str
    reached: bool
    kept: int
    others: int
    moved: list[str]
    distance: float | None
    seconds: float


def _anybody(_: Shown) -> bool:
    return True


def _has(name: str, least: float) -> Wants:
    return lambda shown: shown.values[name] > least


def _lacks(name: str, most: float) -> Wants:
    return lambda shown: shown.values[name] < most


def _ends(name: str, least: float = -9.0, most: float = 9.0) -> Test:
    return lambda was, now: least < now.values[name] < most


def _moves(name: str, way: float) -> Test:
    """Return whether a reading moved at least so far, up or down."""
    return lambda was, now: (now.values[name] - was.values[name]) / way >= 1


def _grows(name: str, factor: float) -> Test:
    """Return whether a reading became ``factor`` times what it was, or more extreme."""
    if factor > 1:
        return lambda was, now: now.values[name] >= factor * was.values[name]
    return lambda was, now: now.values[name] <= factor * was.values[name]


def _coloured(part: str, code: str) -> Test:
    """Return whether a part has the hue that was asked for, and enough of its chroma: dark hair that
    is dyed stays darker, and so less colourful."""
    rgb = np.array([[[int(code[n : n + 2], 16) for n in (1, 3, 5)]]], np.float32) / 255
    wish = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[0, 0]

    def test(was: Shown, now: Shown) -> bool:
        after = now.colours[part]
        if after is None:
            return False
        wanted, chroma = (float(np.linalg.norm(c[1:])) for c in (wish, after))
        along = float(after[1:] @ wish[1:]) / max(wanted * chroma, 1e-6)
        return along > HUE and chroma > VIVID * wanted

    return test


def _coloured_of(part: str) -> Wants:
    return lambda shown: shown.colours[part] is not None


def _greyed(was: Shown, now: Shown) -> bool:
    before, after = was.colours["hair"], now.colours["hair"]
    if before is None or after is None:
        return False
    chroma = [float(np.linalg.norm(c[1:])) for c in (before, after)]
    return chroma[1] <= max(0.5 * chroma[0], 4.0)


def _man_without_beard(shown: Shown) -> bool:
    return shown.values["beard"] < 0.15 and shown.values["gender"] > 0.5


def _with_moustache(shown: Shown) -> bool:
    return shown.values["moustache"] > 0.2 and shown.values["beard"] > BEARDED


MOUTH = frozenset({"smile", "mouth_open", "lips", "moustache"})
FACE_HAIR = frozenset({"beard", "moustache"})
TRIALS: tuple[Trial, ...] = (
    Trial("mouth", "smile", _lacks("smile", 0.4), _moves("smile", SMILED), MOUTH),
    Trial("mouth", "neutral", _has("smile", 0.6), _moves("smile", -SMILED), MOUTH),
    Trial("mouth", "fuller", _anybody, _grows("lips", 1.1), frozenset({"lips"})),
    Trial("mouth", "thinner", _anybody, _grows("lips", 0.9), frozenset({"lips"})),
    Trial("mouth", "color", _coloured_of("mouth"), _coloured("mouth", "#b0304c"),
          frozenset({"mouth colour"}), "#b0304c"),
    Trial("eyes", "open", _anybody, _grows("lids", 1.08), frozenset({"lids"})),
    Trial("eyes", "color", _coloured_of("eyes"), _coloured("eyes", "#3f7f5f"),
          frozenset({"eyes colour"}), "#3f7f5f"),
    Trial("brows", "thicker", _anybody, _grows("brows", 1.1), frozenset({"brows", "brows colour"})),
    Trial("brows", "thinner", _anybody, _grows("brows", 0.9), frozenset({"brows", "brows colour"})),
    Trial("brows", "color", _coloured_of("brows"), _coloured("brows", "#7a4b2a"),
          frozenset({"brows colour"}), "#7a4b2a"),
    Trial("nose", "narrower", _anybody, _grows("nose", 0.95), frozenset({"nose"})),
    Trial("nose", "wider", _anybody, _grows("nose", 1.05), frozenset({"nose"})),
    Trial("beard", "add", _man_without_beard, _ends("beard", BEARDED), FACE_HAIR),
    Trial("beard", "remove", _has("beard", 0.4), _ends("beard", most=BEARDED), FACE_HAIR),
    Trial("moustache", "add", _man_without_beard,
          lambda was, now: now.values["moustache"] >= was.values["moustache"] + 0.06, FACE_HAIR),
    Trial("moustache", "remove", _with_moustache, _grows("moustache", 0.6), FACE_HAIR),
    Trial("glasses", "remove", _has("spectacles", 0.5), _ends("spectacles", most=WEARING),
          frozenset({"spectacles", "lids", "brows", "brows colour", "eyes colour"})),
    Trial("skin", "spots", _has("spots", 0.02), _grows("spots", 0.7), frozenset({"spots"})),
    Trial("skin", "shine", _has("shine", 0.02), _grows("shine", 0.7), frozenset({"shine"})),
    Trial("hair", "color", _coloured_of("hair"), _coloured("hair", "#8a5a2c"),
          frozenset({"hair colour", "brows colour"}), "#8a5a2c"),
    Trial("hair", "grey", _coloured_of("hair"), _greyed, frozenset({"hair colour", "age"})),
)  # fmt: skip


def measure_attributes(
    photos: Sequence[Path], cache: Path, models: ModelStore, tell: Callable[[str], None]
) -> list[Outcome]:
    """Return what every trial made of the largest face of each photo of which it can be asked; nothing
    where the labelled faces are not there, without which there are no readers."""
    readers = attribute_readers(cache / "attribute-readers.npy", models)
    if readers is None:
        return []
    found = []
    for n, path in enumerate(photos):
        tell(f"attributes {n + 1}/{len(photos)}")
        try:
            photo = read_photo(path)
            faces = detect_faces(photo, models)
        except EditingError:
            continue
        if faces:
            found += _try_all(photo, faces[:1], readers, models)
    return found


def _try_all(
    photo: Photo, faces: Sequence[Face], readers: Readers, models: ModelStore
) -> list[Outcome]:
    was = read_attributes(photo, faces[0], readers, models)
    found = []
    for trial in TRIALS:
        if not trial.wants(was):
            continue
        params: dict[str, Any] = {"region": trial.region, "attribute": trial.attribute}
        if trial.color is not None:
            params["color"] = trial.color
        request = EditRequest(operation="inpaint", params=params, faces=[0], seed=1)
        done = edit_photo(photo, request, models, faces=faces)
        there = _found_again(done.photo, faces[0], models)
        now = read_attributes(done.photo, there, readers, models)
        now.values.update(shapes_after(photo, done.photo, faces[0], models))
        told = _others(was, now, trial.along)
        distance = done.report.faces[0].measures["identity_distance"]
        found.append(
            Outcome(
                trial.label,
                trial.reached(was, now),
                sum(told.values()),
                len(told),
                [name for name, kept in told.items() if not kept],
                distance if isinstance(distance, float) else None,
                done.report.seconds,
            )
        )
    return found


def _found_again(after: Photo, face: Face, models: ModelStore) -> Face:
    return replace(face, landmarks=find_landmarks(after.pixels, face.landmarks, models))


def _others(was: Shown, now: Shown, along: frozenset[str]) -> dict[str, bool]:
    """Return of every reading that does not go along whether it stayed."""
    told = {}
    for name, before in was.values.items():
        if name in along:
            continue
        most = QUIET_SHAPE * before if name in SHAPES else QUIET[name]
        told[name] = abs(now.values[name] - before) <= most
    for part in COLOURS:
        colours: tuple[NDArray[np.float32] | None, ...] = (was.colours[part], now.colours[part])
        if f"{part} colour" in along or colours[0] is None or colours[1] is None:
            continue
        told[f"{part} colour"] = float(np.linalg.norm(colours[1] - colours[0])) <= QUIET_COLOUR
    return told


def summary(outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    """Return of each change, and of all: faces, and the shares that it reached, of other readings that
    stayed, and of people who are still themselves (dlib below 0.5); the reading that moved most
    often, and the mean seconds."""
    told = {}
    for label in (*dict.fromkeys(one.label for one in outcomes), "all"):
        chosen = [one for one in outcomes if label in (one.label, "all")]
        distances = [one.distance for one in chosen if one.distance is not None]
        moved = [name for one in chosen for name in one.moved]
        told[label] = {
            "faces": len(chosen),
            "reached": round(float(np.mean([one.reached for one in chosen])), 3),
            "others_kept": round(sum(o.kept for o in chosen) / sum(o.others for o in chosen), 3),
            "same_person": round(float(np.mean([d < SAME_PERSON for d in distances])), 3),
            "moved_most": max(set(moved), key=moved.count) if moved else "",
            "seconds": round(float(np.mean([one.seconds for one in chosen])), 2),
        }
    return told


def to_markdown(outcomes: Sequence[Outcome]) -> str:
    """Return the summary as a table; nothing where nothing was measured."""
    if not outcomes:
        return ""
    lines = ["", "## Attributes, by independent readers", ""]
    lines += ["| change | faces | reached | others kept | dlib below 0.5 | moved most | seconds |"]
    lines += ["| --- | --- | --- | --- | --- | --- | --- |"]
    for label, row in summary(outcomes).items():
        lines.append(f"| {label} | {' | '.join(str(value) for value in row.values())} |")
    return "\n".join(lines) + "\n"
