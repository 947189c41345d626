"""The loopback rule for HTTP: foreign requests are refused, our own act as the local owner."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from webapp.accounts.local import why_refused
from webapp.accounts.services import local_owner
from webapp.errors import problem


def acts_for_owner(request: HttpRequest) -> bool:
    """Return whether this request brings no credentials and needs none, if it is our own."""
    return not settings.CREDENTIALS_REQUIRED and "authorization" not in request.headers


class LocalRequestsOnly:
    """Refuse, before anything else looks at it, a request that another site sent to loopback."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if acts_for_owner(request):
            headers = {name.lower(): value for name, value in request.headers.items()}
            reason = why_refused(headers, request.META.get("REMOTE_ADDR") or None)
            if reason:
                return problem(
                    403, "not_local", f"Only this machine's own page is served. {reason}"
                )
        return self.get_response(request)


class LocalOwner:
    """Let a request that passed the rule and is not signed in act as the local owner."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if acts_for_owner(request) and not request.user.is_authenticated:
            request.user = local_owner()
            request.acts_for_owner = True  # type: ignore[attr-defined]
        return self.get_response(request)
