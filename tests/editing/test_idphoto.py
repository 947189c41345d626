"""Photos for passports: of the size, the head where it has to be, the background plain, all checked."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from editing.__main__ import main
from editing.errors import FaceUnknown, NoFace, RequestInvalid
from editing.faces.detect import detect_faces
from editing.idphoto.background import on_plain
from editing.idphoto.sizes import SIZES, find_size
from editing.models import ModelStore
from editing.photo import Photo
from editing.pipeline import EditResult, edit_photo
from editing.request import EditRequest


@pytest.fixture(scope="module")
def models() -> ModelStore:
    return ModelStore()


def cut(photo: Photo, models: ModelStore, size: str, **params: object) -> EditResult:
    asked = {"operation": "normalize", "params": {"id_photo": size, **params}}
    return edit_photo(photo, EditRequest.model_validate(asked), models)


@pytest.fixture(scope="module")
def made(astronaut_photo, models):
    return cut(astronaut_photo, models, "us")


def test_it_is_of_the_size_and_the_head_as_high_as_wanted(made, models):
    assert (made.id_photo.width, made.id_photo.height) == SIZES["us"].pixels == (600, 600)
    (face,) = detect_faces(made.id_photo, models)
    iris = face.landmarks[468:478, :2].mean(axis=0)
    millimetres = (600 - iris[1]) / 600 * 50.8
    assert 28.5 <= millimetres <= 35
    assert abs(iris[0] - 300) < 12


def test_the_background_is_the_one_colour_and_the_face_stays(made):
    corner = made.id_photo.pixels[:40, :40]
    assert (corner == 255).all()
    # The flag at the left of the astronaut is gone, the orange suit is not.
    assert (made.id_photo.pixels[100:200, :60] == 255).mean() > 0.99
    orange = made.id_photo.pixels[-60:, 250:350].astype(int)
    assert (orange.min(axis=2) < 200).mean() > 0.9


def test_every_demand_is_told_with_what_was_measured(made):
    told = {check.name: check for check in made.report.id_photo.checks}
    assert told["head_height"].passed
    assert told["eyes_level"].passed
    assert told["background_plain"].passed
    # She laughs, and the photo is small.
    assert not told["mouth_closed"].passed
    assert told["resolution"].value == pytest.approx(43, abs=3)
    assert not told["resolution"].passed


def test_a_kept_background_is_kept_and_told(astronaut_photo, models):
    kept = cut(astronaut_photo, models, "icao", plain_background=False, pose=0, light=0)
    told = {check.name: check for check in kept.report.id_photo.checks}
    assert not told["background_plain"].passed
    assert len(np.unique(kept.id_photo.pixels[:60, :60].reshape(-1, 3), axis=0)) > 50
    # Nothing else was asked for: the whole photo is as it was.
    assert np.array_equal(kept.photo.pixels, astronaut_photo.pixels)
    assert "head" in {weight.name for weight in kept.report.weights}


def test_hair_loses_the_colour_behind_it():
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:, :30] = (90, 60, 40)  # hair
    pixels[:, 34:] = (0, 255, 0)  # a green wall
    pixels[:, 30:34] = (45, 157, 20)  # both
    person = np.zeros((64, 64), np.float32)
    person[:, :30], person[:, 30:34] = 1, 0.5
    mixed = on_plain(pixels, person, (255, 255, 255))[32, 31].astype(int)
    assert abs(mixed[1] - mixed[0]) < 25


def test_what_is_no_passport_photo_is_refused(astronaut_photo, models):
    twice = replace(astronaut_photo, pixels=np.concatenate([astronaut_photo.pixels] * 2, axis=1))
    with pytest.raises(FaceUnknown, match="one person"):
        cut(twice, models, "icao")
    nobody = Photo(np.full((80, 80, 3), 90, np.uint8), None, None, None, "PNG", "")
    with pytest.raises(NoFace):
        cut(nobody, models, "icao")
    with pytest.raises(RequestInvalid, match="schengen"):
        find_size("moon")


def test_the_command_line_writes_it_at_300_dots(astronaut_png, tmp_path, capsys):
    astronaut_path = tmp_path / "astronaut.png"
    astronaut_path.write_bytes(astronaut_png)
    out, report = tmp_path / "id.jpg", tmp_path / "id.json"
    arguments = ["idphoto", astronaut_path, out, "--size", "schengen", "--report", report]
    assert main([str(a) for a in arguments]) == 0
    with Image.open(out) as picture:
        assert picture.size == (413, 531)
        assert picture.info["dpi"] == (300, 300)
    told = json.loads(report.read_text())["id_photo"]
    assert told["size"] == "schengen"
    assert told["passed"] is False
    printed = capsys.readouterr().out
    assert "FAILS Mouth closed" in printed
    assert "ok    Eyes level" in printed
    assert main(["idphoto", str(astronaut_path), str(out), "--light", "2"]) == 2


def test_an_edit_writes_it_beside_the_whole_photo(astronaut_png, tmp_path):
    photo = tmp_path / "astronaut.png"
    photo.write_bytes(astronaut_png)
    out, report = tmp_path / "straight.jpg", tmp_path / "report.json"
    arguments = ["edit", photo, out, "--operation", "normalize", "--set", "id_photo=us"]
    assert main([str(a) for a in (*arguments, "--report", report)]) == 0
    with Image.open(out) as whole, Image.open(tmp_path / "straight-id-photo.jpg") as picture:
        assert whole.size == (512, 512)
        assert (picture.size, picture.info["dpi"]) == ((600, 600), (300, 300))
    told = json.loads(report.read_text())["id_photo"]
    assert (told["size"], told["width"], told["height"]) == ("us", 600, 600)
    assert main([str(a) for a in (*arguments[:-1], "id_photo=moon")]) == 2
