"""How the local owner is told in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class LocalOwnerScheme(OpenApiAuthenticationExtension):
    """No credentials at all: an empty security requirement."""

    target_class = "webapp.accounts.authentication.LocalOwnerAuthentication"
    name: list[str] = []

    def get_security_definition(self, auto_schema: Any) -> list[Any]:
        return []

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        return {}
