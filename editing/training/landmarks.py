"""Recipe of ``landmarks``: the 478-point network, from the labelled faces.

    python -m editing.training landmarks --minutes 75

Pictures are turned in 3D by their own labels first; then every step crops, turns, blurs, lights,
hides and compresses at random. Fold 0 (a tenth of the people) is never seen.
"""

from __future__ import annotations

import math
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from editing.faces.crop import MARGIN, crop_matrix, to_crop
from editing.faces.mesh import rotation, triangle_map, triangulate, with_rings
from editing.faces.topology import LEFT_EYE, LIPS_INNER, LIPS_OUTER, POINTS, RIGHT_EYE
from editing.networks.landmarks import CROP, LandmarkNet
from editing.training.card import write_weights
from editing.training.data import Sample, samples
from editing.training.mesh import mirror_order

CANVAS = 256
VIEWS = 5
BATCH = 64

Picture = NDArray[np.uint8]
Points = NDArray[np.float32]


def turned(picture: Picture, points: Points, angles: tuple[float, float], triangles: NDArray[np.int32]) -> tuple[Picture, Points]:  # fmt: skip
    """Return picture and points with the head turned by (yaw, pitch) degrees about its middle."""
    middle = points[[234, 454]].mean(axis=0)
    moved = (points - middle) @ rotation(angles[0], angles[1], 0).T + middle
    source, destination = with_rings(points), with_rings(moved.astype(np.float32))
    # The rings follow less and less, so that hair moves along and the background stays.
    follow = np.repeat(np.array([0.7, 0.3, 0.0], np.float32), 36)[:, None]
    destination[POINTS:] = source[POINTS:] + (destination[POINTS:] - source[POINTS:]) * follow
    destination[POINTS:, 2] += 10 * CANVAS
    dense, _ = triangle_map(source, destination, triangles, picture.shape[:2])
    warped = cv2.remap(picture, dense, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return warped, destination[:POINTS]


def build_views(chosen: list[Sample], triangles: NDArray[np.int32]) -> tuple[Picture, Points]:
    """Return every picture and ``VIEWS - 1`` turned copies, and their points, at CANVAS pixels."""
    random = np.random.default_rng(7)
    pictures = np.empty((len(chosen) * VIEWS, CANVAS, CANVAS, 3), np.uint8)
    points = np.empty((len(chosen) * VIEWS, POINTS, 3), np.float32)
    for n, sample in enumerate(chosen):
        picture = cv2.resize(sample.read(512), (CANVAS, CANVAS), interpolation=cv2.INTER_AREA)
        shape = sample.points(CANVAS)
        pictures[n * VIEWS], points[n * VIEWS] = picture, shape
        for view in range(1, VIEWS):
            angles = (float(random.uniform(-40, 40)), float(random.uniform(-22, 22)))
            k = n * VIEWS + view
            pictures[k], points[k] = turned(picture, shape, angles, triangles)
    return pictures, points


class Augmented(torch.utils.data.IterableDataset):  # type: ignore[type-arg]
    """An endless stream of (crop, points) batches."""

    def __init__(
        self, pictures: Picture, points: Points, order: NDArray[np.int64], seed: int
    ) -> None:
        self.pictures, self.points, self.order, self.seed = pictures, points, order, seed

    def __iter__(self):  # type: ignore[no-untyped-def]
        worker = torch.utils.data.get_worker_info()
        random = np.random.default_rng([self.seed, worker.id if worker else 0])
        cv2.setNumThreads(1)
        while True:
            drawn = random.integers(0, len(self.pictures), BATCH)
            # A third of every batch is the picture as it was taken.
            drawn = np.where(random.random(BATCH) < 0.34, drawn - drawn % VIEWS, drawn)
            pairs = [self.draw(int(n), random) for n in drawn]
            crops = np.stack([crop for crop, _ in pairs])
            yield torch.from_numpy(crops), torch.from_numpy(np.stack([p for _, p in pairs]))

    def draw(self, n: int, random: np.random.Generator) -> tuple[Picture, Points]:
        points = self.points[n] - self.points[n, :, 2:].mean() * np.array([0, 0, 1], np.float32)
        if random.random() < 0.5:  # as the detector's box gives it
            matrix = crop_matrix(points, MARGIN * random.uniform(0.75, 1.5), math.radians(random.normal(0, 18)), random.uniform(-0.14, 0.14, 2).astype(np.float32))  # fmt: skip
        else:  # as a first pass of the network gives it
            matrix = crop_matrix(points, MARGIN * random.uniform(0.94, 1.06), math.radians(random.normal(0, 4)), random.uniform(-0.025, 0.025, 2).astype(np.float32))  # fmt: skip
        border = cv2.BORDER_REFLECT if random.random() < 0.5 else cv2.BORDER_CONSTANT
        crop = cv2.warpAffine(self.pictures[n], matrix, (CROP, CROP), flags=cv2.INTER_LINEAR, borderMode=border)  # fmt: skip
        target = to_crop(points, matrix)
        if random.random() < 0.5:
            crop = np.ascontiguousarray(crop[:, ::-1])
            target = target[self.order] * np.array([-1, 1, 1], np.float32)
        return degraded(crop, random), target.astype(np.float32)


def degraded(crop: Picture, random: np.random.Generator) -> Picture:
    """Return the crop as a worse camera, light or compressor would have made it."""
    if random.random() < 0.25:
        small = int(random.uniform(28, 90))
        crop = cv2.resize(
            cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA), (CROP, CROP)
        )
    if random.random() < 0.15:
        crop = cv2.GaussianBlur(crop, (0, 0), random.uniform(0.5, 2.2))
    x = crop.astype(np.float32) / 255
    if random.random() < 0.6:
        x = x ** np.exp(random.normal(0, 0.35))
        x = x * random.uniform(0.7, 1.25, (1, 1, 3 if random.random() < 0.5 else 1))
    if random.random() < 0.3:  # light from one side
        angle, depth = random.uniform(0, 2 * math.pi), random.uniform(0.2, 0.85)
        ramp = np.linspace(-1, 1, CROP, dtype=np.float32)
        across = ramp[None] * math.cos(angle) + ramp[:, None] * math.sin(angle)
        x = x * (1 - depth / (1 + np.exp(across * random.uniform(1, 8))))[..., None]
    if random.random() < 0.15:
        x = np.repeat(x.mean(axis=2, keepdims=True), 3, axis=2)
    if random.random() < 0.3:
        for _ in range(random.integers(1, 4)):
            h, w = random.integers(8, 48, 2)
            y0, x0 = random.integers(0, CROP - h), random.integers(0, CROP - w)
            patch = (
                random.random(3)
                if random.random() < 0.5
                else x[::-1, ::-1][y0 : y0 + h, x0 : x0 + w]
            )
            x[y0 : y0 + h, x0 : x0 + w] = patch
    if random.random() < 0.2:
        x = x + random.normal(0, random.uniform(0.01, 0.07), x.shape)
    out = (np.clip(x, 0, 1) * 255).astype(np.uint8)
    if random.random() < 0.2:
        _, coded = cv2.imencode(
            ".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(random.uniform(20, 80))]
        )
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return out


def point_weights() -> torch.Tensor:
    """Return (478, 1): eyes, irises and lips count double: expressions are read from them."""
    weights = torch.ones(POINTS, 1)
    weights[list(LIPS_INNER + LIPS_OUTER + LEFT_EYE + RIGHT_EYE)] = 2.0
    weights[468:] = 2.0
    return weights


def error_between_eyes(predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return (N,): the mean distance of the points in x and y over the distance of the irises."""
    eyes = (target[:, 468, :2] - target[:, 473, :2]).norm(dim=1)
    return (predicted[..., :2] - target[..., :2]).norm(dim=2).mean(1) / eyes


def held_out(chosen: list[Sample]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return crops and targets of the people set aside, cut as a second pass cuts them."""
    crops, targets = [], []
    for sample in chosen:
        points = sample.points(512)
        points = points - points[:, 2:].mean() * np.array([0, 0, 1], np.float32)
        matrix = crop_matrix(points, MARGIN, 0.0, np.zeros(2, np.float32))
        crops.append(cv2.warpAffine(sample.read(512), matrix, (CROP, CROP), flags=cv2.INTER_AREA))
        targets.append(to_crop(points, matrix))
    return (
        torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 255,
        torch.from_numpy(np.stack(targets).astype(np.float32)),
    )


def train(
    out: Path, minutes: float = 70, folder: Path = Path("var/training"), threads: int = 2
) -> None:
    """Train for so many minutes, from the checkpoint in ``folder`` on; publish into ``out``."""
    # A child forked after its parent has computed with several threads hangs.
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    torch.manual_seed(11)
    folder.mkdir(parents=True, exist_ok=True)
    everyone = samples()
    learn = [s for s in everyone if s.fold != 0]
    frontal = [s.points(CANVAS) for s in learn if s.collection == "london"]
    mean = np.mean(frontal, axis=0).astype(np.float32)
    triangles, order = triangulate(with_rings(mean)), mirror_order(mean - mean[4])
    pictures, points = build_views(learn, triangles)
    check, truth = held_out([s for s in everyone if s.fold == 0])
    stream = Augmented(pictures, points, order, seed=int(time.time()) % 10_000)
    loader = iter(
        torch.utils.data.DataLoader(stream, batch_size=None, num_workers=1, prefetch_factor=8)
    )

    next(loader)  # the child has been forked once this returns
    torch.set_num_threads(threads)
    network = LandmarkNet()
    shapes = np.stack(
        [to_crop(p, crop_matrix(p, MARGIN, 0.0, np.zeros(2, np.float32))) for p in points]
    )
    network.start_from_shapes(torch.from_numpy(shapes.astype(np.float32)))
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.02)
    state = folder / "landmarks.pt"
    spent, step = 0.0, 0
    if state.is_file():
        kept = torch.load(state, weights_only=True)
        network.load_state_dict(kept["network"])
        average.load_state_dict(kept["average"])
        optimizer.load_state_dict(kept["optimizer"])
        spent, step = kept["spent"], kept["step"]

    edges = torch.from_numpy(
        np.unique(
            np.sort(
                np.concatenate(
                    [
                        triangles[(triangles < POINTS).all(1)][:, [0, 1]],
                        triangles[(triangles < POINTS).all(1)][:, [1, 2]],
                    ]
                ),
                axis=1,
            ),
            axis=0,
        )
    ).long()
    weights = point_weights()
    saved = last = time.monotonic()
    while spent < minutes * 60:
        progress = spent / (minutes * 60)
        rate = 2e-3 * min(1.0, (step + 1) / 200) * (0.5 + 0.5 * math.cos(math.pi * progress)) + 1e-6
        for group in optimizer.param_groups:
            group["lr"] = rate
        crops, targets = next(loader)
        crop = (crops.permute(0, 3, 1, 2).float() / 255).contiguous(
            memory_format=torch.channels_last
        )
        with torch.autocast("cpu", torch.bfloat16):
            predicted = network(crop)
        predicted = predicted.float()
        gap = predicted - targets
        loss = (
            F.smooth_l1_loss(
                gap[..., :2], torch.zeros_like(gap[..., :2]), beta=0.01, reduction="none"
            )
            * weights
        ).mean()
        loss = loss + 0.3 * gap[..., 2].abs().mean()
        local = gap[:, edges[:, 0], :2] - gap[:, edges[:, 1], :2]
        loss = loss + 0.5 * local.abs().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        average.update_parameters(network)
        step += 1
        now = time.monotonic()
        spent, last = spent + now - last, now
        if now - saved > 120 or spent >= minutes * 60:
            saved = now
            torch.save({"network": network.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict(), "spent": spent, "step": step}, state)  # fmt: skip
            best = average.module.eval()
            with torch.inference_mode():
                error = torch.cat(
                    [
                        error_between_eyes(best(c), t)
                        for c, t in zip(check.split(32), truth.split(32), strict=True)
                    ]
                )
            best.train()
            print(
                f"step {step}, {spent / 60:.1f} min, loss {loss.item():.5f}, "
                f"set aside {error.mean():.4%} (worst {error.max():.2%})",
                flush=True,
            )
            last = time.monotonic()

    publish(average.module.eval(), float(error.mean()), step, out)


def publish(network: torch.nn.Module, error: float, steps: int, folder: Path) -> None:
    """Write the weights and their card into ``folder``, in half precision."""
    tensors = {
        key: value.half()
        for key, value in network.state_dict().items()
        if "num_batches_tracked" not in key
    }
    write_weights(
        folder,
        "landmarks",
        tensors,
        licence="CC-BY-NC-SA-4.0",
        summary="478 face points from a 128-pixel crop, in the order of MediaPipe's face mesh.",
        training_data=[
            "omi and omi_edits (CC BY-NC-SA 4.0, Peterson et al. 2022, PNAS 119(17) e2115228119)",
            "london (CC BY 4.0, DeBruine & Jones 2017, figshare 5047666 v5)",
            "labels made by MediaPipe 0.10.21 (Apache-2.0)",
        ],
        measured={
            "error_between_eyes_set_aside": round(error, 5),
            "people_set_aside": "fold 0, a tenth",
            "steps": steps,
        },
        limits=[
            "Beyond about 45 degrees of yaw the hidden side is a guess.",
            "Trained on synthetic and studio faces: veils, masks and hands are rare.",
        ],
    )
