"""The close map shows a face and gives it back; light and features are its two parts."""

from __future__ import annotations

import numpy as np
import pytest

from editing.faces import parts
from editing.faces.align import align, reduced
from editing.faces.canonical import canonical_face
from editing.faces.close import (
    HEIGHT,
    WIDTH,
    close_mesh,
    coloured,
    lay_close,
    parted,
    show_close,
    skin_on_close,
)
from editing.faces.detect import detect_faces
from editing.faces.topology import FACE_OVAL
from editing.models import ModelStore


@pytest.fixture(scope="module")
def models() -> ModelStore:
    return ModelStore()


@pytest.fixture(scope="module")
def frame(astronaut_photo, models):
    return align(astronaut_photo, detect_faces(astronaut_photo, models)[0], models)


@pytest.fixture(scope="module")
def laid(frame, models):
    return lay_close(frame.picture(), frame.landmarks, close_mesh(models))


def test_a_face_comes_back_from_the_map_to_where_it_was(frame, laid, models):
    assert laid.shape == (HEIGHT, WIDTH, 3)
    shown = show_close(laid, frame.landmarks, canonical_face(models), frame.size)
    face = parts.ring(frame.landmarks, FACE_OVAL, frame.size, 0.9) > 0.5
    assert np.abs(shown - frame.picture())[face].mean() < 0.02


def test_light_and_features_make_the_face(laid, models):
    light, features = parted(laid, skin_on_close(canonical_face(models)))
    assert np.abs(coloured(light, features) - laid).max() < 1e-3


def test_a_light_from_the_side_is_no_feature(laid, models):
    skin = skin_on_close(canonical_face(models))
    side = np.linspace(0.55, 1, WIDTH, dtype=np.float32)[None, :, None]
    _, before = parted(laid, skin)
    _, after = parted(laid * side, skin)
    inner = skin > 0.5
    lit = np.abs(np.log(laid * side + 0.03) - np.log(laid + 0.03))[inner].mean()
    assert np.abs(after - before)[inner].mean() < 0.25 * lit


def test_a_frame_is_looked_at_smaller(frame, models):
    small = reduced(frame, 128, models)
    assert small.size == 128
    points, there = (
        np.column_stack([f.landmarks[:, :2], np.ones(478)]) @ f.photo_from_frame.T
        for f in (small, frame)
    )
    assert np.allclose(points, there, atol=0.01)
