"""Hair over the forehead, told from brows, shadows and spectacles."""

from __future__ import annotations

import numpy as np
import pytest

from editing.engines.native.fringe import fringe
from editing.faces import parts
from editing.faces.canonical import CanonicalFace, canonical_face
from editing.faces.close import HEIGHT, LEFT, TOP, UNIT, WHOLE, WIDTH, close_points
from editing.faces.maps import on_map
from editing.faces.topology import FOREHEAD, LEFT_BROW, RIGHT_BROW
from editing.models import ModelStore

NOTHING = np.zeros((HEIGHT, WIDTH), np.float32)
NOT_WORN = np.zeros((HEIGHT, WIDTH), np.bool_)


@pytest.fixture(scope="module")
def canonical() -> CanonicalFace:
    return canonical_face(ModelStore())


def shaded(dark: np.ndarray, strands: float = 0.1) -> np.ndarray:
    """Return features that are darker by 0.8, in logarithms, where ``dark`` is, with stripes in it."""
    stripes = strands * np.where(np.arange(WIDTH) % 2, 1, -1)
    return np.repeat(np.where(dark, stripes - 0.8, 0.0)[..., None], 3, axis=2).astype(np.float32)


def brows(canonical: CanonicalFace) -> np.ndarray:
    points = on_map(canonical.shape, WHOLE)
    return parts.brows(points, WHOLE)[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH] > 0.5


def down_to(row: float) -> np.ndarray:
    return np.broadcast_to(np.arange(HEIGHT)[:, None] < row, (HEIGHT, WIDTH))


def test_hair_that_hangs_to_the_brows_is_found_and_the_face_below_it_is_not(canonical):
    points = close_points(canonical)
    lower = points[list(RIGHT_BROW + LEFT_BROW), 1].min()
    found = fringe(shaded(down_to(lower)), NOTHING, NOT_WORN, canonical)
    middle = round(float(points[FOREHEAD, 0]))
    top = round(float(points[FOREHEAD, 1]))
    assert found[top + 4 : round(float(lower)) - 4, middle].min() > 0.9
    assert found[round(float(lower)) + round(0.2 * UNIT) :].max() == 0


def test_brows_alone_are_no_hair_and_brows_under_hair_are(canonical):
    own = brows(canonical)
    assert not fringe(shaded(own), NOTHING, NOT_WORN, canonical).any()
    lower = close_points(canonical)[list(RIGHT_BROW + LEFT_BROW), 1].max()
    under = fringe(shaded(own | down_to(lower)), NOTHING, NOT_WORN, canonical)
    assert under[own].mean() > 0.8


def test_a_mark_amid_the_forehead_and_a_rim_are_no_hair(canonical):
    points = close_points(canonical)
    x, y = (round(float(v)) for v in points[151, :2])
    mark = np.zeros((HEIGHT, WIDTH), np.bool_)
    mark[y - 8 : y + 8, x - 8 : x + 8] = True
    assert not fringe(shaded(mark), NOTHING, NOT_WORN, canonical).any()
    band = down_to(float(points[FOREHEAD, 1]) + 0.3 * UNIT)
    assert fringe(shaded(band), NOTHING, NOT_WORN, canonical).any()
    assert not fringe(shaded(band), NOTHING, band, canonical).any()


def test_the_shadow_of_a_brim_is_no_hair(canonical):
    band = down_to(float(close_points(canonical)[FOREHEAD, 1]) + 0.3 * UNIT)
    assert fringe(shaded(band), NOTHING, NOT_WORN, canonical).any()
    assert not fringe(shaded(band, strands=0.0), NOTHING, NOT_WORN, canonical).any()
