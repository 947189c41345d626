"""How tokens and usage look in JSON."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from webapp.accounts.models import SCOPES, Token, Usage, all_scopes
from webapp.api import refuse_unknown


class TokenRequestSerializer(serializers.Serializer):
    """What is asked for. A name and a password sign a person in; else it is who asks."""

    username = serializers.CharField(max_length=150, required=False)
    password = serializers.CharField(max_length=1000, trim_whitespace=False, required=False)
    name = serializers.CharField(
        max_length=80, default="", allow_blank=True, help_text="What it is for."
    )
    scopes = serializers.ListField(
        child=serializers.ChoiceField(SCOPES),
        default=all_scopes,
        min_length=1,
        max_length=2,
        help_text="read: GET and sockets; write: all that changes something.",
    )
    expires_at = serializers.DateTimeField(
        default=None, allow_null=True, help_text="Null: it lasts until it is revoked."
    )

    def validate_expires_at(self, expires_at: Any) -> Any:
        if expires_at is not None and expires_at <= timezone.now():
            raise serializers.ValidationError("It is in the past.")
        return expires_at

    def validate(self, told: dict[str, Any]) -> dict[str, Any]:
        if ("username" in told) != ("password" in told):
            raise serializers.ValidationError("Send both username and password, or neither.")
        refuse_unknown(self)
        return told


class TokenSerializer(serializers.ModelSerializer[Token]):
    """A token without its secret; ``hint`` is how it begins."""

    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES))
    hint = serializers.CharField(source="auth.token_key")
    expires_at = serializers.DateTimeField(source="auth.expiry", allow_null=True)
    current = serializers.SerializerMethodField()

    class Meta:
        model = Token
        fields = ("id", "name", "scopes", "hint", "created", "expires_at", "current")
        read_only_fields = fields

    def get_current(self, token: Token) -> bool:
        """Return whether it is the one that this request came with."""
        return bool(self.context["request"].auth == token.auth)


class NewTokenSerializer(TokenSerializer):
    """A token just made. Its secret is shown this once."""

    token = serializers.SerializerMethodField()

    class Meta(TokenSerializer.Meta):
        fields = ("token", *TokenSerializer.Meta.fields)  # type: ignore[assignment]
        read_only_fields = fields

    def get_token(self, token: Token) -> str:
        return str(self.context["secret"])


class UsageFilters(serializers.Serializer):
    """Which days are wanted."""

    since = serializers.DateField(
        required=False, help_text="The first day; the last 30 without it."
    )
    until = serializers.DateField(required=False, help_text="The last day; today without it.")


class DayUsageSerializer(serializers.ModelSerializer[Usage]):
    """One day (UTC) of one token; ``token`` is null for what was asked without one."""

    token = serializers.SerializerMethodField()

    class Meta:
        model = Usage
        fields = ("day", "token", "token_name", "photos", "bytes", "edits", "seconds")
        read_only_fields = fields

    @extend_schema_field({"type": ["string", "null"], "format": "uuid"})
    def get_token(self, usage: Usage) -> str | None:
        return usage.token or None


class LimitSerializer(serializers.Serializer):
    """``remaining`` of ``quota`` in ``window`` seconds; all of it again in ``reset`` seconds."""

    name = serializers.CharField()
    quota = serializers.IntegerField()
    window = serializers.IntegerField()
    remaining = serializers.IntegerField()
    reset = serializers.IntegerField()


class UsageSerializer(serializers.Serializer):
    results = DayUsageSerializer(many=True)
    quotas = LimitSerializer(many=True)
