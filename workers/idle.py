"""Large models are let go of when nobody has used them for a while."""

from __future__ import annotations

import threading

from editing.models import ModelStore
from workers.store import process_models

# Pipelines of others take gigabytes. Our own weights take megabytes, and are kept: the next person
# would wait for them.
LARGE = "pipeline:"
IDLE_SECONDS = 600.0
LOOK_EVERY_SECONDS = 60.0


def release_when_idle() -> None:
    """Start looking, in a thread that ends with the process."""
    threading.Thread(target=_look, args=(process_models(),), name="idle", daemon=True).start()


def _look(models: ModelStore) -> None:
    over = threading.Event()
    while not over.wait(LOOK_EVERY_SECONDS):
        models.release_idle(IDLE_SECONDS, LARGE)
