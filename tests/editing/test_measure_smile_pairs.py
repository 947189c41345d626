"""The yardstick for smiles: it is fooled by neither place nor size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from editing.evaluate.smile_pairs import compare_with_smile, find_pairs, psnr, summarize
from editing.faces.detect import detect_faces
from editing.models import ModelStore


@pytest.fixture(scope="module")
def landmarks(astronaut_photo):
    return detect_faces(astronaut_photo, ModelStore())[0].landmarks


@pytest.fixture(scope="module")
def smiling(astronaut_photo):
    """The same face, lit a little otherwise: something to come closer to."""
    return np.clip(astronaut_photo.pixels * 0.9 + 12, 0, 255).astype(np.uint8)


def test_an_untouched_photo_gains_nothing(astronaut_photo, landmarks, smiling):
    same = astronaut_photo.pixels
    assert compare_with_smile(same, same, smiling, landmarks, landmarks).gain == 0


def test_half_way_is_closer_and_the_smile_itself_is_closest(astronaut_photo, landmarks, smiling):
    neutral = astronaut_photo.pixels
    half = ((neutral.astype(int) + smiling) // 2).astype(np.uint8)
    closer = compare_with_smile(neutral, half, smiling, landmarks, landmarks)
    assert closer.gain == pytest.approx(6, abs=0.7)  # half the error is 6 dB
    assert compare_with_smile(neutral, smiling, smiling, landmarks, landmarks).edited_psnr > 60


def test_a_smile_in_another_place_and_size_is_laid_over(astronaut_photo, landmarks, smiling):
    matrix = np.array([[1.21, 0.13, -30.0], [-0.13, 1.21, 25.0]])
    elsewhere = cv2.warpAffine(smiling, matrix, (640, 640), flags=cv2.INTER_CUBIC)
    points = np.concatenate(
        [landmarks[:, :2] @ matrix[:, :2].T + matrix[:, 2], landmarks[:, 2:]], axis=1
    ).astype(np.float32)
    here = compare_with_smile(astronaut_photo.pixels, smiling, smiling, landmarks, landmarks)
    there = compare_with_smile(astronaut_photo.pixels, smiling, elsewhere, landmarks, points)
    assert there.neutral_psnr == pytest.approx(here.neutral_psnr, abs=0.5)
    assert there.gain > 8


def test_what_changes_beside_the_face_does_not_count(astronaut_photo, landmarks, smiling):
    beside = astronaut_photo.pixels.copy()
    beside[:, :120] = 0
    beside[300:] = 255
    same = compare_with_smile(astronaut_photo.pixels, beside, smiling, landmarks, landmarks)
    assert same.gain == 0


def test_sizes_that_differ_are_refused(astronaut_photo, landmarks, smiling):
    with pytest.raises(ValueError, match="edited"):
        compare_with_smile(astronaut_photo.pixels, smiling[1:], smiling, landmarks, landmarks)


def test_psnr_of_a_known_error():
    black, inside = np.zeros((4, 4, 3), np.uint8), np.ones((4, 4), bool)
    assert psnr(black, black, inside) == float("inf")
    assert psnr(black + 255, black, inside) == 0
    assert psnr(black + np.uint8(51), black, inside) == pytest.approx(13.979, abs=1e-3)


def test_pairs_are_found_by_name(tmp_path):
    for name in (
        "b_neutral.jpg",
        "b_smiling.jpg",
        "a_neutral.png",
        "a_smiling.png",
        "c_neutral.jpg",
    ):
        (tmp_path / name).touch()
    assert [pair.person for pair in find_pairs(tmp_path)] == ["a", "b"]


def test_a_summary_holds_its_mean():
    told = summarize([1.0, 2.0, 3.0, 10.0])
    assert (told.mean, told.median, told.worst) == (4.0, 2.5, 1.0)
    assert 1.0 < told.low < told.mean < told.high < 10.0
    with pytest.raises(ValueError, match="nothing"):
        summarize([])
