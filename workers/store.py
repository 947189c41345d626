"""The models of this worker process.

They are loaded in the child that uses them, never in the parent: a child that is forked after
its parent has computed with torch hangs, and CUDA cannot be used across a fork.
"""

from __future__ import annotations

import os
from functools import lru_cache

import torch
from django.conf import settings

from editing.models import ModelStore


@lru_cache(maxsize=1)
def process_models() -> ModelStore:
    """Return the one store of this process, on ``MIEN_DEVICE`` or the best device there is."""
    torch.set_num_threads(
        max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)
    )
    return ModelStore(settings.DEVICE or best_device())


def best_device() -> str:
    """Return "cuda", "mps" or "cpu"."""
    if torch.cuda.is_available():
        return "cuda"
    if torch.backends.mps.is_available():
        return "mps"
    return "cpu"
