"""How often somebody may ask, and the headers that say so.

The names are those of the IETF draft "RateLimit header fields for HTTP"
(draft-ietf-httpapi-ratelimit-headers-10): ``RateLimit-Policy: "requests";q=1200;w=60`` and
``RateLimit: "requests";r=1187;t=42``: a quota of q in w seconds, of which r remain for t seconds.
A request that is refused also gets ``Retry-After``. Counted per token, or per person without one,
in the cache: in Redis for all web processes, without it in each of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Limit:
    """``remaining`` of ``quota`` in ``window`` seconds, for the next ``reset`` seconds."""

    name: str
    quota: int
    window: int
    remaining: int
    reset: int

    def less(self, asked: int) -> Limit:
        return replace(self, remaining=self.remaining - asked)


def note_limit(request: Request, limit: Limit) -> None:
    """Have the answer to this request tell of the limit."""
    request._request.__dict__.setdefault("limits", []).append(limit)


class RateLimit(BaseThrottle):
    """At most ``RATE_PER_MINUTE`` requests in each minute; 0 means no limit."""

    def allow_request(self, request: Request, view: Any) -> bool:
        quota = settings.RATE_PER_MINUTE
        if not quota or not request.user.is_authenticated:
            return True
        now = time()
        asker = request.auth.pk if request.auth is not None else f"user-{request.user.pk}"
        self.reset = WINDOW_SECONDS - int(now) % WINDOW_SECONDS
        key = f"rate:{asker}:{int(now) // WINDOW_SECONDS}"
        cache.add(key, 0, 2 * WINDOW_SECONDS)
        asked = cache.incr(key)
        remaining = max(0, quota - asked)
        note_limit(request, Limit("requests", quota, WINDOW_SECONDS, remaining, self.reset))
        return bool(asked <= quota)

    def wait(self) -> float:
        return self.reset


class LimitHeaders:
    """Write the limits that a request came by into its answer."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        limits: list[Limit] = getattr(request, "limits", [])
        if limits:
            answer["RateLimit-Policy"] = ", ".join(
                f'"{limit.name}";q={limit.quota};w={limit.window}' for limit in limits
            )
            answer["RateLimit"] = ", ".join(
                f'"{limit.name}";r={limit.remaining};t={limit.reset}' for limit in limits
            )
        return answer
