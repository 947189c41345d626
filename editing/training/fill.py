"""Recipe of ``fill``: the diffusion network that paints what the prior of faces misses in a hole.

    python -m editing.training fill --minutes 100

Each face's prior is fitted on other people, as it will be when a stranger's photo is filled.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from editing.models import ModelStore
from editing.networks.fill import (
    FILL_MAP,
    PRIOR_MAP,
    RESIDUAL,
    FillNet,
    enlarged,
    noise_schedule,
    seen_by_network,
)
from editing.training.attributes import attributes
from editing.training.card import write_weights
from editing.training.face_maps import read_maps
from editing.training.face_prior import fitted
from editing.training.frames import Frames, read_frames
from editing.training.holes import drawn_hole, whole_face

BATCH, CROP, RATE = 12, 96, 6e-4
GROUPS, HOLES = 4, 4
WHOLE = 0.25  # share of holes that are all of the face, whose coefficients are known
EMA = 0.995


def train(out: Path, minutes: float = 100, folder: Path = Path("var/training")) -> None:
    """Train for so many minutes, from the checkpoint in ``folder`` on; write the weights ``fill``."""
    torch.manual_seed(int(time.time()))
    random = np.random.default_rng(int(time.time()))
    models = ModelStore(folder=out)
    frames = read_frames(folder, models)
    maps = read_maps(frames, folder, models, FILL_MAP)
    missing = _completed(frames, folder, models)
    network, scheduler = FillNet(), noise_schedule()
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(EMA)
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.01)
    state, step = folder / "fill.pt", 0
    if state.is_file():
        kept = torch.load(state, weights_only=True)
        network.load_state_dict(kept["network"])
        average.module.load_state_dict(kept["average"])
        optimizer.load_state_dict(kept["optimizer"])
        step = kept["step"]
    started, losses = time.monotonic(), 0.0
    while (spent := time.monotonic() - started) < minutes * 60:
        done = spent / (minutes * 60)
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * done))
        residual, seen, hole = _batch(maps, missing, random)
        loss = _loss(network, scheduler, residual, seen, hole)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        average.update_parameters(network)
        losses += (loss.item() - losses) * max(0.02, 1 / (step + 1))
        step += 1
        if step % 50 == 0:
            print(f"step {step}, {spent / 60:.1f} min, loss {losses:.4f}", flush=True)
            torch.save(
                {
                    "network": network.state_dict(),
                    "average": average.module.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "step": step,
                },
                state,
            )
    publish(average.module, step, out)


def publish(network: torch.nn.Module, steps: int, folder: Path) -> None:
    """Write the weights and their card into ``folder``, in half precision."""
    write_weights(
        folder,
        "fill",
        {key: value.half() for key, value in network.state_dict().items()},
        licence="CC-BY-NC-SA-4.0",
        summary="a diffusion network that paints what the prior of faces misses in a hole",
        training_data=[
            "omi (CC BY-NC-SA 4.0)",
            "omi_edits (CC BY-NC-SA 4.0)",
            "london (CC BY 4.0)",
        ],
        measured={"steps": f"{steps} of {BATCH} crops", "measured by": "mien evaluate inpaint"},
        limits=["maps of 256 pixels: finer detail is the photo's own grain", "parts of one face"],
    )


def _loss(
    network: FillNet, scheduler: DDIMScheduler, residual: Tensor, seen: Tensor, hole: Tensor
) -> Tensor:
    at = torch.randint(0, scheduler.config.num_train_timesteps, (len(residual),))
    # More of the draws start from nothing but noise: the few steps begin there.
    at = torch.where(torch.rand(len(at)) < 0.15, scheduler.config.num_train_timesteps - 1, at)
    noise = torch.randn_like(residual)
    noisy = scheduler.add_noise(residual, noise, at)
    wanted = scheduler.get_velocity(residual, noise, at)
    wrong = F.mse_loss(network(noisy, seen, at), wanted, reduction="none").mean(1, keepdim=True)
    return (wrong * hole).sum() / hole.sum().clamp(min=1)


def _completed(frames: Frames, folder: Path, models: ModelStore) -> dict[str, NDArray[np.generic]]:
    """Return holes bool packed (M, 8192) of which face (M,), mirrored (M,), and priors (M, ...).

    The priors are uint8 (M, 64, 64, 3) completions of faces by a prior of other people.
    """
    file = folder / "fill-holes.npz"
    if not file.is_file():
        random = np.random.default_rng(7)
        small = read_maps(frames, folder, models, PRIOR_MAP)
        known = attributes(frames, models)
        learn = frames.learned()
        group = np.array([frames.samples[n].fold % GROUPS for n in learn])
        rows: dict[str, list[NDArray[np.generic]]] = {
            "face": [], "mirrored": [], "hole": [], "prior": []
        }  # fmt: skip
        for left_out in range(GROUPS):
            others = learn[group != left_out]
            prior = fitted(small[others], known[others])
            for n in np.repeat(learn[group == left_out], HOLES):
                mirrored, whole = random.random() < 0.5, random.random() < WHOLE
                hole = whole_face(random) if whole else drawn_hole(random)
                picture = small[n][:, ::-1] if mirrored else small[n]
                colours = torch.from_numpy(picture.copy()).permute(2, 0, 1) / 255
                free = F.max_pool2d(torch.from_numpy(hole)[None].float(), 4)[0] == 0
                if whole:
                    # A drawn face has coefficients, and no pixel of it is there yet.
                    free = torch.ones_like(free)
                completed = prior(prior.coefficients(colours, free))
                rows["face"].append(np.array(n))
                rows["mirrored"].append(np.array(mirrored))
                rows["hole"].append(np.packbits(hole.ravel()))
                rows["prior"].append(
                    (completed.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
                )
            print(f"prior without group {left_out}: {len(others)} faces", flush=True)
        columns: dict[str, Any] = {key: np.stack(values) for key, values in rows.items()}
        np.savez(file, **columns)
    with np.load(file) as kept:
        return dict(kept)


def _batch(
    maps: NDArray[np.uint8], missing: dict[str, NDArray[np.generic]], random: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Return residuals (N, 3, C, C), what the network sees (N, 13, C, C), and holes (N, 1, C, C)."""
    drawn = [
        _one(maps, missing, int(n), random)
        for n in random.integers(len(missing["face"]), size=BATCH)
    ]
    residual, seen, hole = zip(*drawn, strict=True)
    return torch.stack(residual), torch.stack(seen), torch.stack(hole)


def _one(
    maps: NDArray[np.uint8],
    missing: dict[str, NDArray[np.generic]],
    n: int,
    random: np.random.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    picture = maps[missing["face"][n]]
    if missing["mirrored"][n]:
        picture = picture[:, ::-1]
    colours = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1).float() / 255
    prior = torch.from_numpy(missing["prior"][n]).permute(2, 0, 1).float() / 255
    prior = enlarged(prior)
    flat = np.unpackbits(missing["hole"][n]).reshape(FILL_MAP, FILL_MAP)
    hole = torch.from_numpy(flat)[None].float()
    seen = seen_by_network(colours, prior, hole)
    y, x = _around(flat, random)
    window = (slice(None), slice(y, y + CROP), slice(x, x + CROP))
    residual = (colours - prior) / RESIDUAL
    return residual[window], seen[window], hole[window]


def _around(hole: NDArray[np.uint8], random: np.random.Generator) -> tuple[int, int]:
    """Return the top and left of a crop whose middle is a pixel of the hole, or near it."""
    rows, columns = np.nonzero(hole)
    n = random.integers(len(rows))
    at = np.array([rows[n], columns[n]]) + random.integers(-16, 17, 2) - CROP // 2
    top, left = np.clip(at, 0, FILL_MAP - CROP)
    return int(top), int(left)
