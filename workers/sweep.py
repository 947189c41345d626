"""The sweep: sends again what lost its worker or its message, and deletes what has expired."""

from __future__ import annotations

import logging
import threading
from time import monotonic

from django.db import close_old_connections

from webapp.accounts.tokens import delete_ended_tokens
from webapp.batches.upkeep import (
    delete_expired_batches,
    delete_orphaned_archives,
    sweep_batches,
)
from webapp.edits.claims import sweep_edits
from webapp.idempotency.services import delete_old_answers
from webapp.photos.services import delete_expired, delete_orphans, resend_faces
from webapp.webhooks.claims import give_up
from webapp.webhooks.services import delete_old_deliveries

log = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
DELETE_EVERY_SECONDS = 60.0


def sweep() -> None:
    """Care for the edits, batches and photos without a worker; delete a part of an expired batch."""
    sweep_edits()
    sweep_batches()
    resend_faces()
    give_up()
    delete_expired_batches()


def tidy() -> None:
    """Delete the photos, answers and tokens whose time is over, and files that belong to none."""
    delete_expired()
    delete_orphans()
    delete_old_answers()
    delete_orphaned_archives()
    delete_ended_tokens()
    delete_old_deliveries()


def sweep_until(over: threading.Event) -> None:
    """Sweep every second until ``over`` is set. An error is logged and tried again."""
    delete_at = monotonic()
    while not over.wait(EVERY_SECONDS):
        try:
            close_old_connections()
            sweep()
            if monotonic() >= delete_at:
                delete_at = monotonic() + DELETE_EVERY_SECONDS
                tidy()
        except Exception:
            log.exception("the sweep failed and will try again")
