"""How webhooks and their deliveries look in JSON."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from webapp.api import CreatedFilters, refuse_unknown
from webapp.webhooks.models import ASKED_FOR, Attempt, Delivery, DeliveryState, Event, Webhook

EVENTS = [event.value for event in ASKED_FOR]


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    """A webhook without its secret."""

    events = serializers.ListField(child=serializers.ChoiceField(EVENTS))
    inactive_because = serializers.CharField(
        help_text="Why we made it inactive; empty if we did not."
    )

    class Meta:
        model = Webhook
        fields = ("id", "url", "events", "description", "active", "inactive_because",
                  "old_secret_until", "created")  # fmt: skip
        read_only_fields = fields


class WebhookWithSecretSerializer(WebhookSerializer):
    """A webhook with its secret, which is shown this once."""

    class Meta(WebhookSerializer.Meta):
        fields = ("secret", *WebhookSerializer.Meta.fields)  # type: ignore[assignment]
        read_only_fields = fields


class WebhookRequestSerializer(serializers.Serializer):
    """What is asked for."""

    url = serializers.CharField(max_length=2000, help_text="https:// or http://.")
    events = serializers.ListField(
        child=serializers.ChoiceField(EVENTS), default=lambda: list(EVENTS), min_length=1
    )
    description = serializers.CharField(max_length=200, default="", allow_blank=True)

    def validate_events(self, events: list[str]) -> list[str]:
        return [event for event in EVENTS if event in events]

    def validate(self, told: dict[str, Any]) -> dict[str, Any]:
        refuse_unknown(self)
        return told


class WebhookChangesSerializer(WebhookRequestSerializer):
    """What can be changed."""

    url = serializers.CharField(max_length=2000, required=False)
    events = serializers.ListField(
        child=serializers.ChoiceField(EVENTS), required=False, min_length=1
    )
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    active = serializers.BooleanField(required=False, help_text="Inactive: nothing is sent.")


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    """One attempt; ``status`` is null where nobody answered, and ``error`` says why."""

    class Meta:
        model = Attempt
        fields = ("number", "at", "milliseconds", "status", "excerpt", "error")
        read_only_fields = fields


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One message. Its ``id`` is sent as ``webhook-id``."""

    attempts = AttemptSerializer(many=True, read_only=True)
    body = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = ("id", "event", "state", "attempts", "next_at", "until", "created", "ended_at",
                  "body")  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": "object", "description": "What is sent: type, timestamp, data."})
    def get_body(self, delivery: Delivery) -> Any:
        return json.loads(delivery.body)


class DeliveryFilters(CreatedFilters):
    """Which messages are wanted."""

    state = serializers.MultipleChoiceField(
        choices=DeliveryState.choices, required=False, help_text="May come several times."
    )
    event = serializers.ChoiceField(Event.choices, required=False)

    LOOKUPS = {**CreatedFilters.LOOKUPS, "state": "state__in"}
