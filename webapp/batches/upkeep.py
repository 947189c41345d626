"""What the sweep does for batches: mend what a lost worker or message left, and delete."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from webapp import celery, media
from webapp.batches.feeding import GONE, OUT_AT_ONCE, count_out, go_on, next_steps
from webapp.batches.items import end_item, settle
from webapp.batches.models import GOING_ON, OUT, Batch, Item, Source, State
from webapp.edits.models import Edit
from webapp.edits.services import FIRST_RESEND, LONGEST_RESEND
from webapp.photos.models import Photo
from webapp.photos.services import ORPHAN_AGE

BATCHES_AT_ONCE = 20
DELETED_AT_ONCE = 100


def sweep_batches() -> int:
    """Care for the batches that go on; return how many were told to be fed again."""
    now = timezone.now()
    going_on = Batch.objects.filter(status__in=GOING_ON, expires_at__gt=now).order_by("created")
    fed = 0
    for batch in going_on[:BATCHES_AT_ONCE]:
        for item in list(next_steps(batch.pk)):
            go_on(item)
        lost = Item.objects.filter(batch=batch, state__in=(State.SENT, State.RUNNING), edit=None)
        for item in lost:
            end_item(item, OUT, State.FAILED, *GONE)
        if settle(batch.pk) or batch.paused:
            continue
        if count_out(batch.pk) < OUT_AT_ONCE // 2 and has_food(batch) and is_due(batch, now):
            same = Batch.objects.filter(pk=batch.pk, feeds=batch.feeds)
            if same.update(feeds=batch.feeds + 1, fed_at=now):
                celery.send(celery.FEED_BATCH, batch.pk, "batch")
                fed += 1
    return fed


def is_due(batch: Batch, now: datetime) -> bool:
    """Return whether it is time to send the id once more; each time a little later."""
    if batch.fed_at is None:
        return True
    return now >= batch.fed_at + min(FIRST_RESEND * 2 ** min(batch.feeds, 10), LONGEST_RESEND)


def has_food(batch: Batch) -> bool:
    """Return whether an item waits, or was taken by a worker that is gone."""
    items = Item.objects.filter(batch=batch)
    waiting = items.filter(state=State.WAITING)
    lost = items.filter(state=State.TAKEN, taken_until__lt=timezone.now())
    return waiting.exists() or lost.exists()


def delete_batch(batch: Batch) -> None:
    """Delete a batch with the photos and results that it made: nobody sees any of it any more at
    once, and the files of a long one are deleted by the sweep, some each second.
    """
    now = timezone.now()
    Batch.objects.filter(pk=batch.pk).update(expires_at=now)
    if batch.source != Source.PHOTOS:
        own = Item.objects.filter(batch=batch, photo__isnull=False).values("photo")
        Photo.objects.filter(pk__in=own).update(expires_at=now)
    delete_some(batch)


def delete_expired_batches() -> int:
    """Delete a part of the oldest batch whose time is over; return how many batches are gone."""
    batch = Batch.objects.filter(expires_at__lte=timezone.now()).order_by("expires_at").first()
    return int(batch is not None and delete_some(batch))


def delete_some(batch: Batch) -> bool:
    """Delete up to ``DELETED_AT_ONCE`` photos or edits of a batch; with the last of them the batch."""
    media.delete_folder(batch.folder)
    items = Item.objects.filter(batch=batch)
    if batch.source == Source.PHOTOS:
        left = _delete_edits(Edit.objects.filter(batch=batch))
    else:
        left = _delete_photos(items.filter(photo__isnull=False))
    if left:
        return False
    items.delete()
    batch.delete()
    return True


def _delete_photos(items: QuerySet[Item]) -> bool:
    ids = list(items.values_list("photo", flat=True)[: DELETED_AT_ONCE + 1])
    photos = list(Photo.objects.filter(pk__in=ids[:DELETED_AT_ONCE]))
    Photo.objects.filter(pk__in=[photo.pk for photo in photos]).delete()
    for photo in photos:
        media.delete_folder(photo.folder)
    return len(ids) > DELETED_AT_ONCE


def _delete_edits(edits: QuerySet[Edit]) -> bool:
    chosen = list(edits.select_related("photo").order_by("-created")[: DELETED_AT_ONCE + 1])
    Edit.objects.filter(pk__in=[edit.pk for edit in chosen[:DELETED_AT_ONCE]]).delete()
    for edit in chosen[:DELETED_AT_ONCE]:
        media.delete_folder(edit.folder)
    return len(chosen) > DELETED_AT_ONCE


def delete_orphaned_archives() -> int:
    """Delete the folders that no batch has, left by a process that died; return how many."""
    old = (timezone.now() - ORPHAN_AGE).timestamp()
    folders = [path for path in media.path_of("batches").glob("*/*") if path.stat().st_mtime < old]
    deleted = 0
    for folder in folders:
        if not Batch.objects.filter(pk=folder.name).exists():
            media.delete_folder(f"batches/{folder.parent.name}/{folder.name}")
            deleted += 1
    return deleted
