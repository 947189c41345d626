"""People, their tokens, and what they have used. On a loopback address there is one person, the
local owner, who has no password."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from knox.models import AuthToken

READ, WRITE = "read", "write"
SCOPES = (READ, WRITE)


class User(AbstractUser):
    """A person whose photos and edits nobody else sees."""


def all_scopes() -> list[str]:
    return list(SCOPES)


class Token(models.Model):
    """What is told about a token: its name and what it may do. Knox keeps its hash and its end."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    auth = models.OneToOneField(AuthToken, models.CASCADE, related_name="told")
    name = models.CharField(max_length=80, blank=True)
    scopes = models.JSONField(default=all_scopes)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return self.name or str(self.id)


class Usage(models.Model):
    """What one person used on one day (UTC), by one token; ``token`` is "" without one.

    No foreign key: what a token used outlives it, with the name that it had.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="usage")
    token = models.CharField(max_length=36, blank=True)
    token_name = models.CharField(max_length=80, blank=True)
    day = models.DateField()
    photos = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    edits = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)

    class Meta:
        ordering = ("-day", "token")
        constraints = [
            models.UniqueConstraint(fields=("owner", "day", "token"), name="one_usage_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.token_name}"
