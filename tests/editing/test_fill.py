"""Filling a hole in a face with what is likely there."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from editing.engines.native.fill import fill
from editing.engines.native.grain import with_grain
from editing.engines.native.membrane import membrane
from editing.evaluate.holes import fillers, holes, score, seam
from editing.faces.align import FaceFrame, align
from editing.faces.detect import detect_faces
from editing.faces.parts import with_closed_mouth
from editing.faces.topology import LEFT_EYE, LIPS_OUTER
from editing.models import ModelStore
from editing.networks.fill import ATTRIBUTES, PRIOR_MAP, FacePrior
from editing.photo import Photo
from editing.progress import Cancelled


@pytest.fixture(scope="module")
def models() -> ModelStore:
    return ModelStore()


@pytest.fixture(scope="module")
def frame(astronaut_photo: Photo, models: ModelStore) -> FaceFrame:
    return align(astronaut_photo, detect_faces(astronaut_photo, models)[0], models)


def hole_at(frame: FaceFrame, ring: tuple[int, ...], wide: float) -> np.ndarray:
    """Return an ellipse over a ring of landmarks, ``wide`` times as large."""
    points = frame.landmarks[list(ring), :2]
    hole = np.zeros((frame.size, frame.size), np.uint8)
    half = (points.max(axis=0) - points.min(axis=0)) / 2 * wide
    middle = points.mean(axis=0)
    axes = (float(half[0] * 2), float(half[1] * 2))
    cv2.ellipse(hole, ((float(middle[0]), float(middle[1])), axes, 0.0), 1, -1)
    return hole > 0


@pytest.mark.parametrize("kind", ["one eye", "nose"])
def test_a_missing_part_comes_back_better_than_by_spreading_what_is_around(frame, models, kind):
    truth = cv2.resize(frame.picture(), (512, 512), interpolation=cv2.INTER_LINEAR)
    landmarks = frame.landmarks * (512 / frame.size)
    hole = holes(landmarks, np.random.default_rng(0))[kind]
    by = {
        name: score(filled, truth, hole)
        for name, filled in fillers(truth, hole, landmarks, models).items()
    }
    assert by["ours"][0] > 2 + max(by["Telea"][0], by["Navier-Stokes"][0])
    assert by["ours"][1] > 0.05 + max(by["Telea"][1], by["Navier-Stokes"][1])
    assert by["ours"][0] > 0.5 + by["mean face"][0]
    assert by["ours"][2] < 1.3


def test_a_seam_is_counted_in_steps_of_the_picture_itself():
    random = np.random.default_rng(0)
    truth = random.uniform(0.4, 0.6, (40, 40, 3)).astype(np.float32)
    hole = np.zeros((40, 40), bool)
    hole[10:30, 10:30] = True
    assert seam(truth, truth, hole) == 1
    brighter = np.where(hole[..., None], truth + 0.4, truth)
    assert seam(brighter, truth, hole) > 3


def test_what_is_outside_the_hole_stays(frame, models):
    hole = hole_at(frame, LEFT_EYE, 1.8)
    filled = fill(frame.picture(), hole, frame.landmarks, models, seed=1)
    assert np.array_equal(filled[~hole], frame.picture()[~hole])
    assert (filled[hole] != frame.picture()[hole]).mean() > 0.9


def test_an_open_mouth_that_is_not_seen_is_filled_by_a_closed_one(frame, models):
    closed = with_closed_mouth(frame.landmarks)
    gap = [np.linalg.norm(points[13] - points[14]) for points in (frame.landmarks, closed)]
    assert gap[1] < 0.2 * gap[0]
    assert np.array_equal(closed[[61, 291, 1, 152]], frame.landmarks[[61, 291, 1, 152]])


def test_what_is_in_the_hole_plays_no_part(frame, models):
    hole = hole_at(frame, LIPS_OUTER, 1.5)
    pictures = [
        np.where(hole[..., None], colour, frame.picture()).astype(np.float32)
        for colour in (0.0, 1.0)
    ]
    first, second = (fill(p, hole, frame.landmarks, models, seed=3) for p in pictures)
    assert np.array_equal(first, second)


def test_a_seed_draws_the_same_face_and_another_another(frame, models):
    hole = hole_at(frame, LIPS_OUTER, 1.5)
    picture = frame.picture()
    first, again, other = (
        fill(picture, hole, frame.landmarks, models, seed=seed, variety=0.7) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert np.abs(first - other)[hole].mean() > 0.004


def test_an_attribute_that_is_asked_for_is_read_in_the_likely_face(models):
    prior = models.network("face_prior", FacePrior)
    face = prior.mean.clone()
    known = torch.ones(PRIOR_MAP, PRIOR_MAP, dtype=torch.bool)
    known[38:52, 18:46] = False
    smile = ATTRIBUTES.index("smile")
    readings = []
    for wanted in (0.0, 1.0):
        likely = prior.coefficients(face, known, prior.asking({"smile": wanted}))
        readings.append(prior.attributes(likely)[smile])
    assert readings[1] - readings[0] > 0.1


def test_no_hole_no_change_and_an_unknown_attribute_is_named(frame, models):
    picture = frame.picture()
    nothing = np.zeros(picture.shape[:2], bool)
    assert fill(picture, nothing, frame.landmarks, models) is picture
    hole = hole_at(frame, LIPS_OUTER, 1.2)
    with pytest.raises(KeyError, match="wings"):
        fill(picture, hole, frame.landmarks, models, conditions={"wings": 1.0})


def test_filling_stops_when_it_is_told_to(frame, models):
    def stop(fraction: float, note: str = "", preview: object = None) -> None:
        if note == "painting":
            raise Cancelled

    hole = hole_at(frame, LIPS_OUTER, 1.2)
    with pytest.raises(Cancelled):
        fill(frame.picture(), hole, frame.landmarks, models, progress=stop)


def test_a_membrane_continues_a_slope_over_a_hole():
    y, x = np.mgrid[0:80, 0:100].astype(np.float32)
    slope = np.stack([x / 100, y / 80, (x + y) / 180], axis=2)
    hole = np.hypot(x - 55, y - 42) < 22
    closed = membrane(np.where(hole[..., None], 9, slope).astype(np.float32), hole)
    assert np.abs(closed - slope)[hole].max() < 0.03
    assert closed[hole].max() < 1


def test_grain_is_as_loud_as_the_grain_around():
    random = np.random.default_rng(2)
    picture = np.full((160, 160, 3), 0.5, np.float32)
    picture += random.standard_normal(picture.shape).astype(np.float32) * 0.03
    hole = np.zeros((160, 160), bool)
    hole[50:110, 60:120] = True
    smooth = np.where(hole[..., None], 0.5, picture).astype(np.float32)
    grained = with_grain(smooth, picture, hole, coarse=2.0)
    assert 0.6 < grained[hole].std() / picture[~hole].std() < 1.4
    assert np.array_equal(grained[~hole], picture[~hole])


def test_grain_can_be_as_loud_as_the_grain_of_a_place():
    random = np.random.default_rng(2)
    picture = np.full((160, 160, 3), 0.5, np.float32)
    picture += random.standard_normal(picture.shape).astype(np.float32) * 0.05
    picture[:80] = 0.5
    hole = np.zeros((160, 160), bool)
    hole[10:70, 40:120] = True
    loud = np.zeros_like(hole)
    loud[85:] = True
    quiet = with_grain(picture, picture, hole, 2.0)
    grained = with_grain(picture, picture, hole, 2.0, loud)
    assert quiet[15:50][hole[15:50]].std() < 0.5 * grained[15:50][hole[15:50]].std()
    assert grained[hole].std() > 0.02
