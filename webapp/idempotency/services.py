"""``Idempotency-Key``: the same key with the same body gives the same answer for 24 hours.

Every POST that makes something goes through here. How it works, and why a crash doubles nothing:

1. Before anything is done, a ``KeptAnswer`` row is committed for (person, key), with a digest of
   method, path and body, and a ``claim`` that no other request has.
2. The thing is made and ``keep`` writes the answer **in one transaction**. Either both are there
   afterwards or neither is.
3. A second request finds the row. Another digest: 409 ``idempotency_conflict``. An answer: the same
   answer again, with ``Idempotent-Replayed: true``. No answer yet: 409 ``idempotency_in_progress``
   with ``Retry-After``; after ``PATIENCE`` the first is taken for dead and its claim is taken over,
   so that it can no longer ``keep`` anything, which undoes what it was making.
4. A request that is refused makes nothing, so its key is free again.

A view that does all of its work in the database decorates its method::

    @extend_schema(parameters=[IDEMPOTENCY_KEY], ...)
    @answer_once
    def post(self, request): ...

One that also does slow things (decoding, waiting for a worker) does them outside the transaction,
which on SQLite nobody else can write during::

    with Once(request) as once:
        if once.answer is not None:
            return once.answer
        data = slow(request)
        with transaction.atomic():
            return once.keep(Response(make(data), 201))

Files of a form are read in pieces for the digest and rewound. Not for what must not be kept:
tokens, which are stored as hashes only.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from types import TracebackType
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from editing.errors import RequestInvalid
from webapp.accounts.models import User
from webapp.errors import Conflict
from webapp.idempotency.models import KeptAnswer

KEPT = timedelta(hours=24)
PATIENCE = timedelta(seconds=60)
LONGEST_KEY = 200
KEPT_HEADERS = ("Location",)

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description="For 24 hours the same key with the same body gives the same answer and makes"
    " nothing new; with another body, 409.",
)


class Once:
    """One request with its key, as a context. Without a key it lets everything through.

    ``answer`` is the earlier answer, or None: then do the work and ``keep`` what it gives.

    Raises on entering:
        RequestInvalid: the key is empty, too long, or not printable ASCII.
        Conflict: the key stands for another request, or for one that is still worked on.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.answer: Response | None = None
        self._claim = secrets.token_hex(16)
        self._row: KeptAnswer | None = None
        self._kept = False

    def __enter__(self) -> Once:
        key = read_key(self.request)
        if key is not None:
            self._begin(key, digest_of(self.request))
        return self

    def keep(self, response: Response) -> Response:
        """Keep the answer, in the transaction that makes what it tells of; a later call replaces it.

        Raises:
            Conflict: this took so long that another request has taken the key over.
        """
        if self._row is None:
            return response
        headers = {name: response[name] for name in KEPT_HEADERS if response.has_header(name)}
        body = JSONRenderer().render(response.data).decode()
        if not self._mine().update(status=response.status_code, headers=headers, body=body):
            raise _in_progress()
        self._kept = True
        return response

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._row is not None and not self._kept:
            self._mine().filter(status=None).delete()

    def _mine(self) -> QuerySet[KeptAnswer]:
        assert self._row is not None
        return KeptAnswer.objects.filter(pk=self._row.pk, claim=self._claim)

    def _begin(self, key: str, digest: str) -> None:
        owner = self.request.user
        assert isinstance(owner, User)  # strangers were refused before
        row = KeptAnswer(owner=owner, key=key, digest=digest, claim=self._claim)
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            earlier = KeptAnswer.objects.filter(owner=owner, key=key).first()
            if earlier is None:
                raise _in_progress() from None  # it was refused at this very moment
            self._meet(earlier, digest)
        else:
            self._row = row

    def _meet(self, earlier: KeptAnswer, digest: str) -> None:
        """Answer as the earlier request was, or take its place if its time is over."""
        age = timezone.now() - earlier.began
        if age < KEPT:
            if earlier.digest != digest:
                raise Conflict(
                    "This Idempotency-Key was used for another request.", "idempotency_conflict"
                )
            if earlier.status is not None:
                headers = {**earlier.headers, "Idempotent-Replayed": "true"}
                self.answer = Response(json.loads(earlier.body), earlier.status, headers=headers)
                return
            if age < PATIENCE:
                raise _in_progress()
        same = KeptAnswer.objects.filter(pk=earlier.pk, claim=earlier.claim, status=earlier.status)
        if not same.update(
            claim=self._claim, digest=digest, began=timezone.now(), status=None, body=""
        ):
            raise _in_progress()
        self._row = earlier


def answer_once(method: Callable[..., Response]) -> Callable[..., Response]:
    """Make a view's method answer once per key; all of it is one transaction."""

    @wraps(method)
    def answered(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        with Once(request) as once:
            if once.answer is not None:
                return once.answer
            with transaction.atomic():
                return once.keep(method(self, request, *args, **kwargs))

    return answered


def read_key(request: Request) -> str | None:
    """Return the Idempotency-Key, if one was sent.

    Raises:
        RequestInvalid: it is empty, too long, or not printable ASCII.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise RequestInvalid(f"Idempotency-Key: send 1 to {LONGEST_KEY} printable characters")
    return key


def digest_of(request: Request) -> str:
    """Return a digest of method, path and body, whatever boundary a form has been sent with."""
    hashed = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    if not hasattr(request.data, "lists"):
        hashed.update(json.dumps(request.data, sort_keys=True).encode())
        return hashed.hexdigest()
    files = dict(request.FILES.lists())
    fields = {name: values for name, values in request.data.lists() if name not in files}
    hashed.update(json.dumps(fields, sort_keys=True).encode())
    for name, sent in sorted(files.items()):
        for file in sent:
            content = hashlib.sha256()
            for piece in file.chunks():
                content.update(piece)
            file.seek(0)
            hashed.update(json.dumps([name, file.name, content.hexdigest()]).encode())
    return hashed.hexdigest()


def delete_old_answers() -> int:
    """Delete the answers whose time is over; return how many."""
    return KeptAnswer.objects.filter(began__lt=timezone.now() - KEPT).delete()[0]


def _in_progress() -> Conflict:
    return Conflict(
        "A request with this Idempotency-Key is being worked on; ask again.",
        "idempotency_in_progress",
        retry_after=1,
    )
