"""Addresses that want to be told, what they are told, and how that went."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class Event(models.TextChoices):
    """What can be told. ``test`` goes to a webhook whatever it asks for."""

    EDIT_DONE = "edit.done"
    EDIT_FAILED = "edit.failed"
    EDIT_CANCELLED = "edit.cancelled"
    BATCH_FINISHED = "batch.finished"
    TEST = "webhook.test"


ASKED_FOR = tuple(event for event in Event if event != Event.TEST)


class Webhook(models.Model):
    """One address. After ``rotate`` the old secret signs too, until ``old_secret_until``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=2000)
    events = models.JSONField()
    description = models.CharField(max_length=200, blank=True)
    secret = models.CharField(max_length=100)
    old_secret = models.CharField(max_length=100, blank=True)
    old_secret_until = models.DateTimeField(null=True)
    active = models.BooleanField(default=True)
    inactive_because = models.CharField(max_length=200, blank=True)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return self.url


class DeliveryState(models.TextChoices):
    """waiting -> sending -> delivered | failed
    sending -> waiting                      (it is tried again later)
    delivered | failed -> waiting           (redeliver)
    """

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"


UNENDED = (DeliveryState.WAITING, DeliveryState.SENDING)


class Delivery(models.Model):
    """One message to one webhook; ``body`` is what is sent, the same at every attempt.

    Claimed like an edit: ``holder`` names the process, ``lease_until`` says how long its word is
    trusted, ``attempt`` counts the claims, and every write is fenced by both. ``until`` is when
    nobody tries any more.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=20, choices=Event)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.WAITING)
    attempt = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    holder = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    until = models.DateTimeField()
    created = models.DateTimeField(default=timezone.now, db_index=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created",)
        indexes = [
            models.Index(
                fields=("state", "next_at"),
                condition=models.Q(state__in=("waiting", "sending")),
                name="webhooks_unended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.id} ({self.state})"


class Attempt(models.Model):
    """How one attempt went: ``status`` is None where nobody answered, and ``error`` says why."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    excerpt = models.TextField(blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return f"{self.number}: {self.status or self.error}"
