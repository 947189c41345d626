"""How a pipeline is laid into the memory that the machine has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import psutil
import torch

GIB = 2**30

# What an image of the pipeline's own size needs besides the weights.
ROOM = 2 * GIB


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """``offload`` "model" brings one network at a time to the GPU, "layers" one layer at a time.

    ``sliced`` computes attention and the autoencoder in parts, which is slower and needs less.
    """

    dtype: torch.dtype
    offload: Literal["none", "model", "layers"] = "none"
    sliced: bool = False


def plan_memory(device: str, free: int, weights: int, largest: int, bfloat16: bool) -> MemoryPlan:
    """Return how to load a pipeline.

    Args:
        device: "cpu", "cuda" or "mps".
        free: bytes of that device's memory that can be had.
        weights: bytes of all of its weights at 16 bits.
        largest: bytes of its largest network at 16 bits.
        bfloat16: whether the device computes in bfloat16.
    """
    half = torch.bfloat16 if bfloat16 else torch.float16
    if device == "cpu":
        # 32 bits are the fastest on most CPUs, and need twice the memory.
        fits = 2 * weights + ROOM <= free
        return MemoryPlan(torch.float32 if fits else torch.bfloat16, sliced=not fits)
    if weights + ROOM <= free:
        return MemoryPlan(half)
    if device == "mps":
        # The GPU shares the machine's memory: there is nowhere to offload to.
        return MemoryPlan(half, sliced=True)
    return MemoryPlan(half, "model" if largest + ROOM <= free else "layers", sliced=True)


def free_memory(device: torch.device) -> int:
    """Return the bytes of the device's memory that can be had."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)


def computes_bfloat16(device: torch.device) -> bool:
    """Return whether the device computes in bfloat16 without emulating it."""
    return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
