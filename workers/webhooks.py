"""Sending the messages of webhooks: in the process that sweeps, never in the web process."""

from __future__ import annotations

import logging
import os
import secrets
import threading
from functools import lru_cache
from time import time

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from webapp.webhooks.claims import claim_delivery, finish_attempt
from webapp.webhooks.models import Delivery
from webapp.webhooks.signature import signed_headers
from workers.posting import post

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.25
AT_ONCE = 4


@lru_cache(maxsize=1)
def holder() -> str:
    """Return the name of this process, which no other process ever had."""
    return f"{settings.MACHINE[:60]}:{os.getpid()}:{secrets.token_hex(6)}"


def deliver_until(over: threading.Event) -> None:
    """Send what is due until ``over`` is set, ``AT_ONCE`` messages at a time.

    The threads are daemons: who ends the process waits for no stranger's server, and what was cut
    off is sent again when its lease has run out.
    """
    free = threading.Semaphore(AT_ONCE)
    while not over.wait(LOOK_EVERY_SECONDS):
        try:
            while free.acquire(blocking=False):
                delivery = claim_delivery(holder())
                if delivery is None:
                    free.release()
                    break
                threading.Thread(target=_send_all, args=(delivery, free, over), daemon=True).start()
        except DatabaseError:
            free.release()
            log.exception("webhooks wait for the database")


def _send_all(first: Delivery, free: threading.Semaphore, over: threading.Event) -> None:
    """Send one message and go on with what is due, as long as there is any."""
    delivery: Delivery | None = first
    try:
        while delivery is not None:
            deliver(delivery)
            delivery = None if over.is_set() else claim_delivery(holder())
    except Exception:
        log.exception("a webhook's message is left until its lease has run out")
    finally:
        connection.close()
        free.release()


def deliver(delivery: Delivery) -> None:
    """Make one attempt and write down how it went."""
    webhook = delivery.webhook
    known = [webhook.secret]
    if webhook.old_secret_until is not None and webhook.old_secret_until > timezone.now():
        known.append(webhook.old_secret)
    body = delivery.body.encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Mien",
        **signed_headers(known, str(delivery.pk), int(time()), body),
    }
    finish_attempt(delivery, post(webhook.url, body, headers))
