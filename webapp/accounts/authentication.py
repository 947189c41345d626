"""The local owner, for Django REST framework."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from webapp.accounts.models import User


class LocalOwnerAuthentication(BaseAuthentication):
    """The middleware has judged Host, Origin and Sec-Fetch-Site; this takes its word."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        if getattr(request._request, "acts_for_owner", False):
            return request._request.user, None
        return None
