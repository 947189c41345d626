"""What the command line writes: a whole file or none, and never over what it reads."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from editing import __main__ as command_line
from editing.command import destination
from editing.command.destination import check_destination, write_all
from editing.errors import OutputUnwritable, WeightsUnavailable
from editing.photo import decode_photo

SMILE = ("--operation", "expression", "--set", "smile=1")


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the command line in this process; return its status and the lines on stderr."""
    monkeypatch.setenv("MIEN_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("MIEN_DEBUG", raising=False)

    def take(*arguments: object) -> tuple[int, list[str]]:
        status = command_line.main([str(argument) for argument in arguments])
        return status, capsys.readouterr().err.splitlines()

    return take


@pytest.fixture
def photo(astronaut_png, tmp_path) -> Path:
    path = tmp_path / "astronaut.png"
    path.write_bytes(astronaut_png)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "data")


def test_a_refused_edit_leaves_the_file_that_was_there(run, photo):
    out = photo.with_name("out.png")
    out.write_bytes(b"somebody's only copy")
    for arguments, status in (
        (("--set", "smile=9"), 2),
        (("--faces", "5"), 2),
        (("--mask", photo), 2),
        (("--engine", "diffusion"), 5),
    ):
        got, lines = run("edit", photo, out, "--operation", "expression", *arguments)
        assert (got, len(lines)) == (status, 1), lines
    assert out.read_bytes() == b"somebody's only copy"
    assert names(photo.parent) == ["astronaut.png", "out.png"]


def test_a_report_that_cannot_be_written_stops_the_edit(run, photo):
    out = photo.with_name("out.png")
    for report in (photo.parent / "missing" / "r.json", photo.parent, out, photo):
        status, lines = run("edit", photo, out, *SMILE, "--report", report)
        assert (status, len(lines)) == (2, 1)
    assert names(photo.parent) == ["astronaut.png"]


def test_the_photo_itself_is_never_the_output(run, photo):
    before = photo.read_bytes()
    link = photo.with_name("link.png")
    link.symlink_to(photo)
    for out in (photo, link):
        status, lines = run("edit", photo, out, *SMILE)
        assert status == 2
        assert "read by this edit" in lines[0]
    assert photo.read_bytes() == before


def test_a_transparent_photo_is_not_made_opaque(run, tmp_path, monkeypatch):
    path = tmp_path / "glass.png"
    Image.new("RGBA", (64, 64), (90, 80, 70, 100)).save(path)
    # Found before the work starts: no model is opened.
    monkeypatch.setattr("editing.command.edit.open_models", lambda: pytest.fail("too late"))
    status, lines = run("edit", path, tmp_path / "out.jpg", *SMILE)
    assert status == 2
    assert "transparent" in lines[0]


def test_the_format_is_the_suffix_and_the_seed_gives_the_same_bytes(run, photo):
    outs = [photo.with_name(f"out{n}.webp") for n in range(2)]
    for out in outs:
        assert run("edit", photo, out, *SMILE, "--seed", 7) == (0, [])
    with Image.open(outs[0]) as one, Image.open(outs[1]) as other:
        assert one.format == "WEBP"
        assert np.array_equal(np.asarray(one), np.asarray(other))


def test_a_mask_keeps_what_is_black_in_it(run, photo):
    mask, out = photo.with_name("mask.png"), photo.with_name("out.png")
    report = photo.with_name("report.json")
    white = np.zeros((512, 512), np.uint8)
    white[:, :225] = 255  # the picture's left half of the face
    Image.fromarray(white).save(mask)
    assert run("edit", photo, out, *SMILE, "--mask", mask, "--report", report) == (0, [])
    before, after = (decode_photo(path.read_bytes()).pixels for path in (photo, out))
    assert np.array_equal(before[:, 225:], after[:, 225:])
    assert (before[:, :225] != after[:, :225]).any()
    told = json.loads(report.read_text())["faces"][0]["measures"]
    assert told["change_outside_mask"] == 0


@pytest.mark.parametrize("kind", ["colours", "transparent", "size", "empty", "text"])
def test_what_is_no_mask_is_refused(run, photo, kind):
    mask = photo.with_name("mask.png")
    if kind == "colours":
        Image.new("RGB", (512, 512), (255, 0, 0)).save(mask)
    elif kind == "transparent":
        Image.new("RGBA", (512, 512), (255, 255, 255, 9)).save(mask)
    elif kind == "size":
        Image.new("L", (511, 512), 255).save(mask)
    elif kind == "empty":
        Image.new("L", (512, 512), 0).save(mask)
    else:
        mask.write_text("white")
    status, lines = run("edit", photo, photo.with_name("out.png"), *SMILE, "--mask", mask)
    assert (status, len(lines)) == (2, 1)
    assert "mask" in lines[0]


def test_our_fault_is_one_line_and_a_traceback_only_when_asked_for(run, photo, monkeypatch):
    def broken(arguments: argparse.Namespace) -> None:
        raise RuntimeError("a wheel\ncame off")

    monkeypatch.setattr(command_line, "run", broken)
    status, lines = run("faces", photo)
    assert status == 70
    assert lines == ["mien: our fault: RuntimeError: a wheel came off (MIEN_DEBUG=1 shows more)"]
    monkeypatch.setenv("MIEN_DEBUG", "1")
    status, lines = run("faces", photo)
    assert status == 70
    assert "Traceback (most recent call last):" in lines


def test_weights_that_are_not_there(run, photo, monkeypatch):
    def missing(self: object, name: str) -> None:
        raise WeightsUnavailable(f"the weights {name!r} are not there")

    monkeypatch.setattr("editing.models.ModelStore._read", missing)
    out = photo.with_name("out.png")
    status, lines = run("edit", photo, out, *SMILE)
    assert (status, len(lines)) == (5, 1)
    assert not out.exists()


def test_a_device_that_is_not_there(run, photo, monkeypatch):
    monkeypatch.setenv("MIEN_DEVICE", "abacus")
    status, lines = run("faces", photo)
    assert status == 5
    assert "abacus" in lines[0]


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    old = tmp_path / "old.png"
    old.write_bytes(b"old")
    out, report = check_destination(old), check_destination(tmp_path / "new.json")
    written = []

    def full(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(destination.os, "fsync", full)
    with pytest.raises(OutputUnwritable, match="No space left"):
        write_all([(out, b"new"), (report, b"{}")])
    assert old.read_bytes() == b"old"
    assert names(tmp_path) == ["old.png"]


def test_a_new_file_has_the_rights_of_any_other(tmp_path):
    kept = tmp_path / "kept.png"
    kept.touch(mode=0o640)
    mask = os.umask(0o027)
    try:
        write_all([(check_destination(tmp_path / name), b"x") for name in ("new.png", "kept.png")])
    finally:
        os.umask(mask)
    assert (tmp_path / "new.png").stat().st_mode & 0o777 == 0o640
    assert kept.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_closed_is_found_first(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(OutputUnwritable, match="cannot be written"):
        check_destination(closed / "out.png")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["expression", "--faces", "missing", "--out", "out"], "no folder"),
        (["expression", "--faces", ".", "--out", "out"], "no photo"),
        (["nonsense", "--faces", ".", "--out", "out"], "no operation"),
        (["expression", "--faces", ".", "--out", "out", "--limit", "0"], "--limit"),
    ],
)
def test_an_evaluation_of_nothing(run, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    status, lines = run("evaluate", *arguments)
    assert (status, len(lines)) == (2, 1)
    assert says in lines[0]
