"""``python -m bench.iopaint IOPAINT``: IOPaint's server beside ours, filling the same hole.

``IOPAINT`` is its command, installed from PyPI in an environment of its own (``bench/README.md``); its
model ``cv2`` needs no download. The mouth of the astronaut is cut out of a photo of 1024 px, and both
are asked over HTTP, one request after the other.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio

from bench.batches import peak
from bench.picture import head_jpeg
from tests.services.house import House, family, free_port, wait_for

SIDE, REPEATS = 1024, 9
MOUTH = (430, 436, 590, 512)  # of the picture: left, top, right, bottom


def main() -> None:
    """Print the table."""
    whole = np.asarray(Image.open(io.BytesIO(head_jpeg(SIDE))))
    hole = np.zeros((SIDE, SIDE), np.uint8)
    hole[MOUTH[1] : MOUTH[3], MOUTH[0] : MOUTH[2]] = 255
    damaged = np.where(hole[..., None] > 0, np.uint8(255), whole)
    print(f"load {os.getloadavg()[0]:.1f}; {SIDE} px, median of {REPEATS}\n")
    print("| server | seconds a request | PSNR in the hole, dB | peak MiB, summed over processes |")
    print("| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="mien-iopaint-") as folder:
        with iopaint(sys.argv[1], png(damaged), png(hole)) as (ask, pid):
            print(row("IOPaint, `cv2`", ask, pid, whole, hole > 0), flush=True)
        house = House(Path(folder))
        up = house.start("up", "manage.py", "up")
        try:
            wait_for("the web server", lambda: house.is_up(up))
            for name, ask in of_mien(house, png(damaged), png(hole)):
                print(row(name, ask, up.pid, whole, hole > 0), flush=True)
        finally:
            house.stop()


Ask = Callable[[], bytes]


def row(name: str, ask: Ask, server: int, whole: NDArray[np.uint8], hole: NDArray[np.bool_]) -> str:
    """Return one line; ``server`` is the process of which all others descend.

    The first requests, which load what is needed, do not count.
    """
    times = []
    for turn in range(REPEATS + 2):
        started = time.perf_counter()
        answer = ask()
        if turn >= 2:
            times.append(time.perf_counter() - started)
    filled = np.asarray(Image.open(io.BytesIO(answer)).convert("RGB"))
    quality = peak_signal_noise_ratio(whole[hole], filled[hole])
    memory = sum(peak(pid) for pid in family(server))
    return f"| {name} | {statistics.median(times):.2f} | {quality:.1f} | {memory} |"


@contextlib.contextmanager
def iopaint(command: str, photo: bytes, mask: bytes) -> Iterator[tuple[Ask, int]]:
    """Run IOPaint's server; yield what asks it, and its process."""
    port = free_port()
    server = subprocess.Popen(
        [command, "start", "--model", "cv2", "--device", "cpu", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}/api/v1"

    def is_up() -> bool:
        try:
            return urllib.request.urlopen(f"{address}/server-config").status == 200  # type: ignore[no-any-return]
        except OSError:
            return False

    packed = {"image": base64.b64encode(photo).decode(), "mask": base64.b64encode(mask).decode()}
    body = json.dumps(packed).encode()

    def ask() -> bytes:
        kind = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{address}/inpaint", body, kind)
        return urllib.request.urlopen(request).read()  # type: ignore[no-any-return]

    try:
        wait_for("IOPaint", is_up, 120)
        yield ask, server.pid
    finally:
        server.terminate()
        server.wait(20)


def of_mien(house: House, photo: bytes, mask: bytes) -> list[tuple[str, Ask]]:
    """Return what asks ours: a photo that is new each time, and one that is there."""
    random = np.random.default_rng(1)
    pixels = np.array(Image.open(io.BytesIO(photo)))

    def fresh() -> bytes:
        pixels[0, 0] = random.integers(0, 256, 3)  # a photo that is known is not looked at again
        return fill(house.upload(png(pixels))["id"])

    there = house.upload(photo)["id"]

    def fill(id: str) -> bytes:
        edit = house.send_form(
            "/api/v1/edits/",
            {"mask": ("mask.png", mask)},
            photo=id,
            operation="inpaint",
            params=json.dumps({"region": "mask", "attribute": "restore"}),
        )
        last = house.follow(edit)[-1]
        assert last["kind"] == "done", last
        return house.read(f"/api/v1/edits/{edit['id']}/result/")

    return [("Mien, a new photo", fresh), ("Mien, a photo that is there", lambda: fill(there))]


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Return the picture's file."""
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG", compress_level=1)
    return data.getvalue()


if __name__ == "__main__":
    main()
