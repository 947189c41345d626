"""How well a hole in a face is filled: against the truth, and beside fillers that know no faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from editing.command.source import read_photo
from editing.engines.native.fill import face_prior, fill, lay, show
from editing.errors import EditingError
from editing.faces import parts
from editing.faces.align import align
from editing.faces.detect import detect_faces
from editing.faces.topology import LEFT_EYE, LIPS_OUTER
from editing.models import ModelStore

SIDE = 512
FREEFORM = 0.2  # of the face's box is covered by strokes
NOSE = (1, 2, 5, 98, 327)

FloatMap = NDArray[np.float32]
Mask = NDArray[np.bool_]
# kind of hole -> filler -> (PSNR in dB, SSIM, seam) of every face
Scores = dict[str, dict[str, list[tuple[float, float, float]]]]


def measure_holes(
    photos: Sequence[Path], models: ModelStore, tell: Callable[[str], None]
) -> Scores:
    """Return the scores in the holes of each photo's largest face, in a frame of 512 pixels."""
    scores: Scores = {}
    for n, path in enumerate(photos):
        try:
            photo = read_photo(path)
            found = detect_faces(photo, models)
        except EditingError:
            continue
        if not found:
            continue
        frame = align(photo, found[0], models, SIDE)
        truth = cv2.resize(frame.picture(), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        landmarks = frame.landmarks * (SIDE / frame.size)
        for kind, hole in holes(landmarks, np.random.default_rng(n)).items():
            for name, filled in fillers(truth, hole, landmarks, models).items():
                scores.setdefault(kind, {}).setdefault(name, []).append(score(filled, truth, hole))
        tell(f"holes {n + 1}/{len(photos)}")
    return scores


def holes(landmarks: FloatMap, random: np.random.Generator) -> dict[str, Mask]:
    """Return a hole (512, 512) over the mouth, an eye, the nose, and one of free strokes."""
    unit = parts.eye_distance(landmarks)

    def ellipse(points: tuple[int, ...], wide: float, high: float, up: float = 0.0) -> Mask:
        middle = landmarks[list(points), :2].mean(axis=0) - (0, up * unit)
        drawn = np.zeros((SIDE, SIDE), np.uint8)
        axes = (2 * wide * unit, 2 * high * unit)
        cv2.ellipse(drawn, ((float(middle[0]), float(middle[1])), axes, 0.0), 1, -1)
        return drawn > 0

    low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    strokes = np.zeros((SIDE, SIDE), np.uint8)
    (x0, y0), (x1, y1) = low.astype(int), high.astype(int)
    while strokes[y0:y1, x0:x1].mean() < FREEFORM:
        start = random.uniform(low, high)
        end = np.clip(start + random.normal(0, 50, 2), low, high)
        pair = [(int(p[0]), int(p[1])) for p in (start, end)]
        cv2.line(strokes, pair[0], pair[1], 1, int(random.integers(8, 40)))
    return {
        "mouth": ellipse(LIPS_OUTER, 0.61, 0.37),
        "one eye": ellipse(LEFT_EYE, 0.40, 0.26),
        "nose": ellipse(NOSE, 0.40, 0.46, up=0.11),
        "freeform 20 %": strokes > 0,
    }


def fillers(
    truth: FloatMap, hole: Mask, landmarks: FloatMap, models: ModelStore
) -> dict[str, FloatMap]:
    """Return the truth (512, 512, 3) with its hole filled, by who filled it."""
    seen = np.where(hole[..., None], 0, truth).astype(np.float32)
    coded = (seen * 255).round().astype(np.uint8)
    missing = hole.astype(np.uint8)
    nobody = torch.zeros_like(face_prior(models).step)
    mean = show(nobody, seen, hole, landmarks, lay(seen, hole, landmarks, models), models, 0)
    return {
        "ours": fill(seen, hole, landmarks, models, seed=1),
        "Telea": (cv2.inpaint(coded, missing, 5, cv2.INPAINT_TELEA) / 255).astype(np.float32),
        "Navier-Stokes": (cv2.inpaint(coded, missing, 5, cv2.INPAINT_NS) / 255).astype(np.float32),
        "mean face": mean,
    }


def score(filled: FloatMap, truth: FloatMap, hole: Mask) -> tuple[float, float, float]:
    """Return PSNR in dB and SSIM, both in the hole, and the ``seam``."""
    psnr = -10 * np.log10(max(float(((filled - truth)[hole] ** 2).mean()), 1e-9))
    _, ssim = structural_similarity(filled, truth, channel_axis=2, data_range=1.0, full=True)
    return float(psnr), float(ssim.mean(axis=2)[hole].mean()), seam(filled, truth, hole)


def seam(filled: FloatMap, truth: FloatMap, hole: Mask) -> float:
    """Return the jump across the hole's border, pixel to pixel, in jumps of the truth there.

    1 is as smooth as the photo; what is smeared over from the border has less.
    """
    jumps = {"filled": 0.0, "truth": 0.0}
    for axis in (0, 1):
        border = np.diff(hole.astype(np.int8), axis=axis) != 0
        for name, picture in (("filled", filled), ("truth", truth)):
            jumps[name] += float(np.abs(np.diff(picture, axis=axis))[border].sum())
    return jumps["filled"] / max(jumps["truth"], 1e-9)


def summary(scores: Scores) -> dict[str, dict[str, dict[str, float]]]:
    """Return the means by kind and filler: ``psnr`` in dB, ``ssim`` and ``seam``."""
    return {
        kind: {
            name: {
                "psnr": round(float(np.mean([one[0] for one in found])), 2),
                "ssim": round(float(np.mean([one[1] for one in found])), 3),
                "seam": round(float(np.mean([one[2] for one in found])), 2),
                "faces": len(found),
            }
            for name, found in by_name.items()
        }
        for kind, by_name in scores.items()
    }


def to_markdown(scores: Scores) -> str:
    """Return the means as a table."""
    lines = ["", "## Holes, against the truth (PSNR in dB and SSIM in the hole, seam)", ""]
    means = summary(scores)
    names = list(next(iter(means.values()), {}))
    lines.append(f"| hole | {' | '.join(names)} |")
    lines.append("|---" * (len(names) + 1) + "|")
    for kind, by_name in means.items():
        cells = [
            f"{one['psnr']:.2f}, {one['ssim']:.3f}, {one['seam']:.2f}"
            for one in (by_name[name] for name in names)
        ]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
