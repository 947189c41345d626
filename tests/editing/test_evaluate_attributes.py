"""Whether attributes are reached and nothing else moves: what the readers say of known changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editing.evaluate import attributes
from editing.evaluate.attribute_readers import Shown, shapes_after
from editing.evaluate.attributes import TRIALS, Outcome, summary, to_markdown
from editing.faces.detect import detect_faces
from editing.models import ModelStore
from editing.operations.inpaint import ATTRIBUTES
from editing.pipeline import edit_photo
from editing.request import EditRequest

VALUES = {
    "smile": 0.2, "mouth_open": 0.1, "beard": 0.0, "spectacles": 0.0, "gender": 0.9, "age": 0.3,
    "moustache": 0.1, "spots": 0.1, "shine": 0.1, "lips": 0.2, "nose": 0.6, "brows": 0.1, "lids": 0.12,
}  # fmt: skip


def shown(**values: float) -> Shown:
    colours = {name: np.array([40, 10, 10], np.float32) for name in attributes.COLOURS}
    return Shown(VALUES | values, colours)


def trial(label: str) -> attributes.Trial:
    return next(one for one in TRIALS if one.label == label)


def test_every_change_but_restoring_is_tried():
    wanted = {f"{r} {a}" for r, known in ATTRIBUTES.items() for a in known if a != "restore"}
    assert {one.label for one in TRIALS} == wanted


def test_pixels_that_moved_are_seen_to_have(astronaut_photo):
    models = ModelStore()
    faces = detect_faces(astronaut_photo, models)
    same = shapes_after(astronaut_photo, astronaut_photo, faces[0], models)
    request = EditRequest(
        operation="inpaint", params={"region": "nose", "attribute": "wider"}, seed=1
    )
    wider = edit_photo(astronaut_photo, request, models, faces=faces).photo
    moved = shapes_after(astronaut_photo, wider, faces[0], models)
    assert moved["nose"] > 1.03 * same["nose"]
    assert moved["lids"] == pytest.approx(same["lids"], rel=0.05)


def test_a_reading_that_was_not_asked_for_counts_against_it():
    was = shown()
    beard = trial("beard add")
    assert beard.wants(was)
    assert beard.reached(was, shown(beard=0.5))
    assert not beard.reached(was, shown(beard=0.1))
    others = attributes._others(was, shown(beard=0.5, age=0.5, nose=0.61), beard.along)
    assert not others["age"]
    assert others["nose"]
    assert "beard" not in others
    redder = replace(was, colours=was.colours | {"hair": np.array([40, 40, 10], np.float32)})
    assert not attributes._others(was, redder, beard.along)["hair colour"]


def test_a_colour_is_reached_by_its_hue_and_enough_of_it():
    was, lips = shown(), trial("mouth color")

    def painted(a: float, b: float) -> Shown:
        return replace(was, colours=was.colours | {"mouth": np.array([40, a, b], np.float32)})

    assert lips.reached(was, painted(40, 10))
    assert not lips.reached(was, painted(10, 40))
    assert not lips.reached(was, painted(8, 2))


def test_the_table_tells_each_change_and_all():
    outcomes = [
        Outcome("nose wider", True, 10, 10, [], 0.1, 0.2),
        Outcome("nose wider", False, 8, 10, ["age", "age"], 0.7, 0.4),
    ]
    told = summary(outcomes)["all"]
    assert (told["reached"], told["others_kept"], told["same_person"]) == (0.5, 0.9, 0.5)
    assert told["moved_most"] == "age"
    assert "| nose wider | 2 | 0.5 |" in to_markdown(outcomes)
    assert to_markdown([]) == ""
