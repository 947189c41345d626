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

CARD_BATCH = 4  # edits at once on a CUDA device


@lru_cache(maxsize=1)
def process_models() -> ModelStore:
    """Return the one store of this process, on ``MIEN_DEVICE`` or the best device there is."""
    torch.set_num_threads(threads_per_process())
    return ModelStore(settings.DEVICE or best_device())


def batch_size() -> int:
    """Return ``MIEN_BATCH_SIZE``: how many edits of a batch this process does at once.

    Without it several on a CUDA device. On a processor they would share the cores, which one edit
    uses as well, and Metal is not to be used from several threads.
    """
    usual = CARD_BATCH if process_models().device.type == "cuda" else 1
    return settings.BATCH_SIZE or usual


def best_device() -> str:
    """Return "cpu", "mps" or a "cuda:N", of which each process has another as far as they go."""
    if torch.cuda.is_available():
        return f"cuda:{process_number() % torch.cuda.device_count()}"
    if torch.backends.mps.is_available():
        return "mps"
    return "cpu"
