"""A strip on the command line: the row, and beside it each age at the photo's own size."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from editing import __main__ as command_line
from editing.photo import decode_photo
from editing.provenance import verify_provenance
from tests.editing.stub_engine import use_stub


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MIEN_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("MIEN_DEBUG", raising=False)
    use_stub(monkeypatch)

    def take(*arguments):
        status = command_line.main([str(argument) for argument in arguments])
        return status, capsys.readouterr().err.splitlines()

    return take


@pytest.fixture
def photo(astronaut_png, tmp_path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(astronaut_png)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "data")


def test_the_row_and_every_age(run, photo, tmp_path):
    out, report = tmp_path / "out.png", tmp_path / "report.json"
    status, lines = run("edit", photo, out, "--operation", "age", "--set", "target_age=70,20",
                        "--seed", 3, "--report", report)  # fmt: skip
    assert (status, lines) == (0, [])
    assert names(tmp_path) == ["out-20.png", "out-70.png", "out.png", "photo.png", "report.json"]
    old, young, row = (
        decode_photo((tmp_path / name).read_bytes()).pixels
        for name in ("out-70.png", "out-20.png", "out.png")
    )
    assert old.shape == young.shape == (512, 512, 3)
    assert np.array_equal(row, np.concatenate([old, young], axis=1))
    told = json.loads(report.read_text())
    assert [(one["label"], one["seed"]) for one in told["variants"]] == [("70", 3), ("20", 3)]
    for name, age in (("out-70.png", 70), ("out-20.png", 20), ("out.png", [70, 20])):
        verified = verify_provenance((tmp_path / name).read_bytes())
        assert verified.state == "untrusted"  # signed, by a key that nobody has vouched for
        assert verified.provenance.params["target_age"] == age


def test_one_age_writes_one_file(run, photo, tmp_path):
    status, _ = run("edit", photo, tmp_path / "out.png", "--operation", "age", "--set", "target_age=70")  # fmt: skip
    assert status == 0
    assert names(tmp_path) == ["out.png", "photo.png"]


def test_nothing_is_written_where_one_of_them_cannot_be(run, photo, tmp_path):
    (tmp_path / "out-20.png").mkdir()
    status, lines = run("edit", photo, tmp_path / "out.png", "--operation", "age", "--set", "target_age=70,20")  # fmt: skip
    assert (status, len(lines)) == (2, 1)
    assert "out-20.png is a folder" in lines[0]
    assert names(tmp_path) == ["out-20.png", "photo.png"]


@pytest.mark.parametrize("kept", ["photo", "report"])
def test_an_age_never_overwrites_what_is_read_or_the_report(run, photo, tmp_path, kept):
    taken = tmp_path / "out-20.png"
    photo.rename(taken)
    source, report = taken, tmp_path / "report.json"
    if kept == "report":
        source, report = taken.rename(photo), taken
    before = source.read_bytes()
    status, lines = run("edit", source, tmp_path / "out.png", "--operation", "age", "--set",
                        "target_age=[20]", "--report", report)  # fmt: skip
    assert (status, len(lines)) == (2, 1)
    assert "out-20.png" in lines[0]
    assert source.read_bytes() == before


def test_a_note_is_told_for_the_age_that_has_it(run, photo, tmp_path, monkeypatch):
    distances = iter((0.3, 0.8))
    monkeypatch.setattr("editing.measure.head_distance", lambda *_: next(distances))
    status, lines = run("edit", photo, tmp_path / "out.png", "--operation", "age", "--set", "target_age=20,70")  # fmt: skip
    assert status == 0
    (line,) = lines
    assert line.startswith("mien: note: 70: face 0: The face is no longer recognised")


def test_a_row_that_jpeg_holds(run, tmp_path, astronaut_picture):
    wide = Image.new("RGB", (4000, 512), (120, 110, 100))
    wide.paste(astronaut_picture, (100, 0))
    wide.save(tmp_path / "wide.png")
    status, lines = run("edit", tmp_path / "wide.png", tmp_path / "out.jpg", "--operation", "age",
                        "--set", "target_age=20,30,40,50,60,70")  # fmt: skip
    assert (status, lines) == (0, [])
    with Image.open(tmp_path / "out.jpg") as row, Image.open(tmp_path / "out-70.jpg") as one:
        assert row.size == (15996, 341)
        assert one.size == (4000, 512)
