"""``python -m bench.batches``: a batch of many small photos next to a plain loop over the same files.

Both decode, find the face, edit, measure, sign and write; the loop does nothing else. The table goes
into README.md. The loop is compared on ``--sample`` photos, then one batch of ``--photos`` is run.
"""

from __future__ import annotations

import argparse
import datetime
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import skimage
from PIL import Image, ImageEnhance

from tests.services.house import House, family, wait_for

README = Path(__file__).with_name("README.md")
START, END = "<!-- batches: start -->", "<!-- batches: end -->"
PARAMS = {"smile": 0.6}
BROKEN = "folder 3/broken.jpg"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds on the clock and of all processors, and what the machine was doing meanwhile."""

    wall: float
    processor: float
    load: float


def main() -> None:
    """Measure and write the table."""
    if sys.argv[1:2] == ["loop"]:
        loop(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(prog="python -m bench.batches", description=__doc__)
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--dry", action="store_true", help="print the table, leave README.md")
    asked = parser.parse_args()
    sample, rows = dict(photos(asked.sample)), []
    with tempfile.TemporaryDirectory(prefix="mien-batches-") as name:
        folder = Path(name)
        for path, data in sample.items():
            (folder / "in" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "in" / path).write_bytes(data)
        for count in (1, 2):
            plain = measure_loop(folder / "in", count)
            mien, told = measure_batch(folder / f"house-{count}", sample, count)
            rows.append(row(asked.sample, count, plain, mien, told))
            print(rows[-1], flush=True)
        if asked.photos:
            mien, told = measure_batch(folder / "house", dict(photos(asked.photos)), 2)
            rows.append(row(asked.photos, 2, None, mien, told))
    lines = [
        f"{datetime.date.today()}, {os.cpu_count()} cores; photos of 256 to 320 px and one that is cut"
        f" short; `expression` {json.dumps(PARAMS)}. The load is the highest of the machine while it"
        " ran, ours included.",
        "",
        HEADER,
        "| --- " * HEADER.count(" | ") + "| --- |",
        *rows,
    ]
    table = "\n".join(lines)
    print(table)
    if not asked.dry:
        before, _, rest = README.read_text().partition(START)
        after = rest.partition(END)[2]
        README.write_text(f"{before}{START}\n{table}\n{END}{after}")


HEADER = (
    "| photos | processes | loop: ms a photo (CPU ms) | Mien: ms a photo (CPU ms) | Mien / loop (CPU) |"
    " load: loop, Mien | done, failed | peak MiB: web, each worker process |"
)


def row(photos: int, count: int, plain: Run | None, mien: Run, told: dict[str, Any]) -> str:
    """Return one line of the table."""
    each = 1000 / photos
    loop, ratio, load = "", "", f"{mien.load:.1f}"
    if plain is not None:
        loop = f"{plain.wall * each:.0f} ({plain.processor * each:.0f})"
        ratio = f"{mien.wall / plain.wall:.2f} ({mien.processor / plain.processor:.2f})"
        load = f"{plain.load:.1f}, {load}"
    return (
        f"| {photos} | {count} | {loop} | {mien.wall * each:.0f} ({mien.processor * each:.0f}) |"
        f" {ratio} | {load} | {told['done']}, {told['failed']} | {told['web']}, {told['workers']} |"
    )


def photos(count: int) -> Iterator[tuple[str, bytes]]:
    """Yield ``count`` small photos of two people, no two the same, and one that is cut short."""
    random = np.random.default_rng(20261125)
    sample = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    heads = [
        (Image.fromarray(skimage.data.astronaut()), (64, 0)),
        (Image.open(sample).convert("RGB"), (105, 45)),
    ]
    for n in range(count):
        picture, (left, top) = heads[n % 2]
        side = int(random.integers(256, 321))
        x, y = left + int(random.integers(0, 16)), top + int(random.integers(0, 16))
        view = picture.crop((x, y, x + 320, y + 320)).resize((side, side))
        view = ImageEnhance.Brightness(view).enhance(float(random.uniform(0.85, 1.15)))
        data = io.BytesIO()
        view.save(data, "JPEG", quality=92)
        yield f"folder {n % 10}/{n:05d}.jpg", data.getvalue()
        if n == count // 2:
            yield BROKEN, data.getvalue()[: len(data.getvalue()) // 3]


def measure_loop(folder: Path, count: int) -> Run:
    """Return what ``count`` processes need that share the files and do nothing else."""
    command = [sys.executable, "-m", "bench.batches", "loop", str(folder)]
    environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE"}  # as Mien's own workers
    children = [
        subprocess.Popen(
            [*command, str(n), str(count)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(count)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    started = time.perf_counter()
    loads = [os.getloadavg()[0]]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    used = [float(child.stdout.readline()) for child in children if child.stdout is not None]
    wall = time.perf_counter() - started
    loads.append(os.getloadavg()[0])
    for child in children:
        child.communicate()
    return Run(wall, sum(used), max(loads))


def loop(folder: Path, part: int, parts: int) -> None:
    """Edit every ``parts``-th file of a folder, from ``part`` on, once the parent says so."""
    import torch

    from editing.errors import EditingError
    from editing.models import ModelStore
    from editing.photo import decode_photo
    from editing.pipeline import edit_photo
    from editing.provenance import describe_edit, write_provenance
    from editing.request import EditRequest
    from editing.signing import local_signer

    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // parts))
    models, signer = ModelStore(), local_signer(folder.parent / f"signer-{part}")
    request = EditRequest(operation="expression", params=PARAMS, seed=1)
    results = folder.parent / f"loop-{part}-of-{parts}"
    results.mkdir(exist_ok=True)
    files = sorted(folder.rglob("*.jpg"))[part::parts]

    def edit(path: Path) -> None:
        try:
            result = edit_photo(decode_photo(path.read_bytes()), request, models)
        except EditingError:
            return
        marked = write_provenance(result.photo, describe_edit(result.report), signer=signer)
        (results / path.name).write_bytes(marked.data)

    edit(files[0])
    print("ready", flush=True)
    sys.stdin.readline()
    before = time.process_time()
    for path in files:
        edit(path)
    print(time.process_time() - before, flush=True)


def measure_batch(folder: Path, files: dict[str, bytes], count: int) -> tuple[Run, dict[str, Any]]:
    """Return what the embedded default needs from the POST to the end, and what came of it."""
    folder.mkdir()
    house = House(folder, MIEN_WORKERS=str(count), MIEN_LEASE_SECONDS="10")
    try:
        up = house.start("up", "manage.py", "up")
        wait_for("the web server", lambda: house.is_up(up))
        wait_for("warm workers", lambda: house.log("up").count("warm after") >= count, 180)
        web, workers = processes(up.pid)
        before = [processor_seconds(pid) for pid in family(up.pid)]
        batch = post(house, files)
        loads = []
        while True:
            told = house.get(f"/api/v1/batches/{batch['id']}/")
            if told["status"] == "done":
                break
            loads.append(os.getloadavg()[0])
            time.sleep(1)  # each question costs what is measured here
        used = sum(processor_seconds(pid) for pid in family(up.pid)) - sum(before)
        times = (datetime.datetime.fromisoformat(told[at]) for at in ("created", "ended_at"))
        wall = -(next(times) - next(times)).total_seconds()
        check(house, told, files)
        peaks = {"web": peak(web), "workers": ", ".join(str(peak(pid)) for pid in workers)}
        return Run(wall, used, max(loads)), {**told["counts"], **peaks}
    finally:
        house.stop()


def post(house: House, files: dict[str, bytes]) -> Any:
    """Send the files as a ZIP."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return house.batch(packed.getvalue(), params=json.dumps(PARAMS))


def check(house: House, told: dict[str, Any], files: dict[str, bytes]) -> None:
    """Fail unless every file has its result or its error: none is lost and none comes twice."""
    archive = zipfile.ZipFile(io.BytesIO(house.read(told["archive"])))
    results = [name for name in archive.namelist() if not name.startswith("report.")]
    assert sorted(results) == sorted(set(files) - {BROKEN}), "results"
    assert archive.testzip() is None
    rows = json.loads(archive.read("report.json"))
    assert {row["file"] for row in rows} == set(files)
    failed = [(row["file"], row["error"]["code"]) for row in rows if row["error"]]
    assert failed == [(BROKEN, "photo_unreadable")], failed
    assert told["counts"]["done"] == len(files) - 1


def processes(supervisor: int) -> tuple[int, list[int]]:
    """Return the web process and the worker's children, below the supervisor."""
    commands = {
        pid: Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in family(supervisor)
    }
    web = next(pid for pid, words in commands.items() if b"webapp.serve" in words)
    workers = [pid for pid, words in commands.items() if b"worker" in words]
    return web, workers[1:]


def peak(pid: int) -> int:
    """Return the most memory that a process has had, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    main()
