"""What people do with batches: ask, pause, resume, cancel, try again, delete."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePath
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Case, OuterRef, Q, Subquery, When
from django.utils import timezone

from editing.request import EditRequest
from webapp import celery, media
from webapp.accounts.models import User
from webapp.batches.buckets import list_prefix
from webapp.batches.errors import OverridesInvalid
from webapp.batches.events import record
from webapp.batches.feeding import take_back
from webapp.batches.items import count_items, revive, tell_at_once
from webapp.batches.models import (
    GOING_ON,
    Batch,
    BatchEvent,
    BatchStatus,
    Item,
    Source,
    State,
)
from webapp.batches.recipe import Overrides
from webapp.batches.unpacking import Member, look_through
from webapp.edits.models import Edit, Status
from webapp.edits.services import cancel_edit
from webapp.errors import Conflict
from webapp.photos.models import Photo

Kind = BatchEvent.Kind
ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks of a batch, whatever its photos come from."""

    steps: list[EditRequest]
    overrides: dict[str, Overrides] = field(default_factory=dict)
    name: str = ""


Then = Callable[[Batch], Any]


def create_from_archive(owner: User, archive: UploadedFile, asked: Asked, then: Then) -> Any:
    """Queue a batch of the files in a ZIP, which is kept as it is: workers read it file by file.

    Return what ``then`` returns, which is called in the transaction that keeps the batch.

    Raises:
        ArchiveUnreadable, ArchiveTooLarge, ArchiveUnsafe, ArchiveNested: nothing was kept.
        OverridesInvalid: they speak of a file that is not there.
    """
    batch = _new(owner, asked, Source.ARCHIVE, PurePath(archive.name or "").name)
    media.write_chunks(batch.archive, archive.chunks())
    try:
        members, batch.skipped = look_through(media.path_of(batch.archive))
        _check_overrides(asked, [member.path for member in members])
        return _save(batch, _items_of_members(batch, members, asked), then)
    except BaseException:
        media.delete_folder(batch.folder)
        raise


def create_from_photos(owner: User, photos: list[Photo], asked: Asked, then: Then) -> Any:
    """Queue a batch of photos that were sent before, in their order; ``then`` as above.

    Raises:
        OverridesInvalid: they speak of a file that is not there.
    """
    paths = unique_names([photo.name for photo in photos])
    _check_overrides(asked, paths)
    batch = _new(owner, asked, Source.PHOTOS, f"{len(photos)} photos")
    items = (
        Item(batch=batch, path=path, photo=photo, overrides=asked.overrides.get(path))
        for path, photo in zip(paths, photos, strict=True)
    )
    return _save(batch, items, then)


def create_from_bucket(owner: User, prefix: Any, asked: Asked, then: Then) -> Any:
    """Queue a batch of the files in object storage that begin with a prefix; ``then`` as above.

    Raises:
        BucketRefused, BucketUnavailable: it cannot be read.
        ArchiveTooLarge: too many files.
        RequestInvalid: there is none.
        OverridesInvalid: they speak of a file that is not there.
    """
    members = list_prefix(prefix)
    _check_overrides(asked, [member.path for member in members])
    batch = _new(owner, asked, Source.BUCKET, PurePath(prefix).name)
    return _save(batch, _items_of_members(batch, members, asked), then)


def unique_names(names: list[str]) -> list[str]:
    """Return the names, a number put into those that were there before: a.jpg, a-2.jpg."""
    taken: set[str] = set()
    wanted = set(names)
    unique = []
    for name in names:
        shown, n = name, 1
        while shown in taken or (n > 1 and shown in wanted):
            n += 1
            shown = f"{PurePath(name).stem}-{n}{PurePath(name).suffix}"
        taken.add(shown)
        unique.append(shown)
    return unique


def _items_of_members(batch: Batch, members: list[Member], asked: Asked) -> Iterator[Item]:
    for member in members:
        overrides = asked.overrides.get(member.path)
        yield Item(batch=batch, path=member.path, place=member.place, overrides=overrides)


def _new(owner: User, asked: Asked, source: Source, name: str) -> Batch:
    now = timezone.now()
    return Batch(
        id=uuid4(),
        owner=owner,
        name=(asked.name or name).replace("\0", "")[:200] or "batch",
        source=source,
        recipe=[step.model_dump(mode="json") for step in asked.steps],
        expires_at=now + timedelta(hours=settings.RETENTION_HOURS),
    )


def _save(batch: Batch, items: Iterable[Item], then: Then) -> Any:
    with transaction.atomic():
        batch.fed_at = timezone.now()
        batch.save(force_insert=True)
        Item.objects.bulk_create(items, batch_size=ROWS_AT_ONCE)
        record(batch.pk, Kind.QUEUED)
        transaction.on_commit(lambda: celery.send(celery.FEED_BATCH, batch.pk, "batch"))
        return then(batch)


def _check_overrides(asked: Asked, paths: Iterable[str]) -> None:
    missing = sorted(set(asked.overrides).difference(paths))
    if missing:
        raise OverridesInvalid(f"overrides: there is no file {missing[0]!r} in the batch")


def pause_batch(batch: Batch) -> Batch:
    """Send no more items; those that a worker has begun are finished, the others wait again.

    Raises:
        Conflict: it has ended.
    """
    with transaction.atomic():
        batch = _locked(batch)
        _expect_going_on(batch)
        if not batch.paused:
            batch.paused = True
            batch.save(update_fields=["paused"])
            tell_at_once(batch, "paused")
    _take_back_all(batch)
    return batch


def resume_batch(batch: Batch) -> Batch:
    """Go on with a paused batch.

    Raises:
        Conflict: it has ended.
    """
    with transaction.atomic():
        batch = _locked(batch)
        _expect_going_on(batch)
        if batch.paused:
            batch.paused = False
            batch.going_since = timezone.now()
            batch.save(update_fields=["paused", "going_since"])
            tell_at_once(batch, "resumed")
            _feed_soon(batch)
    return batch


def cancel_batch(batch: Batch) -> Batch:
    """Cancel every item that has not ended; those that a worker works on at their next report.

    Raises:
        Conflict: it is done.
    """
    Batch.objects.filter(pk=batch.pk, status__in=GOING_ON).update(paused=True)
    _take_back_all(batch)
    with transaction.atomic():
        # Items before their batch, as everywhere.
        idle = Q(state__in=(State.WAITING, State.TAKEN))
        between_steps = Q(state=State.RUNNING, edit__status=Status.DONE)
        waiting = Item.objects.filter(idle | between_steps, batch=batch)
        waiting.update(state=State.CANCELLED, ended_at=timezone.now())
        batch = _locked(batch)
        if batch.status == BatchStatus.DONE:
            raise Conflict("The batch is done already.")
        if batch.status == BatchStatus.CANCELLED:
            return batch
        batch.status = BatchStatus.CANCELLED
        batch.paused = False
        batch.ended_at = timezone.now()
        batch.save(update_fields=["status", "paused", "ended_at"])
        record(batch.pk, Kind.CANCELLED, {"counts": count_items([batch.pk])[batch.pk]})
    for edit in Edit.objects.filter(batch=batch, status__in=(Status.QUEUED, Status.RUNNING)):
        with contextlib.suppress(Conflict, Edit.DoesNotExist):  # it has ended just now
            cancel_edit(edit)
    return batch


def retry_batch(batch: Batch) -> Batch:
    """Let the failed items wait again, and no others; each goes on from the last step that is done.

    Raises:
        Conflict: none has failed.
    """
    with transaction.atomic():
        failed = Item.objects.filter(batch=batch, state=State.FAILED)
        # What failed before its edit was made still has the done edit of the step before.
        reached = Case(When(status=Status.DONE, then="pk"), default="parent")
        before = Edit.objects.filter(pk=OuterRef("edit")).annotate(reached=reached)
        if not failed.update(
            state=State.WAITING, edit=Subquery(before.values("reached")[:1]), code="", message="", takes=0,
            started_at=None, ended_at=None,
        ):  # fmt: skip
            raise Conflict("No item of the batch has failed.")
        revive(batch.pk)
        batch = _locked(batch)
        _feed_soon(batch)
    return batch


def _take_back_all(batch: Batch) -> None:
    for edit in Edit.objects.filter(batch=batch, status=Status.QUEUED):
        take_back(edit)


def _feed_soon(batch: Batch) -> None:
    batch.fed_at = timezone.now()
    batch.save(update_fields=["fed_at"])
    transaction.on_commit(lambda: celery.send(celery.FEED_BATCH, batch.pk, "batch"))


def _locked(batch: Batch) -> Batch:
    return Batch.objects.select_for_update().get(pk=batch.pk)


def _expect_going_on(batch: Batch) -> None:
    if batch.status not in GOING_ON:
        raise Conflict(f"The batch is {batch.status} already.")
