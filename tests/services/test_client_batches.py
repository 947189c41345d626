"""Batches by ``mien.client`` and by ``mien --server URL batch``, against real processes."""

from __future__ import annotations

import csv
import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from editing.command.batch_log import NAME
from mien.client import AsyncClient, BatchCancelled, BatchState, Client, RequestInvalid, WaitTimeout
from tests.services.house import House, wait_for

SMILE = ("--operation", "expression", "--set", "smile=0.8")


@pytest.fixture(scope="module")
def mien(served: House) -> Iterator[Client]:
    with Client(served.url) as client:
        yield client


@pytest.fixture
def folder(tmp_path: Path, astronaut_picture: Image.Image) -> Path:
    """Three photos in a tree; one is none."""
    folder = tmp_path / "holiday"
    (folder / "day 1").mkdir(parents=True)
    head = astronaut_picture.crop((130, 0, 330, 220))
    head.save(folder / "a.jpg", quality=95)
    head.save(folder / "day 1" / "ü.png")
    (folder / "day 1" / "bad.jpg").write_bytes((folder / "a.jpg").read_bytes()[:900])
    (folder / ".DS_Store").write_bytes(b"x")
    return folder


def test_a_folder(mien: Client, folder: Path, tmp_path: Path) -> None:
    seen: list[BatchState] = []
    batch = mien.batch(folder, "expression", smile=0.8, seed=3, name="holiday")
    assert batch.state.name == "holiday"
    batch.wait(120, seen.append)
    assert [state.fraction for state in seen] == sorted(state.fraction for state in seen)
    assert seen[-1].counts.model_dump(include={"done", "failed"}) == {"done": 2, "failed": 1}
    rows = {row.file: row for row in batch.report()}
    assert set(rows) == {"a.jpg", "day 1/ü.png", "day 1/bad.jpg"}
    bad, good = rows["day 1/bad.jpg"], rows["day 1/ü.png"]
    assert bad.error
    assert (bad.status, bad.error.code) == ("failed", "photo_unreadable")
    assert good.report
    assert (good.report.seed, good.report.params["smile"]) == (3, 0.8)
    with zipfile.ZipFile(batch.save(tmp_path / "results.zip")) as archive:
        assert {"a.jpg", "day 1/ü.png", "report.csv", "report.json"} == set(archive.namelist())
        assert Image.open(io.BytesIO(archive.read("day 1/ü.png"))).size == (200, 220)
    table = batch.save_report(tmp_path / "report.csv").read_text()
    assert "photo_unreadable" in table
    with pytest.raises(ValueError, match="neither"):
        batch.save_report(tmp_path / "report.txt")
    assert [item.file for item in batch.items("failed")] == ["day 1/bad.jpg"]
    assert batch.retry().wait(120).state.counts.failed == 1
    assert batch.id in {one.id for one in mien.batches()}
    batch.delete()
    assert batch.id not in {one.id for one in mien.batches()}


async def test_a_zip_with_a_recipe_and_overrides(
    served: House, folder: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "some.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(folder / "a.jpg", "x/a.jpg")
        packed.write(folder / "a.jpg", "x/b.jpg")
    steps = [{"operation": "expression", "params": {"smile": 0.4}}, {"operation": "expression", "params": {"brow_raise": 0.4}}]  # fmt: skip
    async with AsyncClient(served.url) as mien:
        batch = await mien.batch(archive, recipe=steps)
        with_csv = await mien.batch(
            archive, "expression", overrides=b"file,smile\nx/b.jpg,-0.5\n", smile=0.3
        )
        await batch.wait()
        await with_csv.wait()
        rows = await with_csv.report()
        assert {row.file: row.report.params["smile"] for row in rows if row.report} == {"x/a.jpg": 0.3, "x/b.jpg": -0.5}  # fmt: skip
        files = [item.file async for item in batch.items()]
        assert files == ["x/a.jpg", "x/b.jpg"]
        last = await mien.find_edit((await batch.report())[0].edit or "")
        assert last.state.parent is not None
        with zipfile.ZipFile(await batch.save(tmp_path / "out.zip")) as results:
            assert "x/b.jpg" in results.namelist()
        for one in (batch, with_csv):
            await one.delete()
    with Client(served.url) as other, pytest.raises(RequestInvalid) as refused:
        other.batch(io.BytesIO(b"no zip"), "expression", smile=1)
    assert refused.value.code == "archive_unreadable"


def command(house: House, folder: Path, out: Path) -> list[str]:
    there = ("--server", house.url)
    return [sys.executable, "-m", "editing", *there, "batch", str(folder), str(out), *SMILE]


def test_the_command_line_edits_a_folder_there_and_leaves_nothing(
    mien: Client, served: House, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = subprocess.run(
        command(served, folder, out), capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 3, done.stderr
    assert done.stdout == f"2 of 3 photos edited: {out / 'report.csv'}\n"
    assert "day 1/bad.jpg" in done.stderr
    with (out / "report.csv").open(newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    assert rows["day 1/ü.png"]["result"] == "day 1/ü.png"
    assert rows["day 1/bad.jpg"]["error"] == "photo_unreadable"
    before, after = (Image.open(place / "day 1" / "ü.png") for place in (folder, out))
    assert before.size == after.size
    assert before.convert("RGB").tobytes() != after.convert("RGB").tobytes()
    assert not {"a.jpg", "ü.png"} & {photo.name for photo in mien.photos()}
    assert not list(mien.batches())


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Edits take 0.3 s in ten steps, and every step leaves a trace."""
    built = House(tmp_path_factory.mktemp("slow"), STEP_SECONDS="0.03")
    try:
        built.migrate()
        built.start_web()
        built.start_sweep()
        built.start_worker()
        yield built
    finally:
        built.stop()


def test_pause_resume_and_cancel(slow: House, folder: Path) -> None:
    with Client(slow.url) as mien:
        photos = [mien.wait_for_faces(mien.upload(folder / "a.jpg")) for _ in range(4)]
        batch = mien.batch(photos, "expression", smile=0.1, idempotency_key="once")
        batch.pause()  # at once: four edits take little more than a second
        assert mien.batch(photos, "expression", smile=0.1, idempotency_key="once").id == batch.id
        with pytest.raises(WaitTimeout):
            batch.wait(0.2)
        assert batch.resume().wait(60).state.counts.done == 4
        other = mien.batch(photos, "expression", smile=0.2)
        other.cancel()
        with pytest.raises(BatchCancelled):
            other.wait(60)
        batch.delete()
        other.delete()
        for photo in photos:
            mien.delete_photo(photo)


def test_a_killed_batch_goes_on_where_it_was(slow: House, folder: Path, tmp_path: Path) -> None:
    (folder / "day 1" / "bad.jpg").unlink()
    for n in range(8):
        (folder / f"more{n}.jpg").write_bytes((folder / "a.jpg").read_bytes())
    out, steps = tmp_path / "out", len(slow.steps())
    asked = command(slow, folder, out)
    first = subprocess.Popen(asked, stdout=subprocess.DEVNULL)
    wait_for("three results", lambda: len(list(out.glob("*.jpg"))) >= 3)
    first.send_signal(signal.SIGKILL)
    first.wait()
    written = {path: path.stat().st_mtime_ns for path in out.rglob("*.jpg")}
    assert len(written) < 9
    second = subprocess.run(asked, capture_output=True, text=True, timeout=120, check=False)
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.startswith("10 of 10 photos edited")
    kept = [path for path, stamp in written.items() if path.stat().st_mtime_ns == stamp]
    assert len(kept) >= len(written) - 1
    assert len(slow.steps()) - steps == 10 * 10  # no edit was made twice
    with Client(slow.url) as mien:
        wait_for("nothing left there", lambda: not list(mien.photos()) and not list(mien.batches()))
    assert not [path for path in out.rglob(".*") if path.name != NAME]


def test_what_was_lost_on_the_server_is_sent_again(
    slow: House, folder: Path, tmp_path: Path
) -> None:
    """Killed, and before it goes on somebody deletes all of it there."""
    (folder / "day 1" / "bad.jpg").unlink()
    for n in range(6):
        (folder / f"more{n}.jpg").write_bytes((folder / "a.jpg").read_bytes())
    out = tmp_path / "out"
    first = subprocess.Popen(command(slow, folder, out), stdout=subprocess.DEVNULL)
    wait_for("a result", lambda: list(out.glob("*.jpg")))
    first.kill()
    first.wait()
    with Client(slow.url) as mien:
        for batch in mien.batches():
            batch.cancel()
            batch.delete()
        for photo in mien.photos():
            mien.delete_photo(photo)
    second = subprocess.run(
        command(slow, folder, out), capture_output=True, text=True, timeout=120, check=False
    )
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.startswith("8 of 8 photos edited")


def test_somebody_who_watches_sees_a_bar(slow: House, folder: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    watched = subprocess.Popen(
        command(slow, folder, tmp_path / "out"),
        stderr=theirs,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(theirs)
    seen = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            seen += os.read(ours, 65536)
        except OSError:
            break
    os.close(ours)
    assert watched.wait(60) == 3
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())
    assert "0/3" in text
    assert "3/3" in text
    assert "1 failed" in text
    assert "day 1/bad.jpg: " in text
