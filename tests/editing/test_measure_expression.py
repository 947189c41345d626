"""Action units follow what the face does, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from editing.faces.canonical import canonical_face, fit_face
from editing.faces.mesh import rotation
from editing.faces.topology import LEFT_BROW, LEFT_EYE, RIGHT_BROW, RIGHT_EYE
from editing.measure.expression import action_units
from editing.models import ModelStore
from editing.operations.expression import UNITS
from editing.training.data import faces_folder, samples


@pytest.fixture(scope="module")
def canonical():
    return canonical_face(ModelStore())


def moved(shape, points, by):
    changed = shape.copy()
    changed[list(points)] += np.float32(by)
    return changed


def units_of(shape, canonical):
    return action_units(shape, fit_face(canonical, shape))


LOWER_LIP = (14, 17, 87, 317, 84, 314)

MOVES = {
    "smile": lambda s, a: moved(moved(s, (61,), (-a, -a, 0)), (291,), (a, -a, 0)),
    "mouth_open": lambda s, a: moved(s, LOWER_LIP, (0, a, 0)),
    "mouth_width": lambda s, a: moved(moved(s, (61,), (-a, 0, 0)), (291,), (a, 0, 0)),
    "pucker": lambda s, a: moved(moved(s, (61,), (a, 0, 0)), (291,), (-a, 0, 0)),
    "brow_raise": lambda s, a: moved(s, RIGHT_BROW + LEFT_BROW, (0, -a, 0)),
    "brow_furrow": lambda s, a: moved(moved(s, RIGHT_BROW, (a, 0, 0)), LEFT_BROW, (-a, 0, 0)),
    "eyes_open": lambda s, a: moved(s, RIGHT_EYE[9:] + LEFT_EYE[9:], (0, -a, 0)),
}


def test_there_is_a_reading_for_every_unit(canonical):
    assert set(units_of(canonical.shape, canonical)) == set(UNITS) == set(MOVES)


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_rises_with_its_own_movement(canonical, unit):
    readings = [
        units_of(MOVES[unit](canonical.shape, a), canonical)[unit] for a in (-0.03, 0, 0.03, 0.08)
    ]
    assert all(np.diff(readings) > 0.004), readings


def test_turn_size_and_place_of_the_head_change_nothing(canonical):
    still = units_of(canonical.shape, canonical)
    turned = canonical.shape @ rotation(30, -15, 20).T * np.float32(83) + np.float32([400, 250, 7])
    again = units_of(turned.astype(np.float32), canonical)
    assert again == pytest.approx(still, abs=1e-3)


def test_smiles_of_real_people_rise():
    try:
        faces_folder()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    canonical = canonical_face(ModelStore())
    points = {sample.name: sample.points(1024) for sample in samples(("london",))}
    people = [name for name in points if name.endswith("_neutral")]
    rises = 0
    for name in people:
        before, after = points[name], points[name.replace("neutral", "smiling")]
        rises += units_of(after, canonical)["smile"] > units_of(before, canonical)["smile"]
    assert rises >= 0.98 * len(people)
