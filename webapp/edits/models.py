"""Edits and their log."""

from __future__ import annotations

import uuid
from typing import TypedDict

from django.conf import settings
from django.db import models
from django.utils import timezone

from webapp.photos.models import Photo


class Status(models.TextChoices):
    """queued -> running -> done | failed | cancelled
    queued -> cancelled
    failed | cancelled -> queued            (retry)
    """

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (Status.DONE, Status.FAILED, Status.CANCELLED)


class Patch(TypedDict):
    """The pixels of ``box`` (x0, y0, x1, y1), in a PNG: what an edit changed of its source."""

    file: str
    box: list[int]


class Edit(models.Model):
    """One edit of a photo, or of another edit's result (``parent``).

    A worker claims the row: ``holder`` names the process, ``lease_until`` says how long its word
    is trusted without a sign of life, ``attempt`` counts the claims. Every write of a worker is
    fenced by holder and attempt. ``last_attempt`` is the attempt after which a lost worker is not
    replaced. ``variants`` are the files of several results, each as label, file and sha256; then
    ``result`` is their row. ``id_photo`` is the file of a photo for a passport, as file and sha256.
    ``patch`` is there where the result's file is coded with loss
    (``workers.chain``). ``seed`` is drawn when the edit is made, so that a second attempt gives the same.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="edits")
    photo = models.ForeignKey(Photo, models.CASCADE, related_name="edits")
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")
    batch = models.ForeignKey("batches.Batch", models.CASCADE, null=True, related_name="edits")

    operation = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    faces = models.JSONField(null=True)
    engine = models.CharField(max_length=20, default="auto")
    seed = models.BigIntegerField()
    mask = models.CharField(max_length=200, blank=True)

    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    queue = models.CharField(max_length=20, default="interactive")
    holder = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)
    attempt = models.PositiveIntegerField(default=0)
    last_attempt = models.PositiveIntegerField(default=3)
    cancel_requested = models.BooleanField(default=False)
    sends = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    result = models.CharField(max_length=200, blank=True)
    result_sha256 = models.CharField(max_length=64, blank=True)
    report = models.JSONField(null=True)
    variants = models.JSONField(default=list)
    patch = models.JSONField(null=True)
    id_photo = models.JSONField(null=True)
    code = models.CharField(max_length=40, blank=True)
    message = models.TextField(blank=True)

    token = models.CharField(max_length=36, blank=True)  # the id of that it was asked for with

    created = models.DateTimeField(default=timezone.now, db_index=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created",)
        indexes = [
            models.Index(
                fields=("status", "lease_until"),
                condition=models.Q(status__in=("queued", "running")),
                name="edits_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.id} ({self.status})"

    @property
    def folder(self) -> str:
        """The folder of its mask, previews and result, relative to the media root."""
        return f"{self.photo.folder}/edits/{self.id}"

    @property
    def ended(self) -> bool:
        return self.status in ENDED


class EditEvent(models.Model):
    """One line of an edit's log, written only by ``services.record``. The id is the cursor."""

    class Kind(models.TextChoices):
        QUEUED = "queued"
        STARTED = "started"
        PROGRESS = "progress"
        PREVIEW = "preview"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    edit = models.ForeignKey(Edit, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField(default=timezone.now)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ("id",)
        indexes = [models.Index(fields=("edit", "id"))]

    def __str__(self) -> str:
        return f"{self.id} {self.kind}"
