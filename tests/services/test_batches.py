"""Batches with real processes: two that work, one that is killed, and people who come between."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import signal
import subprocess
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.archives import archive_of
from tests.services.house import House, wait_for

COUNT = 24
ENDED = ("done", "cancelled")


@pytest.fixture(scope="module", params=["embedded", "redis and postgresql"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """Web, sweep, and a worker with two processes whose edits take 0.3 s."""
    environment = {"STEP_SECONDS": "0.03", "MIEN_WORKERS": "2"}
    if request.param == "redis and postgresql":
        environment["REDIS_URL"] = request.getfixturevalue("redis_url")
        environment["DATABASE_URL"] = request.getfixturevalue("database_url")
    built = House(tmp_path_factory.mktemp("batches"), **environment)
    try:
        built.migrate()
        built.start_web()
        built.start_sweep()
        yield built
    finally:
        built.stop()


@pytest.fixture
def worker(house: House) -> Iterator[subprocess.Popen[bytes]]:
    house.trace.unlink(missing_ok=True)
    process = house.start_worker(processes=2)
    yield process
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture(scope="module")
def files(astronaut_jpeg: bytes) -> dict[str, bytes]:
    return {f"tag {n % 3}/{n:02d} Jürgen.jpg": astronaut_jpeg for n in range(COUNT)}


def archive(files: dict[str, bytes]) -> bytes:
    return archive_of(files).getvalue()


def told(house: House, batch: Any) -> Any:
    return house.get(f"/api/v1/batches/{batch['id']}/")


def some_done(house: House, batch: Any, count: int) -> Any:
    def look() -> Any:
        now = told(house, batch)
        return now if now["counts"]["done"] >= count else None

    return wait_for(f"{count} files done", look)


def in_the_middle(house: House) -> int | None:
    """Return the process that is in the middle of an edit."""
    process, step = house.steps()[-1]
    return process if step in (2, 3) else None


def results(house: House, batch: Any) -> tuple[list[str], list[Any]]:
    """Return the names in the archive, and the rows of its report."""
    packed = zipfile.ZipFile(io.BytesIO(house.read(f"/api/v1/batches/{batch['id']}/archive/")))
    assert packed.testzip() is None
    names = [name for name in packed.namelist() if not name.startswith("report.")]
    for name in names:
        assert packed.read(name)[:2] == b"\xff\xd8"
    return names, json.loads(packed.read("report.json"))


def check_all_but(house: House, batch: Any, files: dict[str, bytes], broken: set[str]) -> None:
    """Every file has its one result or its error, and the tree is kept."""
    names, rows = results(house, batch)
    assert sorted(names) == sorted(set(files) - broken)
    assert [row["file"] for row in rows] == list(files)
    assert {row["file"] for row in rows if row["error"]} == broken
    edits = Counter(row["edit"] for row in rows if row["edit"])
    assert set(edits.values()) == {1}
    folder = house.folder / "data" / "media"
    for edit in edits:
        assert len(list(folder.rglob(f"*{edit}/result-*"))) == 1


def test_two_processes_one_bad_file_one_killed(
    house: House, worker: Any, files: dict[str, bytes]
) -> None:
    files = {**files, "tag 1/broken.jpg": b"\xff\xd8 cut short"}
    batch = house.batch(archive(files))
    some_done(house, batch, 4)
    killed = wait_for("the middle of an edit", lambda: in_the_middle(house))
    os.kill(killed, signal.SIGKILL)
    events = house.follow(batch, what="batches")
    kinds = [event["kind"] for event in events]
    assert (kinds[0], kinds[-1]) == ("queued", "done")
    assert kinds.count("done") == 1
    fractions = [e["data"]["fraction"] for e in events if e["kind"] == "progress"]
    assert fractions == sorted(fractions)
    assert told(house, batch)["counts"] == {
        "queued": 0, "running": 0, "done": COUNT, "failed": 1, "cancelled": 0,
    }  # fmt: skip
    check_all_but(house, batch, files, {"tag 1/broken.jpg"})
    worked = {process for process, _ in house.steps()}
    assert len(worked) >= 3  # two, and the one that took the place of the killed
    address = f"/api/v1/edits/?batch={batch['id']}&limit=200"
    attempts = Counter(edit["attempt"] for edit in house.get(address)["results"])
    assert attempts == {1: COUNT - 1, 2: 1}


def test_the_whole_worker_is_killed(house: House, worker: Any, files: dict[str, bytes]) -> None:
    batch = house.batch(archive(files))
    some_done(house, batch, 4)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    heir = house.start_worker(processes=2)
    try:
        assert house.follow(batch, what="batches")[-1]["kind"] == "done"
        check_all_but(house, batch, files, set())
    finally:
        os.killpg(heir.pid, signal.SIGKILL)
        heir.wait()


def test_people_come_before_batches(
    house: House, worker: Any, files: dict[str, bytes], astronaut_jpeg: bytes
) -> None:
    batch = house.batch(archive(files))
    some_done(house, batch, 2)
    photo = house.upload(astronaut_jpeg)
    assert photo["faces_state"] == "found"
    edit = house.edit(photo)
    assert house.follow(edit)[-1]["kind"] == "done"
    mine = house.get(f"/api/v1/edits/{edit['id']}/")
    now = told(house, batch)
    assert now["counts"]["queued"] > 0, "the batch was over before anybody could overtake it"
    address = f"/api/v1/edits/?batch={batch['id']}&limit=200"
    others = [one["started_at"] for one in house.get(address)["results"] if one["started_at"]]
    between = [at for at in others if mine["created"] < at < mine["started_at"]]
    # A process that had just looked whether anybody waits still begins what it has in hand.
    assert len(between) <= 2, between
    house.post(f"/api/v1/batches/{batch['id']}/cancel/")


def test_pause_resume_cancel_retry(house: House, worker: Any, files: dict[str, bytes]) -> None:
    batch = house.batch(archive({**files, "broken.jpg": b"no photo"}))
    address = f"/api/v1/batches/{batch['id']}"
    some_done(house, batch, 2)
    assert house.post(f"{address}/pause/")["paused"]
    still = wait_for(
        "what runs to end", lambda: (now := told(house, batch))["counts"]["running"] == 0 and now
    )
    begun = len(house.steps())
    assert still["counts"]["queued"] > 0
    photo = house.upload(files["tag 0/00 Jürgen.jpg"])
    assert house.follow(house.edit(photo))[-1]["kind"] == "done"  # the workers have time
    assert told(house, batch)["counts"] == still["counts"]
    assert len(house.steps()) == begun + 10
    house.post(f"{address}/resume/")
    some_done(house, batch, still["counts"]["done"] + 2)
    assert house.post(f"{address}/cancel/")["status"] == "cancelled"
    last = wait_for(
        "what runs to end", lambda: (now := told(house, batch))["counts"]["running"] == 0 and now
    )
    counts = last["counts"]
    assert counts["queued"] == 0
    assert counts["cancelled"] > 0
    assert sum(counts.values()) == COUNT + 1
    names, rows = results(house, batch)
    assert len(names) == counts["done"]
    assert Counter(row["status"] for row in rows) == {k: n for k, n in counts.items() if n}
    house.read(f"{address}/", method="DELETE")
    media = house.folder / "data" / "media" / "batches"
    wait_for("the archive to be gone", lambda: not list(media.rglob(f"{batch['id']}/*")))


def test_one_process_does_several_at_once(tmp_path: Any, files: dict[str, bytes]) -> None:
    house = House(tmp_path, STEP_SECONDS="0.05", MIEN_WORKERS="1", MIEN_BATCH_SIZE="3")
    try:
        house.migrate()
        house.start_web()
        house.start_sweep()
        house.start_worker(processes=1)
        batch = house.batch(archive(files))
        assert house.follow(batch, what="batches")[-1]["kind"] == "done"
        check_all_but(house, batch, files, set())
        begun = [n for n, (_, step) in enumerate(house.steps()) if step == 0]
        # One after the other there would be ten steps from one beginning to the next.
        assert sum(b - a < 10 for a, b in itertools.pairwise(begun)) >= COUNT // 2
    finally:
        house.stop()
