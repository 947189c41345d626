"""Loading the models before somebody waits for them."""

from __future__ import annotations

import logging
from time import monotonic

import numpy as np

from editing.errors import EditingError
from editing.faces.detect import detect_faces
from editing.photo import Photo
from workers.store import process_models

log = logging.getLogger(__name__)


def warm_up() -> None:
    """Load what finds faces. What is missing is told to the log; the task that needs it will say so."""
    started = monotonic()
    grey = Photo(np.full((256, 256, 3), 128, np.uint8), None, None, None, "PNG", "")
    try:
        detect_faces(grey, process_models())
    except EditingError as error:
        log.warning("not warmed up: %s", error)
        return
    log.info("warm after %.1f s", monotonic() - started)
