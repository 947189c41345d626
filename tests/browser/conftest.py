"""The real page in Debian's Chromium, on a server and a worker of its own.

Run apart from the other tests (``pytest tests/browser``): once the browser of a session is open,
asyncio tests of the same process fail.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
START_SECONDS = 90


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_until_served(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            pytest.fail(f"the server ended with {server.returncode}:\n{log.read_text()[-3000:]}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"no answer within {START_SECONDS} s:\n{log.read_text()[-3000:]}")


@contextmanager
def serve(folder: Path, settings: dict[str, str]) -> Iterator[str]:
    """Run a server with a worker, its data and its log in ``folder``, and give its address."""
    log = folder / "server.log"
    port = _free_port()
    own = {"PORT": str(port), "MIEN_DATA": str(folder / "data")}
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env={**os.environ, **own, **settings},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_served(address + "/", server, log)
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with a worker; MIEN_BROWSER_URL names one that runs already."""
    if given := os.environ.get("MIEN_BROWSER_URL"):
        yield given.rstrip("/")
        return
    with serve(tmp_path_factory.mktemp("mien"), {}) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        yield opened
        opened.close()


def watch(context: BrowserContext, url: str) -> tuple[Page, list[str]]:
    """Open a page of ``context``; return it and the list of what goes wrong in it."""
    page = context.new_page()
    page.set_default_timeout(15_000)
    wrong: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # A refused file is answered by 4xx on purpose, and Chromium logs that; an overtaken edit
        # closes its socket, which may not have been open yet.
        expected = ("Failed to load resource", "WebSocket connection")
        if message.type in ("error", "warning") and not message.text.startswith(expected):
            wrong.append(f"{message.type}: {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((url, url.replace("http", "ws", 1), "data:", "blob:"))
            else wrong.append(f"asked elsewhere: {request.url}")
        ),
    )
    return page, wrong


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """A desktop window; nothing may go wrong in its scripts, nothing be asked elsewhere."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=url)
    opened, wrong = watch(context, url)
    yield opened
    context.close()
    assert wrong == []


@pytest.fixture
def phone(browser: Browser, url: str) -> Iterator[Page]:
    """A page of a phone, 390 px wide, with touch."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, base_url=url
    )
    opened, wrong = watch(context, url)
    yield opened
    context.close()
    assert wrong == []


@pytest.fixture(scope="session")
def pair_jpeg(astronaut_picture: Image.Image) -> bytes:
    """A photo of two faces: the same one twice, the left one larger."""
    head = astronaut_picture.crop((100, 0, 360, 260))
    sheet = Image.new("RGB", (1000, 560), (120, 120, 120))
    sheet.paste(head.resize((520, 520)), (0, 20))
    sheet.paste(head.resize((440, 440)), (540, 60))
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=95)
    return out.getvalue()
