"""Recipe of ``head``: person and hair, from labels that other programs made of the frames.

    python -m editing.training head --minutes 12

Person: MediaPipe (``label_person.py``, run first). Hair: GrabCut (``label_hair.py``).
"""

from __future__ import annotations

import math
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from editing.models import ModelStore
from editing.networks.head import HEAD_CROP, HeadNet
from editing.training.card import write_weights
from editing.training.frames import Frames, read_frames
from editing.training.label_hair import SIDE, label_hair
from editing.training.landmarks import degraded

BATCH, RATE = 24, 3e-3


def train(out: Path, minutes: float = 12, folder: Path = Path("var/training")) -> None:
    """Train for so many minutes, from the checkpoint in ``folder`` on; write the weights ``head``."""
    cv2.setNumThreads(1)
    torch.manual_seed(5)
    random = np.random.default_rng(int(time.time()) % 10_000)
    frames = read_frames(folder, ModelStore(folder=out))
    pictures, labels, known = _labelled(frames, folder)
    learn = frames.learned()
    check = np.setdiff1d(np.flatnonzero(known), learn)[:160]
    network = HeadNet().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    state = folder / "head.pt"
    if state.is_file():
        network.load_state_dict(torch.load(state, weights_only=True))
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.98), use_buffers=True
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.02)
    started, step = time.monotonic(), 0
    while (spent := time.monotonic() - started) < minutes * 60:
        warm, done = min(1.0, (step + 1) / 50), spent / (minutes * 60)
        for group in optimizer.param_groups:
            group["lr"] = RATE * warm * (0.5 + 0.5 * math.cos(math.pi * done)) + 1e-5
        drawn = random.choice(learn, BATCH)
        seen, wanted = _batch(pictures[drawn], labels[drawn], random)
        counts = torch.stack([torch.ones(BATCH), torch.from_numpy(known[drawn]).float()], 1)
        losses = F.binary_cross_entropy_with_logits(network(seen), wanted, reduction="none")
        loss = (losses * counts[..., None, None]).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        average.update_parameters(network)
        step += 1
        if step % 50 == 0:
            torch.save(average.module.state_dict(), state)
            print(f"step {step}, {spent / 60:.1f} min, loss {loss.item():.3f}", flush=True)
    torch.save(average.module.state_dict(), state)
    publish(average.module.eval(), _overlap(average.module, pictures[check], labels[check]), out)


def _labelled(
    frames: Frames, folder: Path
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]:
    """Return pictures (N, 160, 160, 3), labels (N, 160, 160, 2) and whose hair is known."""
    person = np.load(folder / "person.npy")
    file = folder / "hair.npz"
    if not file.is_file():
        cv2.setRNGSeed(3)
        found = [
            label_hair(np.ascontiguousarray(p), landmarks, one)
            for p, landmarks, one in zip(frames.pictures, frames.landmarks, person, strict=True)
        ]
        nothing = np.zeros((SIDE, SIDE), np.uint8)
        hair = np.stack([nothing if one is None else one for one in found])
        np.savez_compressed(file, hair=hair, known=[one is not None for one in found])
    with np.load(file) as kept:
        hair, known = kept["hair"], kept["known"]
    size, method = (SIDE, SIDE), cv2.INTER_AREA
    pictures = np.stack(
        [cv2.resize(np.ascontiguousarray(p), size, interpolation=method) for p in frames.pictures]
    )
    persons = np.stack([cv2.resize(p, size, interpolation=method) for p in person])
    return pictures, np.stack([persons, hair], axis=3), known


def _batch(
    pictures: NDArray[np.uint8], labels: NDArray[np.uint8], random: np.random.Generator | None
) -> tuple[Tensor, Tensor]:
    """Return crops and labels, turned, scaled, mirrored and worsened where ``random`` is given."""
    pairs = [_crop(p, label, random) for p, label in zip(pictures, labels, strict=True)]

    def stacked(which: int) -> Tensor:
        values = torch.from_numpy(np.stack([pair[which] for pair in pairs]))
        return values.permute(0, 3, 1, 2).float() / 255

    return stacked(0).contiguous(memory_format=torch.channels_last), stacked(1)


def _crop(
    picture: NDArray[np.uint8], label: NDArray[np.uint8], random: np.random.Generator | None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    scale, roll, shift = HEAD_CROP / SIDE, 0.0, np.zeros(2)
    if random is not None:
        scale *= math.exp(random.normal(0, 0.12))
        roll, shift = math.radians(random.normal(0, 6)), random.normal(0, 4, 2)
    cos, sin = scale * math.cos(roll), scale * math.sin(roll)
    matrix = np.array([[cos, -sin, 0], [sin, cos, 0]])
    matrix[:, 2] = (HEAD_CROP - 1) / 2 - matrix[:, :2] @ ((SIDE - 1) / 2 + shift)
    size, border = (HEAD_CROP, HEAD_CROP), cv2.BORDER_REPLICATE
    picture = cv2.warpAffine(picture, matrix, size, borderMode=border)
    label = cv2.warpAffine(label, matrix, size, borderMode=border)
    if random is not None and random.random() < 0.5:
        picture, label = np.ascontiguousarray(picture[:, ::-1]), label[:, ::-1]
    if random is not None and random.random() < 0.5:
        picture = degraded(picture, random)
    return picture, label


def _overlap(
    network: torch.nn.Module, pictures: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> tuple[float, float]:
    """Return the intersection over union of person and of hair with their labels."""
    seen, wanted = _batch(pictures, labels, None)
    with torch.inference_mode():
        found, truth = network.eval()(seen) > 0, wanted > 0.5
    both, either = (found & truth).sum((0, 2, 3)), (found | truth).sum((0, 2, 3))
    person, hair = (both / either).tolist()
    return person, hair


def publish(network: torch.nn.Module, overlap: tuple[float, float], folder: Path) -> None:
    """Write the weights and their card into ``folder``, in half precision."""
    write_weights(
        folder,
        "head",
        {k: v.half() for k, v in network.state_dict().items() if "num_batches_tracked" not in k},
        licence="CC-BY-NC-SA-4.0",
        summary="Person and hair in a face's frame, from 128 pixels.",
        training_data=[
            "omi and omi_edits (CC BY-NC-SA 4.0, Peterson et al. 2022, PNAS 119(17) e2115228119)",
            "london (CC BY 4.0, DeBruine & Jones 2017, figshare 5047666 v5)",
            "person: labels made by MediaPipe 0.10.21 selfie segmentation (Apache-2.0)",
            "hair: labels made by GrabCut from our landmarks, looked at but not corrected",
        ],
        measured={
            "person_overlap_set_aside": round(overlap[0], 3),
            "hair_overlap_set_aside": round(overlap[1], 3),
        },
        limits=[
            "The overlaps are with the labels, which are themselves rough.",
            "Hats and headscarves may be taken for hair, and bald heads for hair too.",
        ],
    )
