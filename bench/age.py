"""``python -m bench.age OUT [PEOPLE]``: the network on top, the course alone, and a plain blend, side by side.

On people set aside (``MIEN_FACES``), by ``evaluate age``. "course" is ``age_change`` without effect;
"blend" is what Tiddeman et al. (2001) began with: the mean shape and tone of the old less those of the
young, without detail, wrinkles or a reader that sets how far.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save

from editing.engines.native import age as engine
from editing.evaluate.age import evaluate_age
from editing.evaluate.age_table import COLUMNS, headline_edits, summarize_edits
from editing.models import ModelStore
from editing.training.data import samples
from editing.training.frames import SET_ASIDE
from editing.weights import read_card, weights_folder

PEOPLE, SEED = 24, 11
WITHOUT = {"network": {}, "course": {"age_change": None},
           "blend": {"age_change": None, "age": ("bands", "relief")}}  # fmt: skip


def main() -> None:
    """Evaluate each and write one table."""
    out, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else PEOPLE
    out.mkdir(parents=True, exist_ok=True)
    aside = [
        s
        for s in samples(("omi", "london"))
        if s.fold in SET_ASIDE and not s.name.endswith("smiling")
    ]
    drawn = np.random.default_rng(SEED).choice(len(aside), min(count, len(aside)), replace=False)
    paths = [aside[n].path for n in sorted(drawn)]
    lines = [f"| | {' | '.join(title for _, title, _ in COLUMNS)} |"]
    lines.append("| --- " * (len(COLUMNS) + 1) + "|")
    farthest = engine.FARTHEST
    for name, without in WITHOUT.items():
        with tempfile.TemporaryDirectory() as folder:
            models = ModelStore(folder=_weights(Path(folder), without))
            engine.FARTHEST = 0.0 if name == "blend" else farthest
            found, _, _ = evaluate_age(
                paths[0].parent, paths, "native", models, out, lambda _: None
            )
        told = summarize_edits(headline_edits(found))
        cells = ["" if told[key] is None else form.format(told[key]) for key, _, form in COLUMNS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
        (out / "age.md").write_text("\n".join(lines) + "\n")
        print(lines[-1], flush=True)


def _weights(folder: Path, without: dict[str, tuple[str, ...] | None]) -> Path:
    """Return a folder with all weights, some of their tensors 0; None stands for all of them."""
    for path in weights_folder().glob("*.[js]*"):
        shutil.copy(path, folder / path.name)
    for name, parts in without.items():
        tensors = ModelStore().tensors(name)
        changed = {
            key: torch.zeros_like(value) if parts is None or key in parts else value
            for key, value in tensors.items()
        }
        data = save(changed)
        (folder / f"{name}.safetensors").write_bytes(data)
        card = read_card(name).model_copy(update={"sha256": hashlib.sha256(data).hexdigest()})
        (folder / f"{name}.json").write_text(card.model_dump_json())
    return folder


if __name__ == "__main__":
    main()
