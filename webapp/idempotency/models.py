"""Answers that are kept, so that a request sent twice makes one thing."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class KeptAnswer(models.Model):
    """The answer to the request that came with ``key``; ``status`` is None while it is worked on.

    ``claim`` names the request that works on it, as the holder of an edit does: only that one
    may write the answer. ``digest`` tells one body from another.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    claim = models.CharField(max_length=32)
    began = models.DateTimeField(default=timezone.now, db_index=True)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("owner", "key"), name="one_answer_per_key"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.status or 'worked on'}"
