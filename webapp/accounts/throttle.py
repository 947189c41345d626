"""How often one address may try to sign in."""

from __future__ import annotations

from typing import Any

from rest_framework.throttling import SimpleRateThrottle


class LoginThrottle(SimpleRateThrottle):
    """Counts the attempts of one address, at tokens and at the login page together."""

    scope = "login"

    def get_cache_key(self, request: Any, view: Any) -> str | None:
        """Count only what tries a password."""
        if request.method != "POST":
            return None
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}
