"""How long somebody waits who asks a running Mien: from POST to the first preview and to the end."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.picture import head_jpeg
from tests.services.house import House, wait_for

REPEATS = 7
SEED = 1
HEADER = "| photo | started | first preview | done | edit alone | done beyond the edit |"


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds. ``started``, ``preview`` and ``done`` count from the POST to the event's arrival at
    the socket, ``edit`` is what the report gives, ``preview_after_start`` is between events."""

    started: float
    preview: float
    done: float
    edit: float
    preview_after_start: float


def measure_web(sizes: tuple[int, ...]) -> list[str]:
    """Return the table's lines; starts ``manage.py up`` in a folder of its own, and ends it."""
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        house = House(Path(folder))
        try:
            up = house.start("up", "manage.py", "up")
            wait_for("the web server", lambda: house.is_up(up))
            rows = [_row(house, size) for size in sizes]
        finally:
            house.stop()
    return [HEADER, "| --- | --- | --- | --- | --- | --- |", *rows]


def _row(house: House, size: int) -> str:
    told = house.upload(head_jpeg(size))
    photo = wait_for("the faces", lambda: _with_faces(house, told))
    _ask(house, photo, 0)  # the first edit loads the models
    waits = [_ask(house, photo, n + 1) for n in range(REPEATS)]
    middle = {
        name: 1000 * statistics.median(getattr(wait, name) for wait in waits)
        for name in Wait.__dataclass_fields__
    }
    beyond = 1000 * statistics.median(wait.done - wait.edit for wait in waits)
    return (
        f"| {size} px | {middle['started']:.0f} |"
        f" {middle['preview']:.0f} ({middle['preview_after_start']:.0f} after start) |"
        f" {middle['done']:.0f} | {middle['edit']:.0f} | {beyond:.0f} |"
    )


def _with_faces(house: House, photo: Any) -> Any:
    told = house.get(f"/api/v1/photos/{photo['id']}/")
    return told if told["faces_state"] != "pending" else None


def _events(house: House, edit: Any) -> Iterator[Any]:
    """Return the events of an edit as they arrive, up to its end."""
    with house.socket(edit) as socket:
        while True:
            event = json.loads(socket.recv(timeout=60))
            yield event
            if event["kind"] in ("done", "failed", "cancelled"):
                return


def _ask(house: House, photo: Any, turn: int) -> Wait:
    """Ask for an edit and follow it; every turn asks for another, so that nothing is remembered."""
    arrived: dict[str, float] = {}
    stamped: dict[str, float] = {}
    begun = time.perf_counter()
    edit = house.edit(photo, params={"smile": -1.0, "brow_raise": 0.5 + turn / 100}, seed=SEED)
    report: dict[str, Any] = {}
    for event in _events(house, edit):
        arrived.setdefault(event["kind"], time.perf_counter() - begun)
        stamped.setdefault(event["kind"], datetime.fromisoformat(event["at"]).timestamp())
        if event["kind"] == "failed":
            raise RuntimeError(f"the edit failed: {event['data']}")
        if event["kind"] == "done":
            report = event["data"]["report"]
    return Wait(
        started=arrived["started"],
        preview=arrived["preview"],
        done=arrived["done"],
        edit=report["seconds"],
        preview_after_start=stamped["preview"] - stamped["started"],
    )
