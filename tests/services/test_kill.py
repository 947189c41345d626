"""What is left when a worker is killed in the middle of an edit: an edit that is done, once."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.services.house import House, family, is_alive, wait_for


@pytest.fixture
def worker(house: House) -> Iterator[subprocess.Popen[bytes]]:
    house.trace.unlink(missing_ok=True)
    process = house.start_worker()
    yield process
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
def photo(house: House, worker: Any, astronaut_jpeg: bytes) -> Any:
    """A photo whose face the worker has found, so the worker is up."""
    sent = house.upload(astronaut_jpeg)
    found = wait_for("the faces", lambda: worker.poll() is not None or seen(house, sent))
    assert worker.poll() is None, house.log("worker")
    return found


def seen(house: House, photo: Any) -> Any:
    told = house.get(f"/api/v1/photos/{photo['id']}/")
    return told if told["faces_state"] == "found" else None


def in_the_middle(house: House) -> int:
    """Wait until an edit is half done; return the process that does it."""
    wait_for("the fifth step", lambda: any(step == 4 for _, step in house.steps()))
    return house.steps()[-1][0]


def check_done_once(house: House, edit: Any, events: list[Any]) -> None:
    """The second attempt made it: one end, one result, ids that rise, and nothing doubled."""
    kinds = [event["kind"] for event in events]
    assert kinds.count("done") == 1
    assert kinds[-1] == "done"
    assert [event["data"]["attempt"] for event in events if event["kind"] == "started"] == [1, 2]
    ids = [event["id"] for event in events]
    assert ids == sorted(set(ids))
    told = house.get(f"/api/v1/edits/{edit['id']}/")
    assert (told["status"], told["attempt"]) == ("done", 2)
    assert house.read(told["result"])[:2] == b"\xff\xd8"
    results = list((house.folder / "data" / "media").rglob(f"*{edit['id']}/result-*"))
    assert [path.name for path in results] == ["result-2.jpg"]
    assert house.get(f"/api/v1/edits/{edit['id']}/events/")["results"] == events


def test_the_child_is_killed(house: House, photo: Any) -> None:
    edit = house.edit(photo)
    child = in_the_middle(house)
    os.kill(child, signal.SIGKILL)
    killed = monotonic()
    events = house.follow(edit)
    print(f"child killed: done after {monotonic() - killed:.1f} s")
    check_done_once(house, edit, events)
    assert {pid for pid, _ in house.steps()} > {child}


def test_the_whole_worker_is_killed(
    house: House, photo: Any, worker: subprocess.Popen[bytes]
) -> None:
    edit = house.edit(photo)
    waiting = house.edit(photo)
    child = in_the_middle(house)
    everyone = family(worker.pid)
    assert child in everyone
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    wait_for("the children's end", lambda: not any(is_alive(pid) for pid in everyone), 5)
    killed = monotonic()
    heir = house.start_worker()
    try:
        events = house.follow(edit)
        print(f"worker killed and started again: done after {monotonic() - killed:.1f} s")
        check_done_once(house, edit, events)
        # What only waited, its message perhaps lost with the worker, is done by the first attempt.
        assert house.follow(waiting)[-1]["kind"] == "done"
        assert house.get(f"/api/v1/edits/{waiting['id']}/")["attempt"] == 1
    finally:
        os.killpg(heir.pid, signal.SIGKILL)
        heir.wait()


def test_cancel_in_the_middle(house: House, photo: Any) -> None:
    edit = house.edit(photo)
    in_the_middle(house)
    house.post(f"/api/v1/edits/{edit['id']}/cancel/")
    asked = monotonic()
    events = house.follow(edit)
    print(f"cancelled after {1000 * (monotonic() - asked):.0f} ms")
    assert events[-1]["kind"] == "cancelled"
    assert len(house.steps()) < 10
    assert not list((house.folder / "data" / "media").rglob(f"*{edit['id']}/result-*"))
    # The worker lives on, and a second try is done.
    house.post(f"/api/v1/edits/{edit['id']}/retry/")
    assert house.follow(edit, since=events[-1]["id"])[-1]["kind"] == "done"


def test_a_follower_who_comes_and_goes_misses_nothing(house: House, photo: Any) -> None:
    edit = house.edit(photo)
    pieces: list[Any] = []
    while not pieces or pieces[-1]["kind"] != "done":
        since = pieces[-1]["id"] if pieces else 0
        with house.socket(edit, since) as opened:
            pieces += [json.loads(opened.recv(timeout=20)) for _ in range(1)]
    assert pieces == house.get(f"/api/v1/edits/{edit['id']}/events/")["results"]
    fractions = [event["data"]["fraction"] for event in pieces if event["kind"] == "progress"]
    assert fractions == sorted(fractions)
    preview = next(event for event in pieces if event["kind"] == "preview")
    assert house.read(preview["data"]["url"])[:2] == b"\xff\xd8"


def test_strangers_get_no_socket(house: House, photo: Any) -> None:
    edit = house.edit(photo)
    for options in (
        {"origin": "http://evil.example"},
        {"additional_headers": {"Authorization": "Token wrong"}},
    ):
        with pytest.raises(InvalidStatus) as refused, house.socket(edit, **options):
            pass
        assert refused.value.response.status_code == 403
    with pytest.raises(InvalidStatus), house.socket(edit, since="x"):  # type: ignore[arg-type]
        pass
