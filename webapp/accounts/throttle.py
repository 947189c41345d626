"""How often one address may try to sign in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from rest_framework.throttling import SimpleRateThrottle


class LoginThrottle(SimpleRateThrottle):
    """Counts the attempts of one address, at tokens and at the login page together."""

    scope = "login"

    def get_cache_key(self, request: Any, view: Any) -> str | None:
        """Count only what tries a password."""
        data = request.POST if isinstance(request, HttpRequest) else request.data
        if request.method != "POST" or not isinstance(data, dict) or "password" not in data:
            return None
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}
