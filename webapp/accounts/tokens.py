"""Making tokens, and what a token may do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from webapp.accounts.models import READ, SCOPES, WRITE, Token, User


def token_of(auth: object) -> Token | None:
    """Return what is told about the token of a request, None if it came without one.

    A token that was made before tokens had names is told about from now on.
    """
    if not isinstance(auth, AuthToken):
        return None
    return Token.objects.get_or_create(auth=auth)[0]


def create_token(
    owner: User, name: str, scopes: list[str], expires_at: datetime | None, by: Token | None = None
) -> tuple[Token, str]:
    """Return a new token and its secret, which is kept nowhere.

    ``by`` is the token that asks for it: nobody comes by more than they have.

    Raises:
        PermissionDenied: ``by`` may do less, or ends earlier.
    """
    if by is not None:
        if not set(scopes) <= set(by.scopes):
            raise PermissionDenied("A token makes no token that may do more than itself.")
        ends = by.auth.expiry
        if ends is not None and (expires_at is None or expires_at > ends):
            raise PermissionDenied("A token makes no token that lives longer than itself.")
    with transaction.atomic():
        # Knox takes how long a token lasts; counted from now, its end would miss by microseconds.
        auth, secret = AuthToken.objects.create(owner, expiry=None)
        auth.expiry = expires_at
        auth.save(update_fields=["expiry"])
        return Token.objects.create(auth=auth, name=name, scopes=scopes), secret


def delete_ended_tokens() -> int:
    """Delete the tokens whose time is over; return how many."""
    return AuthToken.objects.filter(expiry__lte=timezone.now()).delete()[0]


class InScope(BasePermission):
    """A token reads only with the scope ``read`` and writes only with ``write``."""

    code = "scope_missing"

    def has_permission(self, request: Request, view: Any) -> bool:
        token = token_of(request.auth)
        needed = READ if request.method in SAFE_METHODS else WRITE
        self.message = f"This token may only {' and '.join(s for s in SCOPES if s != needed)}."
        return token is None or needed in token.scopes
