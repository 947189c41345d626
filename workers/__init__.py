"""Worker processes, and the command that supervises them all.

OpenMP's threads sleep while they wait for each other instead of spinning: on a machine that has
anything else to do, spinning costs twice the processor time and three times the time
(DECISIONS.md, 2026-11-25). It has to be said before torch is loaded.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
