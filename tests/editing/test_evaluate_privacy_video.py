"""The framework that judges protection, of videos: what it says of videos by any program."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from editing.__main__ import main
from tests.editing.clips import moving, write_clip


@pytest.fixture(scope="module")
def pictures(astronaut_photo) -> list[np.ndarray]:
    return moving(astronaut_photo.pixels, 13)


@pytest.fixture(scope="module")
def original(pictures, tmp_path_factory) -> Path:
    return write_clip(tmp_path_factory.mktemp("video") / "original.mp4", pictures)


def run(original: Path, edited: Path, out: Path) -> int:
    wanted = ["evaluate", "privacy", "--original", str(original), "--edited", str(edited)]
    return main([*wanted, "--out", str(out)])


def told(original: Path, edited: Path, out: Path) -> dict:
    assert run(original, edited, out) == 0
    assert (out / "privacy.png").read_bytes().startswith(b"\x89PNG")
    assert "| flicker |" in (out / "privacy.md").read_text()
    return json.loads((out / "privacy.json").read_text())


def test_a_video_that_is_the_same_protects_nobody(original, tmp_path):
    found = told(original, original, tmp_path)
    numbers = found["numbers"]
    assert (numbers["frames"], numbers["people"], numbers["compared"]) == (13, 1, 5)
    assert numbers["distance_mean"] == 0
    assert numbers["still_found"] == 1
    assert numbers["flicker"] == 0
    assert numbers["jitter"] == numbers["jitter_before"]
    assert found["people"][0]["expression"]["smile"]["rmse"] == 0


def test_what_hides_and_what_flickers_is_told(original, pictures, tmp_path):
    hidden = []
    for n, pixels in enumerate(pictures):
        blurred = cv2.GaussianBlur(pixels, (0, 0), 14).astype(int)
        hidden.append(np.clip(blurred + (30 if n % 2 else -30), 0, 255).astype(np.uint8))
    numbers = told(original, write_clip(tmp_path / "hidden.mp4", hidden), tmp_path / "out")[
        "numbers"
    ]
    assert numbers["distance_mean"] > 0.6
    assert numbers["still_found"] == 0
    assert numbers["sharpness_median"] < 0.3
    assert numbers["flicker"] > 30


def test_videos_that_do_not_belong_together_are_refused(original, pictures, tmp_path, capsys):
    shorter = write_clip(tmp_path / "shorter.mp4", pictures[:9])
    assert run(original, shorter, tmp_path / "out") == 2
    assert "13 pictures, the edited video 9" in capsys.readouterr().err
    smaller = [cv2.resize(pixels, (160, 120)) for pixels in pictures]
    assert run(original, write_clip(tmp_path / "smaller.mp4", smaller), tmp_path / "out") == 2
    assert "160" in capsys.readouterr().err
    assert run(original, tmp_path, tmp_path / "out") == 2
    assert "--edited VIDEO" in capsys.readouterr().err
