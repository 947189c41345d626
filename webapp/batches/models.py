"""Batches, the files in them, and their log."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from webapp.edits.models import Edit
from webapp.photos.models import Photo


class BatchStatus(models.TextChoices):
    """queued -> running -> done        (every item has ended)
    queued | running -> cancelled
    done | cancelled -> running         (an item is tried again)
    """

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


GOING_ON = (BatchStatus.QUEUED, BatchStatus.RUNNING)


class Source(models.TextChoices):
    """Where the photos of a batch come from. Those of an archive or a bucket are the batch's own."""

    ARCHIVE = "archive"
    PHOTOS = "photos"
    BUCKET = "bucket"


class Batch(models.Model):
    """One recipe for many photos.

    ``recipe`` is a list of steps, each an ``editing.request.EditRequest`` as JSON; each step goes on
    from the result of the one before. ``going_since`` is the last start or resume: speed is measured
    from there. ``feeds`` counts the messages that no worker has answered, ``fed_at`` is the last;
    ``told_at`` is the last progress event.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="batches")
    name = models.CharField(max_length=200)
    source = models.CharField(max_length=10, choices=Source)
    recipe = models.JSONField()
    skipped = models.PositiveIntegerField(default=0)

    status = models.CharField(
        max_length=10, choices=BatchStatus, default=BatchStatus.QUEUED, db_index=True
    )
    paused = models.BooleanField(default=False)
    feeds = models.PositiveIntegerField(default=0)
    fed_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    created = models.DateTimeField(default=timezone.now, db_index=True)
    started_at = models.DateTimeField(null=True)
    going_since = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.name} ({self.status})"

    @property
    def folder(self) -> str:
        """The folder of its archive, relative to the media root."""
        return f"batches/{self.id.hex[:2]}/{self.id}"

    @property
    def archive(self) -> str:
        """The ZIP that was sent, relative to the media root."""
        return f"{self.folder}/archive.zip"


class State(models.TextChoices):
    """waiting -> taken -> sent -> running -> done | failed | cancelled
    sent | running -> waiting            (paused, or the photo's edit is made anew)
    failed | cancelled -> waiting        (retry)

    A worker takes the item to make a photo and an edit of it; then the edit's own state decides.
    """

    WAITING = "waiting"
    TAKEN = "taken"
    SENT = "sent"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OUT = (State.TAKEN, State.SENT, State.RUNNING)
UNENDED = (State.WAITING, *OUT)


class Item(models.Model):
    """One file of a batch. ``path`` is its name in the archive, unique in the batch.

    ``edit`` is the edit of step ``step`` once the item is out; while it waits, the done edit of the
    step before, if any. ``place`` says where the bytes are, ``overrides`` what this file has
    otherwise than the recipe: a list with one object per step. ``takes`` counts and fences.
    """

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="items")
    path = models.CharField(max_length=1000)
    place = models.JSONField(default=dict)
    overrides = models.JSONField(null=True)
    photo = models.ForeignKey(Photo, models.SET_NULL, null=True, related_name="+")
    edit = models.ForeignKey(Edit, models.SET_NULL, null=True, related_name="items")

    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    step = models.PositiveSmallIntegerField(default=0)
    takes = models.PositiveIntegerField(default=0)
    taken_until = models.DateTimeField(null=True)
    code = models.CharField(max_length=40, blank=True)
    message = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=("batch", "path"), name="one_item_per_path"),
        ]
        indexes = [
            models.Index(fields=("batch", "state", "id"), name="batches_item_state"),
            models.Index(fields=("batch", "ended_at"), name="batches_item_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.path} ({self.state})"


class BatchEvent(models.Model):
    """One line of a batch's log, written only by ``events.record``. The id is the cursor."""

    class Kind(models.TextChoices):
        QUEUED = "queued"
        STARTED = "started"
        PROGRESS = "progress"
        DONE = "done"
        CANCELLED = "cancelled"

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField(default=timezone.now)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ("id",)
        indexes = [models.Index(fields=("batch", "id"))]

    def __str__(self) -> str:
        return f"{self.id} {self.kind}"
