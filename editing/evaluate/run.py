"""Running an operation over a folder of photos: a table of its measures and a contact sheet."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.errors import EditingError, RequestInvalid
from editing.evaluate.smile_pairs import compare_with_smile, find_pairs, summarize
from editing.faces.detect import detect_faces
from editing.faces.face import Face
from editing.models import ModelStore
from editing.operations.base import Operation
from editing.photo import Photo, decode_photo
from editing.pipeline import edit_photo
from editing.request import EditRequest

# The settings that each operation is tried with.
GRIDS: dict[str, list[dict[str, Any]]] = {
    "expression": [
        {"smile": 1.0},
        {"smile": 0.5},
        {"smile": -1.0},
        {"mouth_open": 0.6},
        {"brow_raise": 1.0},
        {"brow_furrow": 1.0},
        {"pucker": 1.0},
        {"eyes_open": -1.0},
    ]
}
EngineName = Literal["auto", "native", "diffusion"]
PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".tif", ".tiff"}
CELL = 160
SHOWN = 24


def evaluate_folder(
    operation: Operation,
    folder: Path,
    out: Path,
    engine: EngineName = "auto",
    limit: int | None = None,
) -> str:
    """Edit the photos of ``folder`` with every setting; write the tables and the contact sheet.

    Writes ``table.json``, ``table.md`` and ``contact_sheet.jpg`` into ``out``. A photo that fails
    is named with its code and does not stop the others. ``limit`` takes only so many photos.

    Returns:
        The table as Markdown.

    Raises:
        RequestInvalid: there is no photo in the folder.
    """
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in PICTURES)[:limit]
    if not paths:
        raise RequestInvalid(f"there is no photo in {folder}")
    models, grid = ModelStore(), GRIDS[operation.name]
    readings: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    failures, rows = [], []
    for path in paths:
        try:
            photo = decode_photo(path.read_bytes())
            faces = detect_faces(photo, models)
            cells = [_cell(photo, faces)] if faces else []
            for params in grid:
                request = EditRequest(
                    operation=operation.name, params=params, engine=engine, seed=0
                )
                result = edit_photo(photo, request, models, faces=faces)
                cells.append(_cell(result.photo, faces))
                taken = readings[_label(params)]
                taken["seconds"].append(result.report.seconds)
                for measures in (face.measures for face in result.report.faces):
                    for name, value in _flat(measures).items():
                        taken[name].append(value)
        except EditingError as error:
            failures.append({"photo": path.name, "code": error.code, "message": str(error)})
            continue
        if len(rows) < SHOWN:
            rows.append(np.hstack(cells))
    table: dict[str, Any] = {
        "operation": operation.name,
        "photos": len(paths),
        "failures": failures,
        "settings": {label: _summary(taken) for label, taken in readings.items()},
    }
    if operation.name == "expression":
        table["smile_pairs"] = _smile_pairs(folder, models)
    markdown = _markdown(table)
    (out / "table.json").write_text(json.dumps(table, indent=2) + "\n")
    (out / "table.md").write_text(markdown)
    if rows:
        sheet = cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(out / "contact_sheet.jpg"), sheet, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return markdown


def _smile_pairs(folder: Path, models: ModelStore) -> dict[str, Any] | None:
    """Return how much closer ``smile=1`` comes to the real smile, in dB, where there are pairs."""
    gains, neutral, edited = [], [], []
    for pair in find_pairs(folder):
        before, real = (decode_photo(p.read_bytes()) for p in (pair.neutral, pair.smiling))
        faces, smiles = detect_faces(before, models), detect_faces(real, models)
        if not faces or not smiles:
            continue
        request = EditRequest(operation="expression", params={"smile": 1.0}, seed=0)
        after = edit_photo(before, request, models, faces=faces).photo
        compared = compare_with_smile(
            before.pixels, after.pixels, real.pixels, faces[0].landmarks, smiles[0].landmarks
        )
        gains.append(compared.gain)
        neutral.append(compared.neutral_psnr)
        edited.append(compared.edited_psnr)
    if not gains:
        return None
    interval = summarize(gains)
    return {
        "people": len(gains),
        "neutral_psnr": float(np.mean(neutral)),
        "edited_psnr": float(np.mean(edited)),
        "gain": float(np.mean(gains)),
        "gain_interval": [interval.low, interval.high],
    }


def _flat(measures: dict[str, Any]) -> dict[str, float]:
    """Return the measures that were taken, those of several units by ``name.unit``."""
    flat: dict[str, float] = {}
    for name, value in measures.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{unit}": amount for unit, amount in value.items()}
        elif value is not None:
            flat[name] = value
    return flat


def _label(params: dict[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in params.items())


def _summary(taken: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    return {
        name: {
            "mean": float(np.mean(values)),
            "median": float(np.median(values)),
            "least": float(np.min(values)),
            "most": float(np.max(values)),
            "count": len(values),
        }
        for name, values in taken.items()
    }


def _markdown(table: dict[str, Any]) -> str:
    lines = [f"# {table['operation']} over {table['photos']} photos", ""]
    for label, summary in table["settings"].items():
        lines += [f"## {label}", "", "| measure | mean | median | least | most |", "| --- | --- | --- | --- | --- |"]  # noqa: E501  # fmt: skip
        lines += [
            f"| {name} | {v['mean']:.3f} | {v['median']:.3f} | {v['least']:.3f} | {v['most']:.3f} |"
            for name, v in summary.items()
        ]
        lines.append("")
    pairs = table.get("smile_pairs")
    if pairs:
        low, high = pairs["gain_interval"]
        lines += [
            f"`smile=1` against the real smile of {pairs['people']} people: "
            f"{pairs['neutral_psnr']:.2f} dB before, {pairs['edited_psnr']:.2f} dB after, "
            f"{pairs['gain']:+.2f} dB (95 % interval {low:+.2f} to {high:+.2f}).",
            "",
        ]
    if table["failures"]:
        lines += ["Failed:", ""]
        lines += [f"- {f['photo']}: {f['code']}: {f['message']}" for f in table["failures"]]
    return "\n".join(lines) + "\n"


def _cell(photo: Photo, faces: list[Face]) -> NDArray[np.uint8]:
    """Return the largest face with some room around it, uint8 (CELL, CELL, 3)."""
    x0, y0, x1, y1 = faces[0].box
    side = round(1.5 * max(x1 - x0, y1 - y0))
    left, top = (x0 + x1 - side) // 2, (y0 + y1 - side) // 2
    part = photo.pixels[max(0, top) : top + side, max(0, left) : left + side]
    return cv2.resize(part, (CELL, CELL), interpolation=cv2.INTER_AREA).astype(np.uint8)
