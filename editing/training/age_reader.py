"""Recipe of ``age_reader``: how old a face looks, from raters' ages and from a teacher.

    python -m editing.training age_reader --minutes 25

It starts from the blocks of the landmark network, which know faces already, and learns the ages as
a distribution (DEX: Rothe, Timofte, Van Gool, IJCV 2018). Beside the age it has to guess the main
components of the teacher's descriptor: a thousand ages alone teach it little.
"""

from __future__ import annotations

import math
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from editing.models import ModelStore
from editing.networks.age import OLDEST, READER_CROP, READER_SIDE, AgeReader, expected_age
from editing.training.card import write_weights
from editing.training.frames import Frames, read_frames
from editing.training.landmarks import degraded
from editing.training.teacher import descriptors, taught_ages

BATCH, RATE, SMALL, COMPONENTS = 48, 1.5e-3, 192, 96


def train(out: Path, minutes: float = 25, folder: Path = Path("var/training")) -> None:
    """Train for so many minutes, from the checkpoint in ``folder`` on; write ``age_reader``."""
    cv2.setNumThreads(1)
    torch.manual_seed(5)
    random = np.random.default_rng(int(time.time()) % 10_000)
    models = ModelStore(folder=out)
    frames = read_frames(folder, models)
    taught, learn = taught_ages(frames, folder), frames.learned()
    ages = target_ages(frames, taught)
    components, worth = _components(descriptors(frames, folder), learn)
    size = (SMALL, SMALL)
    pictures = np.stack(
        [
            cv2.resize(np.ascontiguousarray(p), size, interpolation=cv2.INTER_AREA)
            for p in frames.pictures
        ]
    )
    network, guess = _start(models), nn.Linear(256, COMPONENTS)
    state = folder / "age_reader.pt"
    if state.is_file():
        network.load_state_dict(torch.load(state, weights_only=True))
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99), use_buffers=True
    )
    both = [*network.parameters(), *guess.parameters()]
    optimizer = torch.optim.AdamW(both, lr=RATE, weight_decay=0.05)
    # Rare ages are drawn more often than their share.
    counts = np.histogram(ages[learn], np.arange(0, 110, 5))[0]
    chance = 1 / np.sqrt(counts[(ages[learn] // 5).astype(int)])
    started, step = time.monotonic(), 0
    while (spent := time.monotonic() - started) < minutes * 60:
        warm, done = min(1.0, (step + 1) / 100), spent / (minutes * 60)
        for group in optimizer.param_groups:
            group["lr"] = RATE * warm * (0.5 + 0.5 * math.cos(math.pi * done)) + 1e-5
        drawn = random.choice(learn, BATCH, p=chance / chance.sum())
        crops = torch.stack([_crop(pictures[n], random) for n in drawn])
        features = network.features(crops - 0.5).mean((2, 3))
        gap = (guess(features) - torch.from_numpy(components[drawn])) ** 2
        loss = _age_loss(network.ages(features), torch.from_numpy(ages[drawn]))
        loss = loss + 2 * (gap * worth).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimizer.step()
        average.update_parameters(network)
        step += 1
        if step % 50 == 0:
            torch.save(average.module.state_dict(), state)
            print(f"step {step}, {spent / 60:.1f} min, loss {loss.item():.3f}", flush=True)
    torch.save(average.module.state_dict(), state)
    reader = average.module.eval()
    publish(reader, _errors(reader, pictures, frames), out)


def target_ages(frames: Frames, taught: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the age to learn for every frame: the label mixed with the teacher's, or that alone."""
    share = np.array([0.6 if s.collection == "omi" else 0.5 for s in frames.samples], np.float32)
    known = np.isfinite(frames.ages)
    mixed = share * np.where(known, frames.ages, 0) + (1 - share) * taught
    return np.clip(np.where(known, mixed, taught), 0, OLDEST).astype(np.float32)


def _components(
    values: NDArray[np.float32], learn: NDArray[np.int64]
) -> tuple[NDArray[np.float32], Tensor]:
    """Return the (N, COMPONENTS) whitened main components, and how much each is worth."""
    values = (values - values[learn].mean(axis=0)) / (values[learn].std(axis=0) + 1e-3)
    _, singular, basis = np.linalg.svd(values[learn], full_matrices=False)
    singular, basis = singular[:COMPONENTS], basis[:COMPONENTS]
    code = values @ basis.T / (singular / math.sqrt(len(learn)))
    return code.astype(np.float32), torch.from_numpy((singular / singular[0]).astype(np.float32))


def _start(models: ModelStore) -> AgeReader:
    network = AgeReader()
    own = network.state_dict()
    learned = {k: v.float() for k, v in models.tensors("landmarks").items()}
    fits = {k: v for k, v in learned.items() if k in own and own[k].shape == v.shape}
    network.load_state_dict(fits, strict=False)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _age_loss(logits: Tensor, ages: Tensor) -> Tensor:
    years = torch.arange(OLDEST + 1.0)
    wanted = torch.softmax(-0.5 * ((years - ages[:, None]) / 3) ** 2, 1)
    cross = -(wanted * logits.log_softmax(1)).sum(1).mean()
    return cross + 0.1 * (expected_age(logits) - ages).abs().mean()


def _crop(picture: NDArray[np.uint8], random: np.random.Generator | None) -> Tensor:
    scale, roll, shift = READER_CROP / (READER_SIDE * SMALL), 0.0, np.zeros(2)
    if random is not None:
        scale *= math.exp(random.normal(0, 0.07))
        roll, shift = math.radians(random.normal(0, 5)), random.normal(0, 3, 2)
    cos, sin = scale * math.cos(roll), scale * math.sin(roll)
    matrix = np.array([[cos, -sin, 0], [sin, cos, 0]])
    matrix[:, 2] = (READER_CROP - 1) / 2 - matrix[:, :2] @ ((SMALL - 1) / 2 + shift)
    size = (READER_CROP, READER_CROP)
    crop = cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    if random is not None and random.random() < 0.5:
        crop = np.ascontiguousarray(crop[:, ::-1])
    if random is not None and random.random() < 0.7:
        crop = degraded(crop, random)
    return torch.from_numpy(crop).permute(2, 0, 1).float() / 255


def _errors(reader: nn.Module, pictures: NDArray[np.uint8], frames: Frames) -> dict[str, float]:
    """Return the mean error in years on the people set aside, of each collection with ages."""
    told = {}
    for collection in ("omi", "london"):
        chosen = [
            n
            for n, s in enumerate(frames.samples)
            if s.collection == collection and s.fold in (0, 1) and np.isfinite(frames.ages[n])
        ]
        with torch.inference_mode():
            found = expected_age(reader(torch.stack([_crop(pictures[n], None) for n in chosen])))
        error = np.abs(found.numpy() - frames.ages[chosen]).mean()
        told[f"{collection}_error_years_set_aside"] = round(float(error), 2)
    return told


def publish(network: nn.Module, measured: dict[str, float], folder: Path) -> None:
    """Write the weights and their card into ``folder``, in half precision."""
    write_weights(
        folder,
        "age_reader",
        {k: v.half() for k, v in network.state_dict().items() if "num_batches_tracked" not in k},
        licence="CC-BY-NC-SA-4.0",
        summary="How old a face looks, from 128 pixels of its frame. It steers the age engine.",
        training_data=[
            "omi and omi_edits (CC BY-NC-SA 4.0, Peterson et al. 2022, PNAS 119(17) e2115228119)",
            "london (CC BY 4.0, DeBruine & Jones 2017, figshare 5047666 v5)",
            "a teacher's ages and descriptors: faceres of @vladmandic/human 3.3.6 (MIT)",
            "starts from our own weights landmarks",
        ],
        measured=dict(measured),
        limits=[
            "An impression, as raters had it of synthetic faces, and nobody's true age.",
            "Of people over 70 and of children between 10 and 20 it has seen few.",
        ],
    )
