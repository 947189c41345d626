"""``python -m bench.privacy OUT``: every way to hide a face, and ``deface``, beside each other.

On people set aside (``MIEN_FACES``). ``deface`` (PyPI, 1.5.0) is the command in an environment of its
own: ``DEFACE=/path/to/bin/deface``; without it that row is left out.

    python3 -m venv /tmp/deface && /tmp/deface/bin/pip install deface==1.5.0
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from editing.__main__ import main as mien
from editing.errors import EditingError
from editing.models import ModelStore
from editing.photo import decode_photo, encode_photo
from editing.pipeline import edit_photo
from editing.request import EditRequest
from editing.training.data import Sample, samples
from editing.training.frames import SET_ASIDE

PEOPLE, SEED = 60, 7
METHODS = {
    "surrogate": ("deidentify", {"method": "surrogate"}),
    "ksame": ("deidentify", {"method": "ksame"}),
    "blur": ("deidentify", {"method": "blur"}),
    "mosaic": ("deidentify", {"method": "mosaic"}),
    "solid": ("deidentify", {"method": "solid"}),
    "camouflage": ("camouflage", {}),
}
SHOWN = (
    "distance_mean", "beyond_threshold", "rank1", "accepted_at_far", "second_rank1",
    "second_accepted_at_far", "parrot_rank1", "edited_psnr", "reconstruction_psnr",
    "reconstruction_rank1", "still_found", "yaw_error", "sharpness_median", "kernel_distance",
)  # fmt: skip


def main() -> None:
    """Edit, judge and write one table."""
    out = Path(sys.argv[1])
    original = out / "original"
    original.mkdir(parents=True, exist_ok=True)
    aside = [s for s in samples(("omi",)) if s.fold in SET_ASIDE]
    drawn = np.random.default_rng(SEED).choice(len(aside), min(PEOPLE, len(aside)), replace=False)
    chosen = [aside[n] for n in sorted(drawn)]
    for sample in chosen:
        shutil.copy(sample.path, original / sample.path.name)
    models = ModelStore()
    wanted = sys.argv[2:] or [*METHODS, "deface"]
    for name in wanted:
        made = out / name
        made.mkdir(exist_ok=True)
        if name == "deface":
            if "DEFACE" not in os.environ:
                continue
            _deface(os.environ["DEFACE"], original, made)
        else:
            _edit(name, chosen, made, models)
        told = [
            "--original",
            str(original),
            "--edited",
            str(made),
            "--out",
            str(out / f"{name}-told"),
        ]
        mien(["evaluate", "privacy", *told])
        _table(out)


def _edit(name: str, chosen: list[Sample], made: Path, models: ModelStore) -> None:
    operation, params = METHODS[name]
    for n, sample in enumerate(chosen):
        file = made / f"{sample.path.stem}.png"
        if file.is_file():
            continue
        photo = decode_photo(sample.path.read_bytes())
        request = EditRequest(operation=operation, params=params, seed=n)
        try:
            file.write_bytes(encode_photo(edit_photo(photo, request, models).photo, "PNG"))
        except EditingError as error:
            print(f"{name} {sample.path.name}: {error}", flush=True)


def _deface(command: str, original: Path, made: Path) -> None:
    for path in sorted(original.iterdir()):
        told = [command, str(path), "-o", str(made / path.name)]
        subprocess.run(told, check=True, capture_output=True)


def _table(out: Path) -> None:
    lines = [f"| method | {' | '.join(SHOWN)} |", "| --- " * (len(SHOWN) + 1) + "|"]
    for name in (*METHODS, "deface"):
        file = out / f"{name}-told" / "privacy.json"
        if file.is_file():
            found = json.loads(file.read_text())["numbers"]
            cells = ["" if found[key] is None else str(found[key]) for key in SHOWN]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    (out / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
