"""The embedded default in one command: web, worker and sweep, started, watched and stopped."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep

from django.conf import settings
from django.db import DatabaseError

from webapp.accounts.local import is_loopback
from webapp.edits.models import Edit, Status
from workers.devices import process_count
from workers.lifeline import die_with
from workers.sweep import sweep_until
from workers.webhooks import deliver_until

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.1
STOP_SECONDS = 8.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
LIVED_WELL_SECONDS = 20.0


class PortTaken(Exception):
    """The address cannot be listened on; says why."""


def open_port(host: str, port: int) -> socket.socket:
    """Return a listening socket, so that a taken port is known before anything is started.

    Raises:
        PortTaken: it is in use, not allowed, or no address of this machine.
    """
    try:
        family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[
            0
        ]
        listening = socket.socket(family, kind, number)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PortTaken(
            f"cannot listen on {host} port {port}: {reason}; set PORT to another one"
        ) from error
    return listening


@dataclass(slots=True)
class Child:
    """One process that shall live. Killing its group takes its own children with it."""

    name: str
    command: Sequence[str]
    passed: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    start_at: float = field(default=0.0)

    def start(self) -> None:
        parent = os.getpid()
        self.started = monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            pass_fds=self.passed,
            start_new_session=True,
            preexec_fn=lambda: die_with(parent),
        )

    def look(self) -> None:
        """Start the process again if it has ended: at once, then after ever longer pauses."""
        if self.process is not None and self.process.poll() is not None:
            now = monotonic()
            lived = now - self.started
            self.pause = FIRST_PAUSE_SECONDS if lived > LIVED_WELL_SECONDS else self.pause * 2
            self.pause = min(self.pause, LONGEST_PAUSE_SECONDS)
            log.error("%s ended with %s; starting it again", self.name, self.process.returncode)
            self.kill()
            self.process = None
            self.start_at = now + (0 if lived > LIVED_WELL_SECONDS else self.pause)
        if self.process is None and monotonic() >= self.start_at:
            self.start()

    def lives(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask_to_end(self) -> None:
        """Tell the process only: a worker's own children are ended by it."""
        if self.process is not None:
            self.process.terminate()

    def kill(self) -> None:
        """Kill the process and all of its own, and wait until it has ended."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Supervisor:
    """Runs until ``stop``."""

    def __init__(self, listening: socket.socket) -> None:
        self.address = address_of(listening)
        self.over = threading.Event()
        self.listening = listening
        descriptor = listening.fileno()
        self.children = [
            Child(
                "web",
                [sys.executable, "-m", "webapp.serve", "--fd", str(descriptor)],
                (descriptor,),
            ),
            Child("worker", worker_command()),
        ]

    def stop(self) -> None:
        self.over.set()

    def run(self, announce: Callable[[str], None]) -> None:
        """Start everything, say the address once it answers, and stay until ``stop`` is called."""
        sweeper = threading.Thread(target=sweep_until, args=(self.over,), name="sweep", daemon=True)
        try:
            for child in self.children:
                child.start()
            sweeper.start()
            threading.Thread(target=deliver_until, args=(self.over,), daemon=True).start()
            threading.Thread(target=self._announce, args=(announce,), daemon=True).start()
            while not self.over.wait(LOOK_EVERY_SECONDS):
                for child in self.children:
                    child.look()
        finally:
            self.over.set()
            self._end()

    def _end(self) -> None:
        """Ask all to end, let a running edit finish if it is quick, and kill what is left."""
        for child in self.children:
            child.ask_to_end()
        deadline = monotonic() + STOP_SECONDS
        web, worker = self.children
        while monotonic() < deadline and (web.lives() or (worker.lives() and edits_run())):
            sleep(LOOK_EVERY_SECONDS)
        # An idle worker takes seconds to clear up behind itself; there is nothing to wait for.
        for child in self.children:
            child.kill()

    def _announce(self, announce: Callable[[str], None]) -> None:
        while not self.over.wait(LOOK_EVERY_SECONDS):
            try:
                request = urllib.request.Request(f"{self.address}health/")
                with urllib.request.urlopen(request, timeout=5) as answer:
                    if answer.status == 200:
                        announce(self.address)
                        return
            except OSError:
                continue


def edits_run() -> bool:
    """Return whether a worker is in the middle of an edit."""
    try:
        return Edit.objects.filter(status=Status.RUNNING).exists()
    except DatabaseError:
        return False


def worker_command() -> list[str]:
    """Return how a worker is started: its processes each keep the models of their device."""
    return [
        sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "--app", "webapp",
        "--quiet", "worker",
        "--pool", "prefork", "--concurrency", str(process_count()), "--queues", ",".join(settings.QUEUES),
        "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING",
    ]  # fmt: skip


def address_of(listening: socket.socket) -> str:
    """Return the address to type, for a socket that listens on one or on all addresses."""
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1"
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/"


def is_open_to_others(listening: socket.socket) -> bool:
    """Return whether other machines can reach the socket."""
    return not is_loopback(listening.getsockname()[0])
