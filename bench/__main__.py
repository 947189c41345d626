"""``python -m bench``: how long each stage of an expression edit takes, and how much memory."""

from __future__ import annotations

import datetime
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import skimage

SIZES = (512, 1024, 4096)
REPEATS = 5
README = Path(__file__).with_name("README.md")
START, END = "<!-- table: start -->", "<!-- table: end -->"


def main() -> None:
    """Measure every size in a process of its own and write the table."""
    if len(sys.argv) == 2:
        print(measure_size(int(sys.argv[1])))
        return
    rows = [
        subprocess.run(
            [sys.executable, "-m", "bench", str(size)], check=True, capture_output=True, text=True
        ).stdout.strip()
        for size in SIZES
    ]
    header = "| photo | face | " + " | ".join(STAGES) + " | peak memory |"
    rule = "| --- " * (len(STAGES) + 3) + "|"
    load = os.getloadavg()[0]
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f}"
    caption = f"Median of {REPEATS}, milliseconds; {datetime.date.today()}, {machine}."
    table = "\n".join([caption, "", header, rule, *rows])
    before, _, rest = README.read_text().partition(START)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{START}\n{table}\n{END}{after}")
    print(table)


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

    head = np.ascontiguousarray(skimage.data.astronaut()[:320, 64:384])
    picture = cv2.resize(head, (size, size), interpolation=cv2.INTER_CUBIC)
    _, coded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    data = coded.tobytes()
    del picture, coded
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
    return f"| {size} px | {width} px | {cells} | {peak:.0f} MiB |"


if __name__ == "__main__":
    main()
