"""What becomes of the files of a batch, and with the last of them of the batch.

Every write names the state that it goes on from, so that two workers cannot both do it. Rows are
always locked in the order edit, item, batch.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from webapp.batches.events import record
from webapp.batches.models import (
    GOING_ON,
    OUT,
    UNENDED,
    Batch,
    BatchEvent,
    BatchStatus,
    Item,
    State,
)
from webapp.edits.models import EditEvent

TELL_EVERY = timedelta(seconds=1)
SPEED_FROM_ITEMS = 100
COUNTED_AS = {State.WAITING: "queued", State.TAKEN: "queued", State.SENT: "queued"}
COUNTS = ("queued", "running", "done", "failed", "cancelled")


def count_items(batches: list[UUID]) -> dict[UUID, dict[str, int]]:
    """Return how many items of each batch are in which status."""
    counts = {batch: dict.fromkeys(COUNTS, 0) for batch in batches}
    rows = Item.objects.filter(batch__in=batches).order_by().values_list("batch", "state")
    for batch, state, number in rows.annotate(number=Count("id")):
        counts[batch][COUNTED_AS.get(state, state)] += number
    return counts


def progress_of(batch: Batch, counts: dict[str, int]) -> tuple[float, float | None]:
    """Return the fraction that has ended and the seconds that are left.

    The seconds come from the last items that ended since the batch was started or resumed; None
    while there are not two of them, and while nothing goes on.
    """
    total = sum(counts.values())
    remaining = counts["queued"] + counts["running"]
    fraction = (total - remaining) / total if total else 1.0
    if not remaining:
        return fraction, 0.0
    if batch.paused or batch.status != BatchStatus.RUNNING or batch.going_since is None:
        return fraction, None
    ended = Item.objects.filter(batch=batch.pk, ended_at__gte=batch.going_since)
    latest = ended.order_by("-ended_at").values_list("ended_at", flat=True)[:SPEED_FROM_ITEMS]
    times = [at for at in latest if at is not None]
    if len(times) < 2:
        return fraction, None
    seconds_each = (times[0] - times[-1]).total_seconds() / (len(times) - 1)
    return fraction, round(remaining * seconds_each, 1)


def follow(edit: UUID, kind: str, data: dict[str, Any]) -> None:
    """Let the item that an edit is made for follow it, in the transaction that changes the edit."""
    item = Item.objects.filter(edit=edit).exclude(state=State.WAITING).first()
    if item is None:
        return
    if kind == EditEvent.Kind.STARTED:
        _started(item)
    elif kind == EditEvent.Kind.DONE:
        _step_done(item)
    elif kind == EditEvent.Kind.FAILED:
        end_item(item, OUT, State.FAILED, data["code"], data["message"])
    elif kind == EditEvent.Kind.CANCELLED:
        end_item(item, OUT, State.CANCELLED)
    elif kind == EditEvent.Kind.QUEUED:
        _tried_again(item)


def _started(item: Item) -> None:
    now = timezone.now()
    Item.objects.filter(pk=item.pk).update(state=State.RUNNING, started_at=item.started_at or now)
    fresh = Batch.objects.filter(pk=item.batch_id, status=BatchStatus.QUEUED)
    if fresh.update(status=BatchStatus.RUNNING, started_at=now, going_since=now):
        record(item.batch_id, BatchEvent.Kind.STARTED)


def _step_done(item: Item) -> None:
    step = item.step + 1
    batch = Batch.objects.get(pk=item.batch_id)
    Item.objects.filter(pk=item.pk).update(step=step)
    if step == len(batch.recipe):
        end_item(item, OUT, State.DONE)
    elif batch.status == BatchStatus.CANCELLED:
        end_item(item, OUT, State.CANCELLED)


def _tried_again(item: Item) -> None:
    """Somebody tries a single edit of a batch again."""
    Item.objects.filter(pk=item.pk).update(
        state=State.SENT, code="", message="", started_at=None, ended_at=None
    )
    revive(item.batch_id)


def revive(batch: UUID) -> None:
    """Let a batch go on that had ended, because an item of it is tried again."""
    ended = Batch.objects.filter(pk=batch).exclude(status__in=GOING_ON)
    if ended.update(status=BatchStatus.RUNNING, ended_at=None, going_since=timezone.now()):
        record(batch, BatchEvent.Kind.STARTED)


def end_item(
    item: Item, states: tuple[State, ...], state: State, code: str = "", message: str = ""
) -> bool:
    """End an item that is in one of ``states``, and the batch with its last one."""
    with transaction.atomic():
        here = Item.objects.filter(pk=item.pk, state__in=states)
        if not here.update(state=state, code=code, message=message, ended_at=timezone.now()):
            return False
        if not settle(item.batch_id):
            note = f"{item.path}: {message}" if state == State.FAILED else item.path
            tell(item.batch_id, note)
    return True


def settle(batch: UUID) -> bool:
    """Make the batch done if every item of it has ended; return whether none is left."""
    if Item.objects.filter(batch=batch, state__in=UNENDED).exists():
        return False
    with transaction.atomic():
        going_on = Batch.objects.filter(pk=batch, status__in=GOING_ON)
        if going_on.update(status=BatchStatus.DONE, paused=False, ended_at=timezone.now()):
            address = f"/api/v1/batches/{batch}"
            data = {
                "counts": count_items([batch])[batch],
                "archive": f"{address}/archive/",
                "report": f"{address}/report/",
            }
            record(batch, BatchEvent.Kind.DONE, data)
    return True


def tell(batch: UUID, note: str, now: datetime | None = None) -> None:
    """Write a progress event, at most one in ``TELL_EVERY``."""
    now = now or timezone.now()
    quiet = Q(told_at__isnull=True) | Q(told_at__lt=now - TELL_EVERY)
    if Batch.objects.filter(quiet, pk=batch, status__in=GOING_ON).update(told_at=now):
        tell_at_once(Batch.objects.get(pk=batch), note)


def tell_at_once(batch: Batch, note: str) -> None:
    """Write a progress event."""
    counts = count_items([batch.pk])[batch.pk]
    fraction, eta = progress_of(batch, counts)
    data = {"fraction": round(fraction, 4), "note": note, "eta": eta, "counts": counts}
    record(batch.pk, BatchEvent.Kind.PROGRESS, data)
