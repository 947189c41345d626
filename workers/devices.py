"""How many worker processes there are, and what of the machine each of them uses. No torch here."""

from __future__ import annotations

import os
from pathlib import Path

from billiard import current_process
from django.conf import settings


def process_count() -> int:
    """Return ``MIEN_WORKERS``; without it one process per graphics card, or one."""
    return settings.WORKERS or max(1, graphics_cards())


def graphics_cards() -> int:
    """Return how many NVIDIA cards the system shows, none if another device was asked for."""
    if not settings.DEVICE.startswith("cuda") and settings.DEVICE != "":
        return 0
    return len(list(Path("/dev").glob("nvidia[0-9]*")))


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_per_process() -> int:
    """Return the threads with which one process computes: its share of the cores."""
    return max(1, cores() // process_count())


def process_number() -> int:
    """Return which of the worker processes this is, from 0; one that replaces another has its number."""
    return int(getattr(current_process(), "index", 0) or 0)
