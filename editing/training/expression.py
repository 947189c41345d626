"""Recipe of ``expression``: the smile, from the 82 people of ``london``, neutral and smiling."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from editing.faces.canonical import CanonicalFace, canonical_face, fit_face
from editing.faces.mesh import triangle_map, with_rings
from editing.faces.topology import FACE_OVAL, POINTS
from editing.models import ModelStore
from editing.training.card import write_weights
from editing.training.data import Sample, samples

SIZE = 320  # side of the gain and bias maps
UNIT = 92.0  # their pixels to the distance between the irises
MIDDLE = (0.5, 0.36)  # where the irises' middle lies in them
COMPONENTS, SHAPE_RIDGE = 20, 1.0
TONE_RIDGE, TONE_SIGMA = 0.003, 1.5
SET_ASIDE = (0, 1)

Points = NDArray[np.float32]
Picture = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pair:
    """One person twice, in canonical shape: neutral and smiling points."""

    neutral: Sample
    smiling: Sample
    shape: Points
    smile: Points


def pairs(canonical: CanonicalFace) -> list[Pair]:
    """Return every person of ``london`` who is there both neutral and smiling."""
    named = {sample.name: sample for sample in samples(["london"])}
    found = []
    for name, neutral in named.items():
        smiling = named.get(name.replace("_neutral", "_smiling"))
        if not name.endswith("_neutral") or smiling is None:
            continue
        shapes = [
            fit_face(canonical, sample.points(1024)).invert(sample.points(1024))
            for sample in (neutral, smiling)
        ]
        found.append(Pair(neutral, smiling, *shapes))
    return found


def fit_shape(learn: list[Pair]) -> dict[str, NDArray[np.float32]]:
    """Return the ridge from principal components of the neutral shape to the smile's movement."""
    shapes = np.stack([p.shape.ravel() for p in learn]).astype(np.float64)
    moves = np.stack([(p.smile - p.shape).ravel() for p in learn]).astype(np.float64)
    mean_shape, mean_move = shapes.mean(axis=0), moves.mean(axis=0)
    _, singular, basis = np.linalg.svd(shapes - mean_shape, full_matrices=False)
    basis = basis[:COMPONENTS]
    code = (shapes - mean_shape) @ basis.T
    penalty = SHAPE_RIDGE * float((singular[:COMPONENTS] ** 2).mean())
    weights = np.linalg.solve(
        code.T @ code + penalty * np.eye(COMPONENTS), code.T @ (moves - mean_move)
    )
    fitted = {"mean_shape": mean_shape, "basis": basis, "mean_move": mean_move, "weights": weights}
    return {key: value.astype(np.float32) for key, value in fitted.items()}


def fit_tones(learn: list[Pair], points: Points, canonical: CanonicalFace) -> dict[str, Picture]:
    """Return gain and bias per pixel: ridge towards gain 1 and bias 0, over a small window."""
    sums = {key: np.zeros((SIZE, SIZE, 3), np.float64) for key in ("x", "y", "xx", "xy")}
    inside = oval(points)
    for pair in learn:
        x = texture(pair.neutral, points, canonical)
        y = texture(pair.smiling, points, canonical)
        level = x[inside].mean()
        x, y = x / level, y / level
        for key, value in (("x", x), ("y", y), ("xx", x * x), ("xy", x * y)):
            sums[key] += value / len(learn)
    mean = {key: cv2.GaussianBlur(value, (0, 0), TONE_SIGMA) for key, value in sums.items()}
    a, b, d = mean["xx"] + TONE_RIDGE, mean["x"], 1 + TONE_RIDGE
    right, below = mean["xy"] + TONE_RIDGE, mean["y"]
    determinant = a * d - b * b
    gain, bias = (right * d - b * below) / determinant, (a * below - b * right) / determinant
    hull = cv2.erode(inside.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(np.float32)
    fade = cv2.GaussianBlur(hull, (0, 0), 5)[..., None]
    return {
        "gain": (1 + (gain - 1) * fade).astype(np.float32),
        "bias": (bias * fade).astype(np.float32),
    }


def texture(sample: Sample, points: Points, canonical: CanonicalFace) -> Picture:
    """Return the sample's picture in the shape ``points``, float32 (SIZE, SIZE, 3) in [0, 1]."""
    source, destination = with_rings(sample.points(512)), with_rings(points)
    destination[POINTS:, 2] += 1e5
    dense, _ = triangle_map(source, destination, canonical.triangles, (SIZE, SIZE))
    warped = cv2.remap(
        sample.read(512), dense, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    return warped.astype(np.float32) / 255


def oval(points: Points) -> NDArray[np.bool_]:
    """Return bool (SIZE, SIZE): inside the outline of the face."""
    mask = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(mask, [np.round(points[list(FACE_OVAL), :2]).astype(np.int32)], 1)
    return mask > 0


def on_map(shape: Points) -> Points:
    """Return a canonical shape in pixels of the gain and bias maps."""
    shift = np.array([MIDDLE[0] * SIZE, MIDDLE[1] * SIZE, 0], np.float32)
    return (shape * UNIT + shift).astype(np.float32)


def fit(learn: list[Pair], canonical: CanonicalFace) -> dict[str, torch.Tensor]:
    """Return the tensors of the weights ``expression``, learned from the given pairs."""
    points = on_map(np.mean([p.smile for p in learn], axis=0).astype(np.float32))
    fitted = {**fit_shape(learn), "points": points, **fit_tones(learn, points, canonical)}
    return {key: torch.from_numpy(value).half() for key, value in fitted.items()}


def train(out: Path) -> None:
    """Write the weights ``expression`` and their card into the folder ``out``."""
    canonical = canonical_face(ModelStore(folder=out))
    learn = [p for p in pairs(canonical) if p.neutral.fold not in SET_ASIDE]
    write_weights(
        out,
        "expression",
        fit(learn, canonical),
        licence="CC-BY-4.0",
        summary="A smile: ridge regression of the shape, one gain and one bias per pixel (PixFES).",
        training_data=["london (CC BY 4.0, DeBruine & Jones 2017, figshare 5047666 v5)"],
        measured={"people_learned_from": len(learn)},
        limits=[
            "Learned from adults in even studio light.",
            "Teeth are drawn, not the person's own, where the photo shows none.",
        ],
    )
