"""Recipe of ``mesh``: the mean frontal neutral face, its triangles and mirror, of ``london``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

from editing.faces.canonical import RIGID, fit_similarity
from editing.faces.mesh import Points, triangulate, with_rings
from editing.faces.topology import POINTS
from editing.training.card import write_weights
from editing.training.data import samples


def mirror_order(mean: Points) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return (478,): for each point of a centred frontal shape its partner on the other side."""
    flipped = mean * np.array([-1, 1, 1], np.float32)
    distance = np.linalg.norm(mean[:, None] - flipped[None], axis=2)
    face, iris = slice(0, 468), slice(468, POINTS)
    order = np.empty(POINTS, np.int64)
    order[face] = linear_sum_assignment(distance[face, face])[1]
    order[iris] = 468 + linear_sum_assignment(distance[iris, iris])[1]
    return order


def mean_shape(shapes: list[Points]) -> Points:
    """Return the Procrustes mean of (478, 3) shapes, centred and in units of the irises."""
    rigid = list(RIGID)
    mean = shapes[0]
    for _ in range(4):
        laid = [fit_similarity(s[rigid], mean[rigid]).apply(s) for s in shapes]
        mean = np.mean(laid, axis=0)
        mean = mean - (mean[468] + mean[473]) / 2
        mean = (mean / np.linalg.norm(mean[473] - mean[468])).astype(np.float32)
    return mean


def train(out: Path) -> None:
    """Write the weights ``mesh`` and their card into the folder ``out``."""
    neutral = [s for s in samples(["london"]) if s.name.endswith("neutral")]
    shapes = [s.points(1024) for s in neutral]
    mean = mean_shape(shapes)
    # The mean is nearly symmetric already; its mirror image laid upon it makes it wholly so.
    order = mirror_order(mean)
    flipped = mean[order] * np.array([-1, 1, 1], np.float32)
    rigid = list(RIGID)
    laid = fit_similarity(flipped[rigid], mean[rigid]).apply(flipped)
    frontal = (mean + laid) / 2
    # Turn it so that its plane of symmetry is x = 0 exactly.
    shape = (frontal + frontal[order] * np.array([-1, 1, 1], np.float32)) / 2
    shape = shape - (shape[468] + shape[473]) / 2
    shape = (shape / np.linalg.norm(shape[473] - shape[468])).astype(np.float32)
    triangles = triangulate(with_rings(shape))
    write_weights(
        out,
        "mesh",
        {
            "shape": torch.from_numpy(shape),
            "triangles": torch.from_numpy(triangles),
            "mirror": torch.from_numpy(order),
        },
        licence="CC-BY-4.0",
        summary="Mean frontal neutral face of 478 points, its triangulation and its mirror order.",
        training_data=[
            "london (CC BY 4.0, DeBruine & Jones 2017, figshare 5047666 v5), 82 neutral faces"
        ],
        measured={"points": POINTS, "triangles": len(triangles), "people": len(neutral)},
        limits=["Adults only; a child's proportions differ, which the pose takes for pitch."],
    )
