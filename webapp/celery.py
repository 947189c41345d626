"""The Celery application. The web process sends by name and never imports a task."""

from __future__ import annotations

import logging
import os

from celery import Celery
from kombu.exceptions import OperationalError

from webapp.broker import use_whole_messages

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")

use_whole_messages()
app = Celery("mien")
app.config_from_object("django.conf:settings", namespace="CELERY")

log = logging.getLogger(__name__)

RUN_EDIT = "workers.run_edit"
FIND_FACES = "workers.find_faces"
FEED_BATCH = "workers.feed_batch"


def send(task: str, id: object, queue: str) -> None:
    """Send the id to a worker. A broker that is away is only told to the log: the sweep sends again."""
    try:
        app.send_task(task, args=[str(id)], queue=queue, ignore_result=True, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("%s %s was not sent, the sweep will try again: %s", task, id, error)
