"""A photo that somebody sent, and the faces in it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from webapp.media import folder_of


class FacesState(models.TextChoices):
    """pending -> found | failed. ``found`` may be none at all."""

    PENDING = "pending"
    FOUND = "found"
    FAILED = "failed"


class Photo(models.Model):
    """A stored photo, or a video. ``width`` and ``height`` are those of the upright picture, in pixels;
    ``seconds`` and ``frames_per_second`` are a video's. Of a video nobody looks for faces beforehand.

    ``faces`` is None until a worker has looked: index, box, pose, score, and ``landmarks``, the
    478 x 3 little-endian float32 numbers in base64. ``faces_sends`` counts the messages.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="photos")
    name = models.CharField(max_length=200)
    file = models.CharField(max_length=200)
    format = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    seconds = models.FloatField(null=True)
    frames_per_second = models.FloatField(null=True)
    faces = models.JSONField(null=True)
    faces_state = models.CharField(
        max_length=10, choices=FacesState, default=FacesState.PENDING, db_index=True
    )
    faces_code = models.CharField(max_length=40, blank=True)
    faces_sends = models.PositiveIntegerField(default=0)
    faces_sent_at = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True, db_index=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.name} ({self.width} x {self.height})"

    @property
    def is_video(self) -> bool:
        return self.frames_per_second is not None

    @property
    def folder(self) -> str:
        """The folder of its file, its renditions and its edits, relative to the media root."""
        return folder_of(self.id)
