"""``python -m bench.load``: requests per second of the cheap endpoints, and the wait of those who submit.

``CLIENTS`` clients at once, each with one connection, ask a ``manage.py up`` on the same machine as
often as they are answered. The worker edits what is submitted meanwhile, as it would.
"""

from __future__ import annotations

import asyncio
import datetime
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from bench.picture import head_jpeg
from tests.services.house import House, wait_for

CLIENTS = 50
SECONDS = 6.0
SUBMITS = 500
README = Path(__file__).with_name("README.md")
START, END = "<!-- load: start -->", "<!-- load: end -->"


@dataclass(frozen=True, slots=True)
class Load:
    """One row: what every client asks for. ``most`` bounds the requests of all clients together."""

    name: str
    method: str
    path: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: Callable[[int], Any] | None = None
    most: int | None = None


async def measure(url: str, load: Load) -> str:
    """Return the row of the table.

    Raises:
        RuntimeError: an answer had another status than expected.
    """
    waits: list[float] = []
    asked = 0
    started, used = time.perf_counter(), time.process_time()

    async def ask() -> None:
        nonlocal asked
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            while time.perf_counter() < started + SECONDS or load.most is not None:
                if load.most is not None and asked >= load.most:
                    return
                asked += 1
                body = load.body(asked) if load.body is not None else None
                begun = time.perf_counter()
                answer = await client.request(
                    load.method, load.path, headers=load.headers, json=body
                )
                waits.append(time.perf_counter() - begun)
                if answer.status_code != load.status:
                    raise RuntimeError(f"{load.name}: {answer.status_code} {answer.text[:200]}")

    await asyncio.gather(*(ask() for _ in range(CLIENTS)))
    seconds = time.perf_counter() - started
    cores = (time.process_time() - used) / seconds
    middle, late, last = (1000 * np.percentile(waits, share) for share in (50, 95, 99))
    return (
        f"| {load.name} | {len(waits)} | {len(waits) / seconds:.0f} | {middle:.0f} | {late:.0f} |"
        f" {last:.0f} | {cores:.2f} |"
    )


def loads(house: House, photo: str, edit: str) -> list[Load]:
    api = "/api/v1"
    with httpx.Client(base_url=house.url) as client:
        tag = client.get(f"{api}/edits/{edit}/").headers["ETag"]

    def smile(number: int) -> Any:
        params = {"smile": (number % 100) / 100}
        return {"photo": photo, "operation": "expression", "params": params}

    return [
        Load("`GET health/`", "GET", "/health/", 200),
        Load("`GET operations/`", "GET", f"{api}/operations/", 200),
        Load("`GET photos/ID/`", "GET", f"{api}/photos/{photo}/", 200),
        Load("`GET edits/ID/`", "GET", f"{api}/edits/{edit}/", 200),
        Load("`GET edits/ID/`, not changed (304)", "GET", f"{api}/edits/{edit}/", 304, {"If-None-Match": tag}),
        Load("`GET edits/?limit=20`", "GET", f"{api}/edits/?limit=20", 200),
        Load("`GET photos/ID/thumbnail/`", "GET", f"{api}/photos/{photo}/thumbnail/", 200),
        Load("`POST edits/`, the worker editing", "POST", f"{api}/edits/", 202, body=smile, most=SUBMITS),
    ]  # fmt: skip


def main() -> None:
    """Measure one load after the other and write the table into README.md."""
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        house = House(Path(folder))
        try:
            up = house.start("up", "manage.py", "up")
            wait_for("the web server", lambda: house.is_up(up))
            told = house.upload(head_jpeg(512))
            photo = wait_for("the faces", lambda: _with_faces(house, told))
            edit = house.edit(photo)
            address = f"/api/v1/edits/{edit['id']}/"
            wait_for("the edit", lambda: house.get(address)["status"] == "done", 180)
            rows = [asyncio.run(measure(house.url, load)) for load in loads(house, photo["id"], edit["id"])]  # fmt: skip
        finally:
            house.stop()
    lines = [
        f"{datetime.date.today()}, {os.cpu_count()} cores, load {before:.1f} before and {os.getloadavg()[0]:.1f} after. {CLIENTS} clients at once;"
        " milliseconds from request to answer.",
        "",
        "| what | requests | per second | median | 95 % | 99 % | cores that the clients took |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *rows,
    ]
    table = "\n".join(lines)
    text = README.read_text()
    head, _, rest = text.partition(START)
    README.write_text(f"{head}{START}\n{table}\n{END}{rest.partition(END)[2]}")
    print(table)


def _with_faces(house: House, photo: Any) -> Any:
    told = house.get(f"/api/v1/photos/{photo['id']}/")
    return told if told["faces_state"] != "pending" else None


if __name__ == "__main__":
    main()
