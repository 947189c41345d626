"""Settings of an operation that somebody saved under a name."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class Preset(models.Model):
    """A person's saved params of one operation; its name is theirs once per operation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="presets")
    name = models.CharField(max_length=80)
    operation = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    created = models.DateTimeField(default=timezone.now)
    changed = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-created",)
        constraints = [
            models.UniqueConstraint(
                fields=("owner", "operation", "name"), name="one_preset_per_name"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation}: {self.name}"
