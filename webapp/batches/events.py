"""The log of a batch."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from webapp import hub
from webapp.batches.models import Batch, BatchEvent
from webapp.webhooks.models import Event
from webapp.webhooks.services import emit


def record(batch: UUID, kind: BatchEvent.Kind, data: dict[str, Any] | None = None) -> BatchEvent:
    """Write one event, in the transaction that changes the batch; wake the listeners after it.
    Webhooks are told of its end.
    """
    event = BatchEvent.objects.create(batch_id=batch, kind=kind, data=data or {})
    if kind in (BatchEvent.Kind.DONE, BatchEvent.Kind.CANCELLED):
        _tell_webhooks(batch, event.data)
    transaction.on_commit(lambda: hub.nudge(hub.batch_topic(batch)))
    return event


def _tell_webhooks(id: UUID, data: dict[str, Any]) -> None:
    batch = Batch.objects.get(pk=id)
    told = {"id": str(id), "name": batch.name, "status": batch.status, **data}
    emit(batch.owner_id, Event.BATCH_FINISHED, lambda: told)
