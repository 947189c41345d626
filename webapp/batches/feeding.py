"""Making photos and edits of the next items, a few at a time. Called in worker processes.

A batch has at most ``OUT_AT_ONCE`` items out, so few messages and few photos wait for workers,
however long the batch is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from editing.errors import EditingError
from webapp import media
from webapp.batches.buckets import read_object
from webapp.batches.items import end_item
from webapp.batches.models import GOING_ON, OUT, Batch, Item, Source, State
from webapp.batches.recipe import step_of_item
from webapp.batches.unpacking import read_member
from webapp.edits.models import Edit, Status
from webapp.edits.services import create_edit
from webapp.errors import Conflict
from webapp.photos.models import Photo
from webapp.photos.services import delete_photo, store_photo

log = logging.getLogger(__name__)

OUT_AT_ONCE = 16
TAKE_LEASES = 2  # of an edit: there is no sign of life while a file is read
OUR_FAULT = "Something went wrong on our side; the log has the reason."
GONE = ("photo_deleted", "The photo was deleted or its time is over.")


def feed(batch: UUID, between: Callable[[], None] = lambda: None) -> int:
    """Send items until enough are out or none waits; return how many. ``between`` runs before each."""
    Batch.objects.filter(pk=batch, feeds__gt=0).update(feeds=0)
    sent = 0
    while count_out(batch) < OUT_AT_ONCE:
        between()
        item = take(batch)
        if item is None:
            break
        send(item)
        sent += 1
    return sent


def count_out(batch: UUID) -> int:
    """Return how many items are being prepared, wait for a worker or are worked on."""
    return Item.objects.filter(batch=batch, state__in=OUT).count()


def take(batch: UUID) -> Item | None:
    """Take the next item that waits, or one whose taker died; nobody else gets it for a while."""
    now = timezone.now()
    alive = Batch.objects.filter(pk=batch, paused=False, status__in=GOING_ON, expires_at__gt=now)
    with transaction.atomic():
        if not alive.exists():
            return None
        rows = Item.objects.select_related("batch__owner", "photo", "edit").filter(batch=batch)
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        rows = rows.order_by("id")
        # Two questions that an index answers, where one with "or" would read every row.
        item = (
            rows.filter(state=State.WAITING).first()
            or rows.filter(state=State.TAKEN, taken_until__lt=now).first()
        )
        if item is None:
            return None
        item.takes += 1
        item.state = State.TAKEN
        item.taken_until = now + timedelta(seconds=TAKE_LEASES * settings.LEASE_SECONDS)
        item.save(update_fields=["takes", "state", "taken_until"])
    return item


def send(item: Item) -> None:
    """Make the photo, if there is none yet, and the edit of an item that was taken; every failure
    is the item's own.
    """
    try:
        if item.takes > settings.MAX_ATTEMPTS:
            why = f"The worker died {item.takes - 1} times while it read this file."
            end_item(item, (State.TAKEN,), State.FAILED, "worker_lost", why)
            return
        if item.step > 0 and item.edit is None:
            raise FileNotFoundError
        photo = item.photo or fetch(item)
        with transaction.atomic():
            _send_edit(item, photo)
    except (EditingError, Conflict) as error:
        end_item(item, (State.TAKEN,), State.FAILED, error.code, str(error))
    except LeftBehind:
        put_back(item, photo)
    except FileNotFoundError:
        end_item(item, (State.TAKEN,), State.FAILED, *GONE)
    except Exception:
        log.exception("item %s of batch %s", item.pk, item.batch_id)
        end_item(item, (State.TAKEN,), State.FAILED, "internal_error", OUR_FAULT)


class LeftBehind(Exception):
    """The batch was paused, cancelled or deleted while the item was prepared."""


def fetch(item: Item) -> Photo:
    """Keep the item's file as a photo, which ends when the batch does.

    Raises:
        PhotoRefused: it is none.
        BucketUnavailable: the storage does not give it.
        FileNotFoundError: it is gone.
    """
    if item.batch.source == Source.PHOTOS:
        raise FileNotFoundError
    if item.batch.source == Source.BUCKET:
        data = read_object(item.place)
    else:
        data = read_member(media.path_of(item.batch.archive), item.place)
    return store_photo(
        item.batch.owner, data, item.path, expires_at=item.batch.expires_at, find=False
    )


def _send_edit(item: Item, photo: Photo) -> None:
    """Queue the edit of the item's step; the first write of the transaction claims the right to."""
    mine = Item.objects.filter(pk=item.pk, state=State.TAKEN, takes=item.takes)
    if not mine.update(state=State.SENT, photo=photo, takes=0, taken_until=None):
        raise LeftBehind
    if not keep_going(item.batch_id):
        raise LeftBehind
    request = step_of_item(item.batch.recipe, item.overrides, item.step)
    edit = create_edit(item.batch.owner, photo, request, parent=item.edit, batch=item.batch)
    Item.objects.filter(pk=item.pk).update(edit=edit)


def keep_going(batch: UUID) -> bool:
    """Return whether the batch goes on, and let nobody pause or cancel it before this transaction
    ends: who does so afterwards sees the edit that it queues, and takes it back.

    A condition in the write of the item would be read before that write, so on PostgreSQL a pause
    could come between and miss the edit. Called with the item locked, as rows are locked in the
    order edit, item, batch.
    """
    going_on = Batch.objects.filter(pk=batch, paused=False, status__in=GOING_ON)
    return going_on.select_for_update(no_key=True).exists()


def put_back(item: Item, photo: Photo) -> None:
    """Let the item wait again with the photo that was made of it; if it does not, delete that."""
    taken = Item.objects.filter(pk=item.pk, state=State.TAKEN, takes=item.takes)
    if taken.update(state=State.WAITING, photo=photo, takes=F("takes") - 1, taken_until=None):
        return
    if item.photo is None:
        delete_photo(photo)


def next_steps(batch: UUID) -> Iterator[Item]:
    """Yield the items whose edit is done and whose recipe goes on; they are at most those out."""
    between = Item.objects.select_related("batch", "photo", "edit").filter(
        batch=batch, state=State.RUNNING, edit__status=Status.DONE
    )
    yield from between.filter(batch__paused=False, batch__status__in=GOING_ON)


def go_on(item: Item) -> bool:
    """Queue the next step of an item; return whether it was this call that did."""
    done = item.edit
    assert done is not None
    try:
        with transaction.atomic():
            # The first write of the transaction: the second who comes finds another edit here.
            mine = Item.objects.filter(pk=item.pk, state=State.RUNNING, edit=done, step=item.step)
            if not mine.update(taken_until=None) or not keep_going(item.batch_id):
                return False
            photo = Photo.objects.get(pk=done.photo_id)
            request = step_of_item(item.batch.recipe, item.overrides, item.step)
            edit = create_edit(item.batch.owner, photo, request, parent=done, batch=item.batch)
            mine.update(edit=edit)
    except (EditingError, Conflict) as error:
        return end_item(item, (State.RUNNING,), State.FAILED, error.code, str(error))
    except Photo.DoesNotExist:
        return end_item(item, (State.RUNNING,), State.FAILED, *GONE)
    return True


def take_back(edit: Edit) -> bool:
    """Undo the sending of an edit that no worker has claimed: its item waits again."""
    with transaction.atomic():
        waiting = Edit.objects.select_for_update(of=("self",)).filter(
            pk=edit.pk, status=Status.QUEUED
        )
        if not waiting.exists():
            return False
        Item.objects.filter(edit=edit).update(state=State.WAITING, edit=edit.parent_id)
        edit.delete()
    return True
