"""Processes that end with their parent, even when that is killed with -9."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends. Linux only, elsewhere nothing.

    The caller checks that the parent did not end before.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def die_with(parent: int) -> None:
    """As ``die_with_parent``; ends at once if the process ``parent`` has ended already."""
    die_with_parent()
    if os.getppid() != parent:
        os._exit(1)
