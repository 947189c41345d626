"""``mien batch`` on this computer: the tree is kept, one bad photo fails alone, and it goes on after a kill."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from editing.command import batch_local
from editing.command.batch_log import NAME, Row, open_log
from editing.command.batch_photos import find_tasks, name_result
from editing.errors import EngineUnavailable
from editing.photo import decode_photo

SMILE = ("--operation", "expression", "--set", "smile=1")


@pytest.fixture
def folder(tmp_path: Path, astronaut_picture: Image.Image) -> Path:
    """Five photos in a tree, one of them damaged, and things that are none."""
    folder = tmp_path / "in"
    (folder / "sub" / "deep").mkdir(parents=True)
    small = astronaut_picture.crop((130, 0, 330, 220))
    small.save(folder / "a.jpg")
    small.save(folder / "sub" / "b ü.jpeg")
    small.save(folder / "sub" / "c.gif")
    small.save(folder / "sub" / "deep" / "=d.png")
    (folder / "sub" / "bad.jpg").write_bytes((folder / "a.jpg").read_bytes()[:2000])
    (folder / "notes.txt").write_text("no photo")
    (folder / ".hidden.jpg").write_bytes(b"")
    return folder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the command line in this process; return its status, and the lines on stdout and stderr."""
    from editing.__main__ import main

    monkeypatch.setenv("MIEN_DATA", str(tmp_path / "data"))

    def take(*arguments: object) -> tuple[int, list[str], list[str]]:
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return status, out.splitlines(), err.splitlines()

    return take


@pytest.fixture
def edited(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The photos that were really edited."""
    seen: list[str] = []
    genuine = batch_local._edit

    def noted(task, request):  # type: ignore[no-untyped-def]
        seen.append(task.file)
        return genuine(task, request)

    monkeypatch.setattr(batch_local, "_edit", noted)
    return seen


def rows_of(out: Path) -> dict[str, dict[str, str]]:
    with (out / "report.csv").open(newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def test_a_folder_is_edited_and_only_the_rest_again(
    run, folder: Path, tmp_path: Path, edited: list[str]
) -> None:
    out = tmp_path / "out"
    status, told, failed = run("batch", folder, out, *SMILE)
    assert status == 3
    assert told == [f"4 of 5 photos edited: {out / 'report.csv'}"]
    [line] = failed
    assert "1 of 5 photos failed" in line
    assert "sub/bad.jpg" in line
    written = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    results = {"a.jpg", "sub/b ü.jpeg", "sub/c.gif.png", "sub/deep/=d.png"}
    assert written == results | {"report.csv", "report.json", NAME}
    rows = rows_of(out)
    assert {row["result"].lstrip("'") for row in rows.values()} == results | {""}
    assert rows["sub/bad.jpg"]["error"] == "photo_unreadable"
    assert (
        rows["'=sub/deep/d.png" if "'=sub/deep/d.png" in rows else "sub/deep/=d.png"]["status"]
        == "done"
    )
    listed = json.loads((out / "report.json").read_text())
    assert [row["file"] for row in listed] == sorted(row["file"] for row in listed)
    done = next(row for row in listed if row["file"] == "a.jpg")
    assert done["report"]["photo"]["sha256"] == decode_photo((folder / "a.jpg").read_bytes()).sha256
    assert done["report"]["faces"][0]["measures"]["change_outside_mask"] == 0
    before, after = (decode_photo((place / "a.jpg").read_bytes()).pixels for place in (folder, out))
    assert (before != after).any()

    assert len(edited) == 5
    edited.clear()
    stamps = {name: (out / name).stat().st_mtime_ns for name in results}
    assert run("batch", folder, out, *SMILE)[0] == 3
    assert edited == ["sub/bad.jpg"]  # what failed is tried again, and nothing else
    shutil.copy(folder / "a.jpg", folder / "sub" / "bad.jpg")
    (out / "a.jpg").unlink()
    os.utime(folder / "sub" / "c.gif")
    edited.clear()
    status, told, failed = run("batch", folder, out, *SMILE)
    assert (status, failed) == (0, [])
    assert edited == ["a.jpg", "sub/bad.jpg", "sub/c.gif"]
    for name in ("sub/b ü.jpeg", "sub/deep/=d.png"):
        assert (out / name).stat().st_mtime_ns == stamps[name]


def test_another_request_does_not_mix(run, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    neutral = ("--operation", "expression")
    assert run("batch", folder / "sub" / "deep", out, *neutral)[0] == 0
    status, told, [line] = run("batch", folder / "sub" / "deep", out, *SMILE)
    assert (status, told) == (2, [])
    assert "another request" in line
    (out / NAME).write_text("something else\n")
    status, _, [line] = run("batch", folder / "sub" / "deep", out, *neutral)
    assert status == 2
    assert "not the log of a batch" in line


def test_processes_share_the_work(run, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    status, told, _ = run("batch", folder, out, "--operation", "expression", "--jobs", 2)
    assert (status, told) == (3, [f"4 of 5 photos edited: {out / 'report.csv'}"])
    after = decode_photo((out / "sub" / "deep" / "=d.png").read_bytes())
    before = decode_photo((folder / "sub" / "deep" / "=d.png").read_bytes())
    assert (after.pixels == before.pixels).all()


def test_it_goes_on_after_it_was_killed(folder: Path, tmp_path: Path) -> None:
    for n in range(12):
        shutil.copy(folder / "a.jpg", folder / f"more{n:02}.jpg")
    (folder / "sub" / "bad.jpg").unlink()
    out = tmp_path / "out"
    command = [sys.executable, "-m", "editing", "batch", str(folder), str(out), *SMILE]
    environment = os.environ | {"MIEN_DATA": str(tmp_path / "data")}
    first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(list(out.rglob("*.jpg"))) < 3:
        assert time.monotonic() < deadline
        assert first.poll() is None
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    # Also the line that was being written is lost.
    with (out / NAME).open("ab") as log:
        log.write(b'{"kind": "row", "file": "more05.jp')
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.jpg")}
    assert 3 <= len(before) < 16
    second = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert second.returncode == 0, second.stderr
    assert second.stdout == f"16 of 16 photos edited: {out / 'report.csv'}\n"
    kept = [path for path, stamp in before.items() if path.stat().st_mtime_ns == stamp]
    assert len(kept) >= len(before) - 1  # one may have been written and not yet noted
    assert not [path for path in out.rglob(".*") if path.name != NAME]
    assert {row["status"] for row in rows_of(out).values()} == {"done"}


def test_what_stops_every_photo_stops_the_batch(
    run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_engine(*_: object) -> None:
        raise EngineUnavailable("there is no engine")

    monkeypatch.setattr(batch_local, "_edited", no_engine)
    status, told, [line] = run("batch", folder, tmp_path / "out", *SMILE)
    assert (status, told) == (5, [])
    assert "no engine" in line


def test_our_own_fault_stops_one_photo(
    run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a wheel\ncame off")

    monkeypatch.setattr(batch_local, "_edited", broken)
    status, told, [line] = run("batch", folder, tmp_path / "out", *SMILE)
    assert status == 70
    assert told[0].startswith("0 of 5")
    assert "a wheel came off" in line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing", "out", *SMILE], "no folder"),
        (["empty", "out", *SMILE], "no photo"),
        (["in", "in", *SMILE], "OUT is DIR"),
        (["in", "in/a.jpg", *SMILE], "cannot be made"),
        (["in", "out", *SMILE, "--jobs", "0"], "--jobs"),
        (["in", "out", "--operation", "nonsense"], "nonsense"),
        (["in", "out", "--operation", "expression", "--set", "smile=9"], "smile"),
    ],
)
def test_bad_arguments(
    run,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    status, told, [line] = run("batch", *arguments)
    assert (status, told) == (2, [])
    assert says in line


def test_out_inside_the_folder_is_not_edited_again(run, folder: Path) -> None:
    out = folder / "sub" / "deep" / "out"
    neutral = ("--operation", "expression")
    for _ in range(2):
        status, told, _ = run("batch", folder / "sub" / "deep", out, *neutral)
        assert (status, told[0][:6]) == (0, "1 of 1")
    assert [task.file for task in find_tasks(folder / "sub" / "deep", out)] == ["=d.png"]


def test_names_of_results_do_not_meet() -> None:
    names = {"a.gif", "a.gif.png", "b.jpeg", "C.JPG"}
    assert name_result("a.gif", "PNG", names) == "a.gif.png.png"
    assert name_result("a.gif.png", "PNG", names) == "a.gif.png"
    assert name_result("b.jpeg", "JPEG", names) == "b.jpeg"
    assert name_result("C.JPG", "JPEG", names) == "C.JPG"
    assert name_result("C.JPG", "PNG", names) == "C.JPG.png"


def test_a_key_is_the_same_until_something_became_of_the_photo(
    folder: Path, tmp_path: Path
) -> None:
    [task] = find_tasks(folder / "sub" / "deep", tmp_path)
    with open_log(tmp_path, {}) as log:
        first = log.key_of(task)
    with open_log(tmp_path, {}) as log:
        assert log.key_of(task) == first
        log.append(Row(file=task.file, status="failed", code="no_face"))
        assert log.key_of(task) != first
