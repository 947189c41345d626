"""The same rules for websockets: local owner, session of our own page, or token."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from channels.auth import get_user
from django.conf import settings
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from webapp.accounts.local import is_own_origin, why_refused
from webapp.accounts.models import READ, User
from webapp.accounts.services import local_owner
from webapp.accounts.tokens import token_of


class KnownUsersOnly:
    """Put the user into ``scope["user"]``; None is a stranger, whom the consumer refuses."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        return await self.inner({**scope, "user": await user_of(scope)}, receive, send)


async def user_of(scope: dict[str, Any]) -> User | None:
    """Return whose socket this is, or None."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    if "authorization" in headers:
        return await sync_to_async(user_of_token)(headers["authorization"])
    if not settings.CREDENTIALS_REQUIRED:
        client = scope["client"][0] if scope.get("client") else None
        return None if why_refused(headers, client) else await sync_to_async(local_owner)()
    # A browser sends the session's cookie with the socket of any page, and its Origin with it.
    if "origin" in headers and not is_own_origin(headers["origin"], headers.get("host", "")):
        return None
    user = await get_user(scope)
    return user if user.is_authenticated else None


def user_of_token(header: str) -> User | None:
    """Return the user of an ``Authorization: Token ...`` header, or None."""
    prefix, _, token = header.partition(" ")
    if prefix.lower() != "token" or not token:
        return None
    try:
        user, auth = TokenAuthentication().authenticate_credentials(token.strip().encode())
    except AuthenticationFailed:
        return None
    told = token_of(auth)
    return user if told is not None and READ in told.scopes else None
