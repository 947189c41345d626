"""The framework that judges protection: what it says of photos by any program."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from editing.__main__ import main


@pytest.fixture
def folders(tmp_path: Path, astronaut_picture: Image.Image, grace_hopper_path: Path):
    """Two people, three photos each of slightly other light: enough for a gallery."""
    original, same, blurred = (tmp_path / name for name in ("original", "same", "blurred"))
    for folder in (original, same, blurred):
        folder.mkdir()
    people = [np.asarray(astronaut_picture), np.asarray(Image.open(grace_hopper_path))]
    for n, light in enumerate((0.9, 1.0)):
        for m, pixels in enumerate(people):
            lit = np.clip(pixels * light, 0, 255).astype(np.uint8)
            name = f"{m}-{n}"
            Image.fromarray(lit).save(original / f"{name}.png")
            Image.fromarray(lit).save(same / f"{name}.webp", lossless=True)
            hidden = cv2.GaussianBlur(lit, (0, 0), 25)
            Image.fromarray(hidden).save(blurred / f"{name}.png")
    return original, same, blurred


def run(original: Path, edited: Path, out: Path, limit: int = 9) -> dict:
    wanted = ["evaluate", "privacy", "--original", str(original), "--edited", str(edited)]
    assert main([*wanted, "--out", str(out), "--limit", str(limit)]) == 0
    assert (out / "privacy.png").read_bytes().startswith(b"\x89PNG")
    assert "| rank1 |" in (out / "privacy.md").read_text()
    return json.loads((out / "privacy.json").read_text())


def test_photos_that_are_the_same_protect_nobody_and_blurred_ones_hide(folders, tmp_path):
    original, same, blurred = folders
    told = run(original, same, tmp_path / "a")
    assert told["numbers"]["distance_mean"] < 0.05
    assert told["numbers"]["rank1"] == 1
    assert told["numbers"]["accepted_at_far"] == 1
    assert told["numbers"]["still_found"] == 1
    assert told["expression"]["smile"]["ccc"] > 0.99
    hidden = run(original, blurred, tmp_path / "b", 2)["numbers"]
    assert hidden["distance_mean"] > 0.6
    assert hidden["still_found"] == 0
    assert hidden["sharpness_median"] < 0.3


def test_what_is_missing_is_named(folders, tmp_path, capsys):
    original, same, _ = folders
    (same / "0-0.webp").unlink()
    told = run(original, same, tmp_path / "out")
    assert told["left_out"] == {"0-0.png": "there is no edited photo of this name"}
    assert main(["evaluate", "privacy", "--original", str(original), "--out", str(tmp_path)]) == 2
    assert "--edited" in capsys.readouterr().err
