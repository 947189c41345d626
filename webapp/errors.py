"""How what goes wrong is told over HTTP: RFC 9457 problem details with our ``code``."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from editing import errors
from webapp.batches.errors import ArchiveTooLarge

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"

# The first class that fits decides.
STATUS_OF_ERROR: tuple[tuple[type[errors.EditingError], int], ...] = (
    (errors.PhotoTooLarge, 413),
    (ArchiveTooLarge, 413),
    (errors.PhotoUnsupported, 415),
    (errors.PhotoRefused, 422),
    (errors.RequestInvalid, 422),
    (errors.ResultRefused, 422),
    (errors.NoFace, 422),
    (errors.Unavailable, 503),
)

CODE_OF_STATUS = {
    400: "request_unreadable",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    412: "precondition_failed",
    413: "request_too_large",
    415: "media_type_unsupported",
    416: "range_not_satisfiable",
    429: "throttled",
}

# Every code that is not one of ``editing.errors``; the OpenAPI document lists them all.
CODES = frozenset(CODE_OF_STATUS.values()) | {
    "idempotency_conflict",
    "idempotency_in_progress",
    "internal_error",
    "name_taken",
    "not_done",
    "not_local",
    "quota_exceeded",
    "scope_missing",
    "too_many",
    "webhook_address_refused",
}


def all_codes() -> list[str]:
    """Return every code that a problem can have."""

    def of(kind: type[errors.EditingError]) -> set[str]:
        # The command line has a code of its own, where it happens to be imported beside us.
        own = set() if kind.__module__.startswith("editing.command") else {kind.code}
        return own.union(*(of(leaf) for leaf in kind.__subclasses__()))

    return sorted((of(errors.EditingError) - {errors.EditingError.code}) | CODES)


class Conflict(Exception):
    """What is asked for does not go with the state that something is in."""

    def __init__(
        self, message: str, code: str = "conflict", retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after  # seconds, where asking again may help


class PreconditionFailed(exceptions.APIException):
    status_code = 412
    default_detail = "It has changed since you read it; read it again."


class RangeNotSatisfiable(exceptions.APIException):
    """The part of a file that is asked for is behind its end; ``size`` is in bytes."""

    status_code = 416

    def __init__(self, size: int) -> None:
        super().__init__(f"The file has {size:,} bytes; the range starts behind them.")
        self.headers = {"Content-Range": f"bytes */{size}"}


def status_of(error: errors.EditingError) -> int:
    """Return the HTTP status of an editing error."""
    return next((status for kind, status in STATUS_OF_ERROR if isinstance(error, kind)), 500)


def details(status: int, code: str, detail: str, **more: Any) -> dict[str, Any]:
    """Return a problem as its fields; ``about:blank`` says that the status is the type."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }


def problem(status: int, code: str, detail: str, **more: Any) -> JsonResponse:
    """Return a problem as an answer of plain Django."""
    return JsonResponse(
        details(status, code, detail, **more), status=status, content_type=CONTENT_TYPE
    )


def answer_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer any exception of an API view; one that nobody foresaw is logged and tells nothing."""
    set_rollback()
    status, code, detail, more, headers = _describe(error)
    if code == "internal_error":
        log.exception("unforeseen error in %s", type(context.get("view")).__name__, exc_info=error)
    return Response(
        details(status, code, detail, **more), status, headers=headers, content_type=CONTENT_TYPE
    )


def _describe(error: Exception) -> tuple[int, str, str, dict[str, Any], dict[str, str]]:
    if isinstance(error, errors.ParamsInvalid):
        return status_of(error), error.code, str(error), {"fields": error.fields}, {}
    if isinstance(error, errors.EditingError):
        status = status_of(error)
        return (
            status,
            error.code if status < 500 or status == 503 else "internal_error",
            str(error),
            {},
            {},
        )
    if isinstance(error, Conflict):
        headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
        return 409, error.code, str(error), {}, headers
    if isinstance(error, Http404):
        return 404, "not_found", "There is nothing here by that address or id.", {}, {}
    if isinstance(error, PermissionDenied):
        return 403, "permission_denied", "You may not do this.", {}, {}
    if isinstance(error, exceptions.ValidationError):
        return 422, "request_invalid", "Some fields are wrong.", {"fields": error.detail}, {}
    if isinstance(error, RecursionError):
        return 400, "request_unreadable", "The JSON is nested too deeply.", {}, {}
    if isinstance(error, exceptions.APIException):
        headers = dict(getattr(error, "headers", {}))
        if challenge := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = challenge
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = str(int(wait))
        # The code of Django REST framework's own errors is its own, not ours.
        told = getattr(error.detail, "code", None)
        usual = CODE_OF_STATUS.get(error.status_code, "request_invalid")
        code = told if told in CODES else usual
        return error.status_code, code, str(error.detail), {}, headers
    return (
        500,
        "internal_error",
        "Something went wrong on our side; the log has the reason.",
        {},
        {},
    )


def _of_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _of_api(request):
        return problem(400, "request_unreadable", "The request cannot be read.")
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _of_api(request):
        return problem(403, "permission_denied", "You may not do this.")
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _of_api(request):
        return problem(404, "not_found", "There is nothing here by that address or id.")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if _of_api(request):
        return problem(
            500, "internal_error", "Something went wrong on our side; the log has the reason."
        )
    return defaults.server_error(request)
