"""The tasks, and what a worker does when it starts. All they do is in ``workers.run``."""

from __future__ import annotations

import logging
import os
from typing import Any
from uuid import UUID

from celery.signals import worker_process_init, worker_ready

from webapp.batches.feeding import feed
from webapp.celery import FEED_BATCH, FIND_FACES, RUN_EDIT, app
from webapp.edits.claims import sweep_edits
from workers import run
from workers.idle import release_when_idle
from workers.lifeline import die_with
from workers.turns import serve_people, take_turn
from workers.warm import warm_up

log = logging.getLogger(__name__)

PARENT = os.getpid()  # read before the children are forked, which keep it


@app.task(name=RUN_EDIT)
def run_edit(id: str) -> None:
    """Do the edit of that id."""
    take_turn(UUID(id))


@app.task(name=FIND_FACES)
def find_faces(id: str) -> None:
    """Find the faces of the photo of that id."""
    run.find_faces(UUID(id))


@app.task(name=FEED_BATCH)
def feed_batch(id: str) -> None:
    """Send the next items of the batch of that id."""
    feed(UUID(id), between=serve_people)


@worker_process_init.connect
def start_child(**_: Any) -> None:
    """Make the child end with its parent, and load the models before the first task waits for them."""
    die_with(PARENT)
    warm_up()
    release_when_idle()


@worker_ready.connect
def take_up(**_: Any) -> None:
    """Send again what waits: the messages that the last worker held are gone."""
    sweep_edits(fresh=True)
