"""What can go wrong between a program and a Mien server, as a tree.

MienError
├── ServerUnreachable           no connection, or no answer, however often it was tried
├── AnswerUnreadable            something answered that is not Mien
├── Problem                     Mien refused (RFC 9457): status, code, title, detail, fields
│   ├── RequestInvalid              400 405 422     params, faces, mask, operation
│   │   ├── PhotoRefused                413 415 422     too large, unreadable, unsupported
│   │   └── NoFace                      422
│   ├── NotAuthenticated            401
│   ├── PermissionDenied            403
│   ├── NotFound                    404 410
│   ├── Conflict                    409
│   ├── TooManyRequests             429             ``retry_after`` in seconds
│   └── ServerError                 5xx
│       └── Unavailable                 503             engine or weights are not there
├── Unfinished                  what was waited for has no result
│   ├── EditFailed                  ``code`` and ``message`` are the worker's
│   ├── EditCancelled
│   ├── BatchCancelled
│   └── WaitTimeout                 it goes on; only the waiting ended
└── SignatureInvalid            a webhook that did not come from Mien, or too late
"""

from __future__ import annotations

from typing import Any


class MienError(Exception):
    """Anything that this package raises. ``str(error)`` is one sentence for a person."""

    code: str = "mien_error"


class ServerUnreachable(MienError):
    code = "server_unreachable"


class AnswerUnreadable(MienError):
    code = "answer_unreadable"


class Problem(MienError):
    """A refusal. ``code`` is the stable name of the reason; ``fields`` maps names to reasons."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str,
        fields: dict[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail or title)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.fields = fields or {}
        self.retry_after = retry_after


class RequestInvalid(Problem):
    pass


class PhotoRefused(RequestInvalid):
    pass


class NoFace(RequestInvalid):
    pass


class NotAuthenticated(Problem):
    pass


class PermissionDenied(Problem):
    pass


class NotFound(Problem):
    pass


class Conflict(Problem):
    pass


class TooManyRequests(Problem):
    pass


class ServerError(Problem):
    pass


class Unavailable(ServerError):
    pass


class Unfinished(MienError):
    pass


class EditFailed(Unfinished):
    """The worker gave up; ``code`` is as in a problem, ``message`` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message


class EditCancelled(Unfinished):
    code = "cancelled"


class BatchCancelled(Unfinished):
    code = "cancelled"


class WaitTimeout(Unfinished):
    code = "wait_timeout"


class SignatureInvalid(MienError):
    code = "signature_invalid"


_OF_STATUS: dict[int, type[Problem]] = {
    401: NotAuthenticated,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    429: TooManyRequests,
    503: Unavailable,
}


def problem_class(status: int, code: str) -> type[Problem]:
    """Return the class of a refusal."""
    if code.startswith("photo_"):
        return PhotoRefused
    if code == "no_face":
        return NoFace
    return _OF_STATUS.get(status, ServerError if status >= 500 else RequestInvalid)
