"""Webhooks between real processes: web asks, the process that sweeps sends, a stranger receives."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.house import House, wait_for
from tests.services.receiver import Receiver, receive


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(
        tmp_path_factory.mktemp("webhooks"),
        MIEN_WEBHOOKS_ALLOW_PRIVATE="1",
        MIEN_FACES_WAIT_SECONDS="0",
    )
    try:
        house.migrate()
        house.start_web()
        house.start_sweep()
        yield house
    finally:
        house.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receive() as one:
        yield one


@pytest.fixture
def hook(built: House, receiver: Receiver) -> Iterator[Any]:
    made = built.post("/api/v1/webhooks/", {"url": f"{receiver.url}mien?x=1"})
    yield made
    built.read(f"/api/v1/webhooks/{made['id']}/", method="DELETE")


def log_of(house: House, hook: Any) -> list[Any]:
    rows: list[Any] = house.get(f"/api/v1/webhooks/{hook['id']}/deliveries/")["results"]
    return rows


def ended(house: House, hook: Any, state: str = "delivered") -> Any:
    """Return the newest delivery once it is in that state."""
    return wait_for(
        state, lambda: next((one for one in log_of(house, hook) if one["state"] == state), None), 40
    )


def test_a_signed_message_arrives(built: House, receiver: Receiver, hook: Any) -> None:
    told = built.post(f"/api/v1/webhooks/{hook['id']}/test/")
    delivered = ended(built, hook)
    assert delivered["id"] == told["id"]
    (attempt,) = delivered["attempts"]
    assert (attempt["status"], attempt["excerpt"]) == (200, "thank you")
    ((headers, body),) = receiver.received
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == told["id"]
    assert json.loads(body) == told["body"]
    assert receiver.is_signed(0, hook["secret"])
    assert not receiver.is_signed(0, "whsec_" + "A" * 44)


def test_what_fails_first_is_sent_again(built: House, receiver: Receiver, hook: Any) -> None:
    receiver.answers = [500]
    built.post(f"/api/v1/webhooks/{hook['id']}/test/")
    delivered = ended(built, hook)
    assert [one["status"] for one in delivered["attempts"]] == [500, 200]
    first, second = (headers["webhook-id"] for headers, _ in receiver.received)
    assert first == second
    assert receiver.is_signed(1, hook["secret"])


def test_an_edit_that_ends_is_told(
    built: House, receiver: Receiver, hook: Any, astronaut_jpeg: bytes
) -> None:
    edit = built.edit(built.upload(astronaut_jpeg))
    built.post(f"/api/v1/edits/{edit['id']}/cancel/")
    ended(built, hook)
    told = json.loads(receiver.received[0][1])
    assert (told["type"], told["data"]["id"]) == ("edit.cancelled", edit["id"])
    assert told["data"] == built.get(f"/api/v1/edits/{edit['id']}/")


def test_after_a_change_of_the_secret_both_sign(
    built: House, receiver: Receiver, hook: Any
) -> None:
    rotated = built.post(f"/api/v1/webhooks/{hook['id']}/rotate/")
    built.post(f"/api/v1/webhooks/{hook['id']}/test/")
    ended(built, hook)
    assert receiver.is_signed(0, rotated["secret"])
    assert receiver.is_signed(0, hook["secret"])


def test_a_redirect_is_not_followed(built: House, receiver: Receiver, hook: Any) -> None:
    receiver.answers = [302]
    built.post(f"/api/v1/webhooks/{hook['id']}/test/")
    (first,) = wait_for("the attempt", lambda: log_of(built, hook)[0]["attempts"])
    assert (first["status"], first["error"]) == (302, "Redirects are not followed.")
    assert log_of(built, hook)[0]["state"] == "waiting"
    assert len(receiver.received) == 1


def test_a_message_outlives_the_process_that_sends_it(tmp_path: Path) -> None:
    """Killed with -9 while the receiver makes it wait; the next process sends it."""
    house = House(tmp_path, MIEN_WEBHOOKS_ALLOW_PRIVATE="1")
    with receive() as receiver:
        try:
            house.migrate()
            house.start_web()
            sweep = house.start_sweep()
            receiver.hold.clear()
            hook = house.post("/api/v1/webhooks/", {"url": receiver.url})
            house.post(f"/api/v1/webhooks/{hook['id']}/test/")
            wait_for("the message", lambda: receiver.received)
            os.killpg(sweep.pid, signal.SIGKILL)
            sweep.wait(10)
            assert log_of(house, hook)[0]["state"] == "sending"
            receiver.hold.set()
            with sqlite3.connect(house.folder / "data" / "mien.sqlite3", timeout=20) as database:
                # Its lease of 30 s, over sooner.
                database.execute("UPDATE webhooks_delivery SET lease_until = '2026-01-01 00:00:00'")
            house.start_sweep()
            delivered = ended(house, hook)
            assert [one["number"] for one in delivered["attempts"]] == [2]
            assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
        finally:
            house.stop()


def test_on_postgresql_too(tmp_path: Path, database_url: str) -> None:
    house = House(tmp_path, MIEN_WEBHOOKS_ALLOW_PRIVATE="1", DATABASE_URL=database_url)
    with receive() as receiver:
        try:
            house.migrate()
            house.start_web()
            house.start_sweep()
            hook = house.post("/api/v1/webhooks/", {"url": receiver.url})
            for _ in range(3):
                house.post(f"/api/v1/webhooks/{hook['id']}/test/")
            wait_for("all three", lambda: len(receiver.received) == 3)
            assert receiver.is_signed(2, hook["secret"])
            states = lambda: {one["state"] for one in log_of(house, hook)}  # noqa: E731
            wait_for("the log", lambda: states() == {"delivered"})
        finally:
            house.stop()
