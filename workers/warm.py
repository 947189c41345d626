"""Loading the models before somebody waits for them."""

from __future__ import annotations

import logging
from time import monotonic

import numpy as np

from editing.errors import EditingError
from editing.faces.canonical import canonical_face
from editing.faces.detect import detect_faces
from editing.faces.face import Face, Pose
from editing.models import ModelStore
from editing.photo import Photo
from editing.pipeline import edit_photo
from editing.request import EditRequest
from workers.run import signer
from workers.store import process_models

log = logging.getLogger(__name__)

SIDE = 512
# What most people ask for first; the models of other operations are loaded when they are.
FIRST = EditRequest(operation="expression", params={"smile": 0.5}, seed=0)


def warm_up() -> None:
    """Find no face in a grey picture and edit a face drawn nowhere, so that all is loaded and run once.

    What is missing is told to the log; the task that needs it will say so to the person.
    """
    started = monotonic()
    grey = Photo(np.full((SIDE, SIDE, 3), 128, np.uint8), None, None, None, "PNG", "")
    try:
        signer()
        models = process_models()
        detect_faces(grey, models)
        edit_photo(grey, FIRST, models, faces=[face_in_the_middle(models)])
    except EditingError as error:
        log.warning("not warmed up: %s", error)
        return
    log.info("warm after %.1f s", monotonic() - started)


def face_in_the_middle(models: ModelStore) -> Face:
    """Return the mean face, frontal, in the middle of the warm-up picture."""
    # Its unit is the distance between the irises: a quarter of the picture leaves room around it.
    landmarks = canonical_face(models).shape * (SIDE / 4) + np.array([SIDE / 2, SIDE / 2, 0])
    x0, y0 = np.clip(landmarks[:, :2].min(0), 0, SIDE).astype(int)
    x1, y1 = np.clip(landmarks[:, :2].max(0), 0, SIDE).astype(int)
    box = (int(x0), int(y0), int(x1), int(y1))
    return Face(0, box, landmarks.astype(np.float32), Pose(0.0, 0.0, 0.0), 1.0)
