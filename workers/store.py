"""The models of this worker process.

They are loaded in the child that uses them, never in the parent: a child that is forked after
its parent has computed with torch hangs, and CUDA cannot be used across a fork.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from django.conf import settings

from editing.models import ModelStore
from workers.devices import process_number, threads_per_process

CARD_BATCH = 4  # edits at once on a graphics card


@lru_cache(maxsize=1)
def process_models() -> ModelStore:
    """Return the one store of this process, on ``MIEN_DEVICE`` or the best device there is."""
    torch.set_num_threads(threads_per_process())
    device = settings.DEVICE or best_device()
    return ModelStore(device, together=settings.BATCH_SIZE or usual_batch(device))


def usual_batch(device: str) -> int:
    """Return how many edits of a batch a process does at once, where ``MIEN_BATCH_SIZE`` does not say.

    On a processor one: what several share there are its cores, which one edit uses as well.
    """
    return 1 if device == "cpu" else CARD_BATCH


def best_device() -> str:
    """Return "cpu", "mps" or a "cuda:N", of which each process has another as far as they go."""
    if torch.cuda.is_available():
        return f"cuda:{process_number() % torch.cuda.device_count()}"
    if torch.backends.mps.is_available():
        return "mps"
    return "cpu"
