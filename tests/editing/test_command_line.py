"""The command line as a program uses it: a process, its exit status, its one line, its files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from editing.photo import decode_photo
from editing.provenance import read_provenance


@pytest.fixture(scope="module")
def mien(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "editing", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=120,
            env=os.environ | {"MIEN_DATA": str(data)},
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def photo(astronaut_png, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "astronaut.png"
    path.write_bytes(astronaut_png)
    return path


def refused(result: subprocess.CompletedProcess[str], status: int, says: str) -> None:
    assert result.returncode == status, result.stderr
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    assert says in lines[0]


def test_operations_are_listed_with_schema_engines_and_licences(mien):
    listed = json.loads(mien("operations").stdout)
    expression = next(item for item in listed if item["name"] == "expression")
    assert expression["params"]["properties"]["smile"]["maximum"] == 1
    assert "CC-BY-4.0" in expression["licences"]
    assert expression["engines"][0]["name"] == "native"


def test_faces_of_a_photo(mien, photo):
    faces = json.loads(mien("faces", photo).stdout)
    assert [face["index"] for face in faces] == [0]
    assert len(faces[0]["box"]) == 4
    assert set(faces[0]["pose"]) == {"yaw", "pitch", "roll"}


def test_an_edit_writes_the_photo_and_its_report(mien, photo, tmp_path):
    out, report = tmp_path / "out.png", tmp_path / "report.json"
    result = mien("edit", photo, out, "--operation", "expression", "--set", "smile=-1", "--set", "brow_raise=0.5", "--seed", 3, "--report", report)  # fmt: skip
    assert result.returncode == 0, result.stderr
    before, after = decode_photo(photo.read_bytes()), decode_photo(out.read_bytes())
    assert after.pixels.shape == before.pixels.shape
    changed = (after.pixels != before.pixels).any(axis=2)
    assert 0.005 < changed.mean() < 0.2
    told = json.loads(report.read_text())
    assert told["operation"] == "expression"
    assert told["seed"] == 3
    assert told["photo"]["sha256"] == before.sha256
    measures = told["faces"][0]["measures"]
    assert 0 < measures["identity_distance"] < 0.6
    assert measures["change_outside_mask"] == 0
    assert measures["expression_after"]["smile"] < measures["expression_before"]["smile"]
    provenance = read_provenance(out.read_bytes())
    assert provenance is not None
    assert provenance.operation == "expression"


def test_neutral_params_return_the_same_pixels(mien, photo, tmp_path):
    out = tmp_path / "out.png"
    assert mien("edit", photo, out, "--operation", "expression").returncode == 0
    before, after = decode_photo(photo.read_bytes()), decode_photo(out.read_bytes())
    assert np.array_equal(before.pixels, after.pixels)


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--operation", "nonsense"], 2, "no operation 'nonsense'"),
        (["--operation", "expression", "--set", "smile=2"], 2, "smile"),
        (["--operation", "expression", "--set", "smlie=1"], 2, "smlie"),
        (["--operation", "expression", "--set", "smile"], 2, "KEY=VALUE"),
        (["--operation", "expression", "--set", "smile=1", "--faces", "3"], 2, "no face 3"),
        (["--operation", "expression", "--faces", "second"], 2, "faces"),
        (["--operation", "expression", "--seed", "-1"], 2, "seed"),
        (["--operation", "expression", "--engine", "diffusion"], 5, "diffusion"),
        (["--operation", "expression", "--mask", "missing.png"], 2, "missing.png"),
        ([], 2, "--operation"),
    ],
)
def test_bad_arguments_say_why_and_write_nothing(mien, photo, tmp_path, arguments, status, says):
    out = tmp_path / "out.png"
    refused(mien("edit", photo, out, *arguments), status, says)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["missing/out.png", "out.xyz", "."])
def test_an_output_that_cannot_be_written_is_found_before_the_photo_is_read(mien, tmp_path, name):
    result = mien("edit", tmp_path / "not there.jpg", tmp_path / name, "--operation", "expression")
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1


def test_files_that_are_no_photo(mien, tmp_path):
    empty, text = tmp_path / "empty.jpg", tmp_path / "text.jpg"
    empty.write_bytes(b"")
    text.write_text("not a picture")
    tiny = tmp_path / "tiny.png"
    Image.new("RGB", (1, 1)).save(tiny)
    for path in (empty, text, tiny, tmp_path / "missing.jpg"):
        result = mien("faces", path)
        assert result.returncode == 3
        assert len(result.stderr.splitlines()) == 1


def test_a_photo_without_a_face(mien, tmp_path):
    grey = tmp_path / "grey.png"
    Image.new("RGB", (200, 200), (120, 130, 140)).save(grey)
    out = tmp_path / "out.png"
    refused(mien("edit", grey, out, "--operation", "expression", "--set", "smile=1"), 4, "no face")
    assert not out.exists()
    refused(mien("faces", grey), 4, "no face")


def test_evaluate_writes_tables_and_a_sheet(mien, photo, tmp_path):
    out = tmp_path / "out"
    result = mien("evaluate", "expression", "--faces", photo.parent, "--out", out)
    assert result.returncode == 0, result.stderr
    table = json.loads((out / "table.json").read_text())
    assert table["photos"] == 1
    smile = table["settings"]["smile +1"]["measures"]
    assert smile["change_outside_mask"]["worst"] == 0
    assert smile["smile_change"]["mean"] > 0
    assert (out / "contact_sheet.jpg").stat().st_size > 10_000
    assert "| smile +1 |" in (out / "table.md").read_text()
