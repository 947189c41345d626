"""An attribute of inpaint made of two folders of photos, without retraining anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from editing.attributes import added_attributes
from editing.engines.native.fill import fill
from editing.faces.align import align
from editing.faces.detect import detect_faces
from editing.faces.parts import hole_of
from editing.models import ModelStore
from editing.training.__main__ import main


@pytest.fixture
def made(tmp_path, monkeypatch, astronaut_picture, grace_hopper_path):
    """Photos with mouths painted dark, and the same as they are."""
    monkeypatch.setenv("MIEN_DATA", str(tmp_path / "data"))
    folders = {name: tmp_path / name for name in ("dark", "plain")}
    models = ModelStore()
    for folder in folders.values():
        folder.mkdir()
    for m, picture in enumerate((astronaut_picture, Image.open(grace_hopper_path))):
        pixels = np.asarray(picture.convert("RGB"))
        from editing.photo import Photo

        face = detect_faces(Photo(pixels, None, None, None, "PNG", "0"), models)[0]
        x, y = face.landmarks[[61, 291, 13, 14], :2].mean(axis=0).round().astype(int)
        for n, light in enumerate((0.85, 0.95, 1.0)):
            lit = (pixels * light).astype(np.uint8)
            Image.fromarray(lit).save(folders["plain"] / f"{m}{n}.png")
            lit = lit.copy()
            lit[y - 9 : y + 10, x - 20 : x + 21] //= 4
            Image.fromarray(lit).save(folders["dark"] / f"{m}{n}.png")
    monkeypatch.setattr(
        sys, "argv",
        ["training", "attribute", "dark_lips", "--positive", str(folders["dark"]), "--negative", str(folders["plain"])],
    )  # fmt: skip
    main()
    return tmp_path


def test_it_is_made_offered_and_does_what_its_photos_show(made: Path, astronaut_photo) -> None:
    attribute = added_attributes()["dark_lips"]
    assert (attribute.positive, attribute.negative, attribute.region) == (6, 6, "mouth")
    assert attribute.told_apart > 0.8

    told = subprocess.run(
        [sys.executable, "-m", "editing", "operations"],
        env=os.environ | {"MIEN_DATA": str(made / "data")},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    inpaint = next(one for one in json.loads(told) if one["name"] == "inpaint")
    assert "dark_lips" in inpaint["params"]["properties"]["attribute"]["by"]["region"]["mouth"]

    models = ModelStore()
    frame = align(astronaut_photo, detect_faces(astronaut_photo, models)[0], models)
    hole = hole_of("mouth", frame.landmarks, frame.size) > 0.01
    light, dark = (
        fill(frame.picture(), hole, frame.landmarks, models, conditions={"dark_lips": wanted})
        for wanted in (0.0, 1.0)
    )
    assert dark[hole].mean() < light[hole].mean() - 0.005


def test_a_file_that_is_none_is_left_out(tmp_path, monkeypatch, caplog) -> None:
    monkeypatch.setenv("MIEN_DATA", str(tmp_path))
    (tmp_path / "attributes").mkdir()
    (tmp_path / "attributes" / "odd.json").write_text("{}")
    assert added_attributes() == {}
    assert "odd.json is no attribute" in caplog.text
