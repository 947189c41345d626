"""``python -m bench.camouflage OUT``: whether recognisers that took no part still know a person.

On people set aside (``MIEN_FACES``). The threshold of each recogniser is where it accepts one in a
thousand of the pairs of different people among the originals.
"""

from __future__ import annotations

import json
import sys
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np

from bench.recognisers import Judges
from editing.faces.detect import detect_faces
from editing.measure.head import read_head
from editing.models import ModelStore
from editing.photo import decode_photo
from editing.pipeline import edit_photo
from editing.request import EditRequest
from editing.training.data import samples
from editing.training.frames import SET_ASIDE

PEOPLE, SEED = 60, 5
LARGEST = 1024


def main() -> None:
    """Edit, judge, and write a table and the pictures."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    models, judges = ModelStore(), Judges(Path("var/training"))
    aside = [s for s in samples(("omi", "london")) if s.fold in SET_ASIDE]
    chosen = np.random.default_rng(SEED).choice(len(aside), min(PEOPLE, len(aside)), replace=False)
    known: list[dict[str, np.ndarray]] = []
    rows, who = [], []
    for n, sample in enumerate(aside):
        photo = decode_photo(sample.path.read_bytes())
        faces = detect_faces(photo, models)
        if not faces:
            continue
        face = faces[0]
        head = read_head(photo.pixels, face.landmarks, models)
        before = judges.read(photo, face, models) | {"dlib": head.descriptor}
        known.append(before)
        who.append(sample.person)
        if n not in chosen:
            continue
        request = EditRequest(operation="camouflage", params={}, seed=n)
        result = edit_photo(photo, request, models, faces=faces)
        measures, again = result.report.faces[0].measures, detect_faces(result.photo, models)
        row = {"name": sample.path.stem, "found": bool(again), "seconds": result.report.seconds}
        row |= {
            name: measures[name]
            for name in ("appearance_ssim", "sharpness_ratio", "yaw_before", "yaw_after")
        }
        row["dlib"] = measures["identity_distance"]
        seen = again[0] if again else face
        row |= {
            name: float(1 - value @ before[name])
            for name, value in judges.read(result.photo, seen, models).items()
        }
        rows.append(row)
        pair = np.concatenate([photo.pixels, result.photo.pixels], axis=1)
        small = cv2.resize(pair, (LARGEST, LARGEST // 2), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(out / f"{sample.path.stem}.png"), small[..., ::-1])
        print(json.dumps(row), flush=True)
    _tell(rows, known, who, out)


def _tell(rows: list[dict], known: list[dict[str, np.ndarray]], who: list[str], out: Path) -> None:
    lines = ["| recogniser | threshold | same person accepted |", "| --- | --- | --- |"]
    for name in ("dlib", "faceres", "memento"):
        between = [
            float(np.linalg.norm(a[name] - b[name]) if name == "dlib" else 1 - a[name] @ b[name])
            for (a, p), (b, q) in combinations(zip(known, who, strict=True), 2)
            if p != q
        ]
        threshold = float(np.quantile(between, 1e-3))
        accepted = np.mean([row[name] < threshold for row in rows])
        made = " (made with)" if name == "dlib" else ""
        lines.append(f"| {name}{made} | {threshold:.3f} | {accepted:.0%} |")
    alike = np.array([row["appearance_ssim"] for row in rows])
    sharp = np.array([row["sharpness_ratio"] for row in rows])
    turned = np.mean([abs(row["yaw_after"] - row["yaw_before"]) for row in rows])
    lines += [
        "",
        f"{len(rows)} people: appearance SSIM {alike.mean():.3f}, at most 0.78 for"
        f" {np.mean(alike <= 0.78):.0%}; sharpness {np.median(sharp):.2f}, {sharp.min():.2f} to"
        f" {sharp.max():.2f}; a face found in {np.mean([row['found'] for row in rows]):.0%}; yaw moved"
        f" by {turned:.1f} degrees; {np.median([row['seconds'] for row in rows]):.1f} s.",
    ]
    (out / "camouflage.md").write_text("\n".join(lines) + "\n")
    (out / "camouflage.json").write_text(json.dumps(rows, indent=1))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
