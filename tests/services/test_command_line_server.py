"""``mien --server`` against a running Mien: what it prints, writes and returns is what it does alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from editing.video.clip import read_frames
from mien.client import Client
from tests.client.scripted import refused, scripted, told
from tests.editing.clips import moving, write_clip
from tests.services.house import House, free_port

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def photo(astronaut_png: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "astronaut.png"
    path.write_bytes(astronaut_png)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    data = tmp_path_factory.mktemp("data")

    def take(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "editing", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=180,
            env=os.environ | {"MIEN_DATA": str(data)} | environment,
            check=False,
        )

    return take


def line_of(result: subprocess.CompletedProcess[str], status: int) -> str:
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert line.startswith("mien: ")
    return line


def test_operations_and_faces_are_told_as_without_a_server(
    run: Run, served: House, photo: Path
) -> None:
    for command in (["operations"], ["faces", photo]):
        there, here = run("--server", served.url, *command), run(*command)
        assert there.returncode == 0, there.stderr
        assert without_availability(there.stdout) == without_availability(here.stdout)


def without_availability(text: str) -> Any:
    listed = json.loads(text)
    for engine in (engine for one in listed for engine in one.get("engines", [])):
        engine.pop("available")
        engine.pop("reason")
    return listed


def test_an_edit_has_the_same_pixels_and_report_as_without_a_server(
    run: Run, served: House, photo: Path, tmp_path: Path
) -> None:
    asked = ("--operation", "expression", "--set", "smile=0.8", "--seed", 3)
    for place, server in (("there", ("--server", served.url)), ("here", ())):
        out, report = tmp_path / f"{place}.png", tmp_path / f"{place}.json"
        result = run(*server, "edit", photo, out, *asked, "--report", report)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    there, here = (Image.open(tmp_path / f"{place}.png") for place in ("there", "here"))
    assert there.tobytes() == here.tobytes()
    told_there, told_here = (
        json.loads((tmp_path / f"{place}.json").read_text()) for place in ("there", "here")
    )
    assert list(told_there) == list(told_here)
    assert told_there.pop("seconds") > 0
    told_here.pop("seconds")
    assert told_there == told_here
    with Client(served.url) as mien:
        assert photo.name not in {one.name for one in mien.photos()}  # nothing stays there


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--operation", "nonsense"], 2, "nonsense"),
        (["--operation", "expression", "--set", "smile=2"], 2, "smile"),
        (["--operation", "expression", "--set", "smlie=1"], 2, "smlie"),
        (["--operation", "expression", "--set", "smile=1", "--faces", "3"], 2, "no face 3"),
        (["--operation", "expression", "--faces", "second"], 2, "faces"),
        (["--operation", "expression", "--seed", "-1"], 2, "seed"),
        (["--operation", "expression", "--engine", "diffusion"], 5, "diffusion"),
        (["--operation", "expression", "--mask", "missing.png"], 2, "missing.png"),
    ],
)
def test_bad_arguments_say_why_and_write_nothing(
    run: Run,
    served: House,
    photo: Path,
    tmp_path: Path,
    arguments: list[str],
    status: int,
    says: str,
) -> None:
    out = tmp_path / "out.png"
    result = run("--server", served.url, "edit", photo, out, *arguments)
    assert says in line_of(result, status)
    assert list(tmp_path.iterdir()) == []


def test_a_video_is_edited_there(
    run: Run, served: House, astronaut_picture: Image.Image, tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "not to stay.mp4", moving(np.asarray(astronaut_picture), 4))
    asked = ["--operation", "deidentify", "--set", "method=mosaic"]
    out, report = tmp_path / "out.mp4", tmp_path / "report.json"
    wrong = run("--server", served.url, "edit", clip, tmp_path / "out.webm", *asked)
    assert "name OUT with that" in line_of(wrong, 2)
    done = run("--server", served.url, "edit", clip, out, *asked, "--report", report)
    assert done.returncode == 0, done.stderr
    assert len(list(read_frames(out))) == 4
    told = json.loads(report.read_text())
    assert [person["frames"] for person in told["faces"]] == [4]
    with Client(served.url) as mien:
        assert clip.name not in {photo.name for photo in mien.photos()}


def test_files_that_cannot_be(run: Run, served: House, photo: Path, tmp_path: Path) -> None:
    there = ("--server", served.url)
    smile = ("--operation", "expression", "--set", "smile=1")
    text, grey, out = tmp_path / "text.jpg", tmp_path / "grey.png", tmp_path / "out.png"
    text.write_text("not a picture")
    Image.new("RGB", (200, 200), (120, 130, 140)).save(grey)
    line_of(run(*there, "faces", text), 3)
    line_of(run(*there, "faces", tmp_path / "missing.jpg"), 3)
    assert "no face" in line_of(run(*there, "faces", grey), 4)
    assert "no face" in line_of(run(*there, "edit", grey, out, *smile), 4)
    line_of(run(*there, "edit", photo, tmp_path / "missing" / "out.png", *smile), 2)
    other = line_of(run(*there, "edit", photo, tmp_path / "out.jpg", *smile), 2)
    assert "name OUT with .png" in other
    line_of(run(*there, "evaluate", "expression", "--faces", tmp_path, "--out", tmp_path), 2)
    assert not out.exists()


def test_a_server_that_is_not_there_or_refuses(run: Run, photo: Path) -> None:
    gone = line_of(run("--server", f"http://127.0.0.1:{free_port()}", "faces", photo), 5)
    assert "does not answer" in gone
    with scripted(refused(401, "not_authenticated")) as script:
        line_of(run("--server", script.url, "operations"), 2)
    with scripted(refused(500, "internal_error")) as script:
        line_of(run("--server", script.url, "operations"), 70)
    with scripted(told([])) as script:
        run("--server", script.url, "operations", MIEN_TOKEN="one")
        run("--server", script.url, "--token", "two", "operations", MIEN_TOKEN="one")
        sent = [seen.headers.get("authorization") for seen in script.seen]
    assert sent == ["Token one", "Token two"]
