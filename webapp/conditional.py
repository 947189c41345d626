"""Entity tags of the API's JSON: 304 where the client has it, 412 where it has something older."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from webapp.errors import PreconditionFailed, problem

IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The entity tag that you have seen; 412 if it has changed since.",
)


class EntityTags:
    """Tag every JSON answer to a GET or HEAD of the API, unless the view has tagged it."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        if (
            request.method not in ("GET", "HEAD")
            or not request.path.startswith("/api/")
            or answer.status_code != 200
            or answer.streaming
            or answer.has_header("ETag")
        ):
            return answer
        etag = etag_of(answer.content)  # type: ignore[attr-defined]
        answer["ETag"] = etag
        answer.setdefault("Cache-Control", "private, no-cache")
        return answer_conditional(request, etag, answer) or answer


def etag_of(content: bytes) -> str:
    """Return the strong entity tag of an answer's body."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def answer_conditional(
    request: HttpRequest, etag: str, answer: HttpResponseBase | None = None
) -> HttpResponseBase | None:
    """Return 304 or 412 where the request's preconditions ask for that, else ``answer``."""
    judged: HttpResponseBase | None = get_conditional_response(request, etag, response=answer)
    if judged is not None and judged.status_code == 412:
        judged = problem(412, "precondition_failed", PreconditionFailed.default_detail)
        judged["ETag"] = etag
    return judged


def require_match(request: Request, data: Any) -> None:
    """Refuse to change something of which the client has seen another state (``If-Match``).

    ``data`` is the present state as a GET would answer it.

    Raises:
        PreconditionFailed: none of the tags is that of ``data``.
    """
    told = request.headers.get("If-Match")
    if told is None:
        return
    tags = parse_etags(told)
    if tags != ["*"] and etag_of(JSONRenderer().render(data)) not in tags:
        raise PreconditionFailed
