"""Who sends which message: claimed and fenced as edits are, so that a crash loses none.

A message may arrive twice: a process can die after it was received and before that is written.
Its ``webhook-id`` is then the same.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from webapp.webhooks.models import Attempt, Delivery, DeliveryState, Webhook

# Longer than any attempt lasts.
LEASE = timedelta(seconds=30)
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=6)
GONE = 410


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt went: ``status`` is None where nobody answered, ``error`` then says why."""

    at: datetime
    milliseconds: int
    status: int | None = None
    excerpt: str = ""
    error: str = ""


def claim_delivery(holder: str) -> Delivery | None:
    """Take the message that waits longest; None if none is to be had.

    A webhook gets one message at a time, so that a slow one keeps no others waiting.
    """
    if not _due(timezone.now()).exists():
        return None  # without a lock: this is asked several times a second
    with transaction.atomic():
        now = timezone.now()
        rows = _due(now).select_related("webhook").order_by("next_at")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        delivery = rows.first()
        if delivery is None:
            return None
        delivery.state = DeliveryState.SENDING
        delivery.holder = holder
        delivery.attempt += 1
        delivery.tries += 1
        delivery.lease_until = now + LEASE
        delivery.save()
        return delivery


def _due(now: datetime) -> QuerySet[Delivery]:
    sending = Q(state=DeliveryState.SENDING)
    busy = Delivery.objects.filter(sending, lease_until__gte=now).values("webhook")
    waits = Q(state=DeliveryState.WAITING, next_at__lte=now)
    due = Delivery.objects.filter(waits | sending & Q(lease_until__lt=now))
    return due.filter(webhook__active=True).exclude(webhook__in=busy)


def finish_attempt(delivery: Delivery, outcome: Outcome) -> bool:
    """Write down how it went, and what is to become of the message; False if it is not ours."""
    now = timezone.now()
    state, next_at = DeliveryState.FAILED, None
    if outcome.status is not None and 200 <= outcome.status < 300:
        state = DeliveryState.DELIVERED
    elif outcome.status != GONE:
        next_at = now + pause_after(delivery.tries)
        state = DeliveryState.WAITING if next_at < delivery.until else DeliveryState.FAILED
    with transaction.atomic():
        mine = Delivery.objects.filter(
            pk=delivery.pk,
            state=DeliveryState.SENDING,
            holder=delivery.holder,
            attempt=delivery.attempt,
        )
        waits = state == DeliveryState.WAITING
        if not mine.update(
            state=state,
            next_at=next_at if waits else None,
            ended_at=None if waits else now,
            lease_until=None,
        ):
            return False
        Attempt.objects.create(
            delivery=delivery,
            number=delivery.attempt,
            at=outcome.at,
            milliseconds=outcome.milliseconds,
            status=outcome.status,
            excerpt=outcome.excerpt,
            error=outcome.error[:300],
        )
        if outcome.status == GONE:
            why = "It answered 410 Gone."
            Webhook.objects.filter(pk=delivery.webhook_id).update(
                active=False, inactive_because=why
            )
    return True


def pause_after(tries: int) -> timedelta:
    """Return how long to wait after so many tries: 5 s, 15 s, 45 s ... 6 h, up to a tenth more.

    Eleven or twelve tries come before the day is over.
    """
    pause = min(FIRST_PAUSE * 3 ** min(tries - 1, 20), LONGEST_PAUSE)
    return pause * random.uniform(1, 1.1)


def give_up() -> int:
    """Make those failed that waited for a day, such as for a webhook that is not active; return how many."""
    now = timezone.now()
    late = Delivery.objects.filter(state=DeliveryState.WAITING, until__lt=now)
    return late.update(state=DeliveryState.FAILED, next_at=None, ended_at=now)
