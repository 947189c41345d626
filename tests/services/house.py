"""Real processes: web, worker and sweep, on a data folder and a port of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(what: str, true: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Return what ``true`` returns once it is not empty; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := true():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


class House:
    """The processes of one installation. ``stop`` ends all that it started."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.trace = folder / "trace"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MIEN_")},
            "MIEN_DATA": str(folder / "data"),
            "PORT": str(self.port),
            "TRACE": str(self.trace),
            "MIEN_LEASE_SECONDS": "3",
            "MIEN_LOG_LEVEL": "WARNING",
            **environment,
        }
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def migrate(self) -> None:
        assert self.start("migrate", "manage.py", "migrate").wait(120) == 0, self.log("migrate")

    def start_web(self) -> subprocess.Popen[bytes]:
        web = self.start("web", "-m", "webapp.serve")
        wait_for("the web server", lambda: self.is_up(web))
        return web

    def start_worker(self, processes: int = 1) -> subprocess.Popen[bytes]:
        return self.start(
            "worker", "-m", "celery", "--app", "tests.services.slow_worker", "worker", "--pool", "prefork",
            "--concurrency", str(processes), "--queues", "interactive,batch", "--without-gossip",
            "--without-mingle", "--without-heartbeat",
        )  # fmt: skip

    def start_sweep(self) -> subprocess.Popen[bytes]:
        return self.start("sweep", "manage.py", "sweep")

    def is_up(self, process: subprocess.Popen[bytes]) -> bool:
        assert process.poll() is None, "".join(self.log(name) for name in ("web", "up"))
        try:
            return self.get("/health/") == {"status": "ok"}
        except OSError:
            return False

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text()[-4000:] if path.exists() else ""

    def steps(self) -> list[tuple[int, int]]:
        """Return (process, step) of every step that a worker began."""
        if not self.trace.exists():
            return []
        return [tuple(map(int, line.split())) for line in self.trace.read_text().splitlines()]  # type: ignore[misc]

    def stop(self) -> None:
        for process in self.started:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in self.started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def read(
        self, path: str, data: bytes | None = None, method: str | None = None, **headers: str
    ) -> bytes:
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=40) as answer:
            return answer.read()  # type: ignore[no-any-return]

    def get(self, path: str) -> Any:
        return json.loads(self.read(path))

    def post(self, path: str, body: Any = None) -> Any:
        data = json.dumps(body or {}).encode()
        return json.loads(self.read(path, data, "POST", **{"Content-Type": "application/json"}))

    def send_form(self, path: str, files: dict[str, tuple[str, bytes]], **fields: str) -> Any:
        """Post a form with files as (file name, bytes)."""
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        for name, (file, data) in files.items():
            head = (
                f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"'
            )
            parts += [f"{head}\r\n\r\n".encode(), data, b"\r\n"]
        body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return json.loads(self.read(path, body, "POST", **kind))

    def upload(self, data: bytes) -> Any:
        return self.send_form("/api/v1/photos/", {"file": ("me.jpg", data)})

    def batch(self, archive: bytes, **asked: str) -> Any:
        asked = {"operation": "expression", "params": '{"smile": 0.5}', **asked}
        return self.send_form("/api/v1/batches/", {"archive": ("photos.zip", archive)}, **asked)

    def edit(self, photo: Any, **asked: Any) -> Any:
        body = {"photo": photo["id"], "operation": "expression", "params": {"smile": 0.5}, **asked}
        return self.post("/api/v1/edits/", body)

    @contextlib.contextmanager
    def socket(
        self, edit: Any, since: int = 0, what: str = "edits", **options: Any
    ) -> Iterator[ClientConnection]:
        address = f"ws://127.0.0.1:{self.port}/ws/{what}/{edit['id']}/?since={since}"
        with connect(address, open_timeout=20, **options) as opened:
            yield opened

    def follow(
        self,
        edit: Any,
        since: int = 0,
        until: str = "done",
        seconds: float = PATIENCE,
        what: str = "edits",
    ) -> list[Any]:
        """Return the events of an edit or batch over its socket, up to the kind ``until``."""
        events: list[Any] = []
        with self.socket(edit, since, what) as opened:
            while not events or events[-1]["kind"] not in (until, "done", "failed", "cancelled"):
                try:
                    events.append(json.loads(opened.recv(timeout=seconds)))
                except TimeoutError:
                    logs = "".join(self.log(name) for name in ("worker", "sweep", "web", "up"))
                    raise AssertionError(
                        f"nothing for {seconds} s after {events}\n{logs}"
                    ) from None
        return events


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that has ended and waits to be asked after does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = [pid]
    # Children of other threads are listed at those.
    for task in Path(f"/proc/{pid}/task").glob("*/children") if children.exists() else ():
        with contextlib.suppress(FileNotFoundError):  # a thread that has just ended
            for child in task.read_text().split():
                found += family(int(child))
    return found
