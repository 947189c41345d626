"""The log of a batch."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from webapp import hub
from webapp.batches.models import BatchEvent


def record(batch: UUID, kind: BatchEvent.Kind, data: dict[str, Any] | None = None) -> BatchEvent:
    """Write one event, in the transaction that changes the batch; wake the listeners after it."""
    event = BatchEvent.objects.create(batch_id=batch, kind=kind, data=data or {})
    transaction.on_commit(lambda: hub.nudge(hub.batch_topic(batch)))
    return event
