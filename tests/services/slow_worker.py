"""A worker whose edit takes a second and leaves a trace, to be killed in the middle of it.

Started as ``celery --app tests.services.slow_worker worker``; everything but the edit and the
detector is the real thing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import django
import numpy as np

from editing.faces.face import Face, Pose
from editing.models import ModelStore
from editing.photo import Photo
from editing.pipeline import EditResult
from editing.progress import Progress
from editing.report import PhotoReport, Report
from editing.request import EditRequest
from webapp.celery import app

django.setup()  # a worker of the project does this by itself, but after this module is read

from workers import run, tasks  # noqa: E402

__all__ = ["app"]

STEPS = 10


def slow_edit(
    photo: Photo,
    request: EditRequest,
    models: ModelStore,
    progress: Progress,
    faces: Sequence[Face] | None = None,
    mask: Any = None,
) -> EditResult:
    """Report ten steps of 0.1 s; note each with the process in the trace."""
    for step in range(STEPS):
        with Path(os.environ["TRACE"]).open("a") as trace:
            trace.write(f"{os.getpid()} {step}\n")
        progress(step / STEPS, f"step {step}", photo.pixels if step == 2 else None)
        time.sleep(float(os.environ.get("STEP_SECONDS", "0.1")))
    progress(1.0, "done")
    report = Report(
        operation=request.operation,
        params=request.params,
        engine="native",
        seed=request.seed or 0,
        seconds=1.0,
        photo=PhotoReport(width=photo.width, height=photo.height, sha256=photo.sha256),
        faces=[],
        weights=[],
    )
    return EditResult(photo, report)


def one_face(photo: Photo, models: ModelStore) -> list[Face]:
    box = (10, 10, 100, 100)
    return [Face(0, box, np.zeros((478, 3), np.float32), Pose(0.0, 0.0, 0.0), 1.0)]


run.edit_photo = slow_edit
run.detect_faces = one_face
tasks.warm_up = lambda: None
