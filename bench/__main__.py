"""``python -m bench``: how long each stage of an expression edit takes, and how much memory."""

from __future__ import annotations

import datetime
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.picture import head_jpeg

SIZES = (512, 1024, 4096)
REPEATS = 5
README = Path(__file__).with_name("README.md")
START, END = "<!-- table: start -->", "<!-- table: end -->"


def main() -> None:
    """Measure every size in processes of its own and write the tables."""
    if len(sys.argv) == 2:
        print(measure_size(int(sys.argv[1])))
        return
    from bench.web import measure_web

    load = os.getloadavg()[0]
    rows = [
        subprocess.run(
            [sys.executable, "-m", "bench", str(size)], check=True, capture_output=True, text=True
        ).stdout.strip()
        for size in SIZES
    ]
    header = "| photo | face | " + " | ".join(STAGES) + " | align + edit + paste | peak memory |"
    rule = "| --- " * (len(STAGES) + 4) + "|"
    machine = f"{_processor()}, {os.cpu_count()} cores"
    lines = [
        f"{datetime.date.today()}, {machine}, load {load:.1f} before and {os.getloadavg()[0]:.1f}"
        " after. Milliseconds unless they say otherwise.",
        "",
        f"Stages, median of {REPEATS} with models loaded:",
        "",
        header,
        rule,
        *rows,
        "",
        "`python -m editing edit`, from a fresh process to the signed file and the report:",
        "",
        "| photo | seconds | peak memory |",
        "| --- | --- | --- |",
        *(measure_command(size) for size in SIZES),
        "",
        "`manage.py up` on the embedded default, models loaded, from the POST to the event's arrival"
        " at the socket:",
        "",
        *measure_web(SIZES),
    ]
    table = "\n".join(lines)
    before, _, rest = README.read_text().partition(START)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{START}\n{table}\n{END}{after}")
    print(table)


def measure_command(size: int) -> str:
    """Return the row of one edit by the command line, memory of its whole process included."""
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as name:
        folder = Path(name)
        (folder / "head.jpg").write_bytes(head_jpeg(size))
        command = [
            *(sys.executable, "-m", "editing", "edit", "head.jpg", "out.jpg"),
            *("--operation", "expression", "--set", "smile=-1", "--report", "report.json"),
        ]
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"MIEN_DATA": name, "PYTHONPATH": str(README.parents[1])},
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"the edit ended with status {process.returncode}")
    return f"| {size} px | {seconds:.1f} | {used.ru_maxrss / 1024:.0f} MiB |"


def _processor() -> str:
    """Return what the processor calls itself, or its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


STAGES = ("decode", "detect", "landmarks", "align", "edit", "paste", "measure", "encode")


def measure_size(size: int) -> str:
    """Return the row of a square photo of the astronaut, ``size`` pixels wide."""
    from editing.engines import choose_engine
    from editing.faces.align import align
    from editing.faces.detect import detect_faces
    from editing.faces.landmarks import find_landmarks
    from editing.faces.paste import paste, photo_mask
    from editing.measure import measure
    from editing.models import ModelStore
    from editing.operations import find_operation
    from editing.photo import decode_photo, encode_photo
    from editing.progress import silent

    data = head_jpeg(size)
    models, operation = ModelStore(), find_operation("expression")
    params = operation.params.model_validate({"smile": -1.0, "brow_raise": 0.5})
    engine = choose_engine(operation, "auto", models)

    times: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        value = work()  # the first call loads what it needs
        seconds = []
        for _ in range(REPEATS):
            started = time.perf_counter()
            value = work()
            seconds.append(time.perf_counter() - started)
        times[stage] = float(np.median(seconds)) * 1000
        return value

    photo = timed("decode", lambda: decode_photo(data))
    face = timed("detect", lambda: detect_faces(photo, models))[0]
    box = tuple(float(side) for side in face.box)
    timed("landmarks", lambda: find_landmarks(photo.pixels, box, models))
    frame = timed("align", lambda: align(photo, face, models))
    edit = timed("edit", lambda: engine.run(operation, frame, params, 0, models, silent))
    after = timed("paste", lambda: paste(photo, frame, edit))
    region = photo_mask(photo, frame, edit)
    timed("measure", lambda: measure(photo, after, face, region, operation, models))
    timed("encode", lambda: encode_photo(after))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cells = " | ".join(f"{times[stage]:.0f}" for stage in STAGES)
    width = face.box[2] - face.box[0]
    own = sum(times[stage] for stage in ("align", "edit", "paste"))
    return f"| {size} px | {width} px | {cells} | {own:.0f} | {peak:.0f} MiB |"


if __name__ == "__main__":
    main()
