"""Finding batches, their items and their events. Nobody finds another person's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from webapp.accounts.models import User
from webapp.batches.models import Batch, BatchEvent
from webapp.edits.selectors import EVENTS_AT_ONCE


def batches_of(owner: User) -> QuerySet[Batch]:
    """Return the batches of ``owner`` that have not expired and were not deleted."""
    return Batch.objects.filter(owner=owner, expires_at__gt=timezone.now())


def find_batch(owner: User, id: UUID) -> Batch:
    """Return one batch of ``owner``.

    Raises:
        Http404: there is none by that id, it is another person's, or its time is over.
    """
    try:
        return batches_of(owner).get(pk=id)
    except Batch.DoesNotExist:
        raise Http404 from None


def batch_events_since(batch: UUID, since: int) -> list[dict[str, Any]]:
    """Return the events of a batch after ``since``, oldest first, as they are sent."""
    events = BatchEvent.objects.filter(batch=batch, id__gt=since).order_by("id")[:EVENTS_AT_ONCE]
    return [
        {"id": event.pk, "kind": event.kind, "at": event.at.isoformat(), "data": event.data}
        for event in events
    ]
