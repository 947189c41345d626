"""Counting what people use, and refusing what is more than they may use in a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from webapp.accounts.limits import Limit, note_limit
from webapp.accounts.models import Token, Usage, User
from webapp.accounts.tokens import token_of

DAY_SECONDS = 24 * 60 * 60


class QuotaExceeded(APIException):
    """Nothing more is made today; ``wait`` is in seconds."""

    status_code = 429

    def __init__(self, limit: Limit) -> None:
        left = f"{limit.remaining:,} are left today"
        super().__init__(f"At most {limit.quota:,} {limit.name} a day; {left}.", "quota_exceeded")
        self.wait = limit.reset


def spend(request: Request, **amounts: int) -> str:
    """Count what a request makes (``photos``, ``bytes``, ``edits``), in the transaction that makes it.

    Return the id of the token that it came with, "" without one.

    Raises:
        QuotaExceeded: the person has used up a quota of today; nothing is counted.
    """
    owner = request.user
    assert isinstance(owner, User)  # strangers were refused before
    for limit in quotas_of(owner):
        asked = amounts.get(limit.name)
        if asked is None:
            continue
        if asked > limit.remaining:
            note_limit(request, limit)
            raise QuotaExceeded(limit)
        note_limit(request, limit.less(asked))
    token = token_of(request.auth)
    id = str(token.pk) if token is not None else ""
    add_usage(owner.pk, id, **amounts)
    return id


def add_usage(owner: int, token: str, **amounts: float) -> None:
    """Add to what ``owner`` has used today by the token of that id, or without one ("")."""
    key = {"owner_id": owner, "token": token, "day": today()}
    added = {name: F(name) + amount for name, amount in amounts.items()}
    if Usage.objects.filter(**key).update(**added):
        return
    known = Token.objects.filter(pk=token).values_list("name", flat=True) if token else ()
    try:
        with transaction.atomic():
            Usage.objects.create(**key, token_name=next(iter(known), ""), **amounts)
    except IntegrityError:
        Usage.objects.filter(**key).update(**added)  # another was first at this very moment


def quotas_of(owner: User) -> list[Limit]:
    """Return the quotas of a person, all tokens together, and what is left of them today."""
    quotas = {name: quota for name, quota in settings.QUOTAS.items() if quota}
    if not quotas:
        return []
    rows = Usage.objects.filter(owner=owner, day=today())
    used: dict[str, Any] = rows.aggregate(**{name: Sum(name) for name in quotas})
    return [
        Limit(name, quota, DAY_SECONDS, max(0, quota - (used[name] or 0)), seconds_to_midnight())
        for name, quota in quotas.items()
    ]


def today() -> date:
    return timezone.now().astimezone(UTC).date()


def seconds_to_midnight() -> int:
    tomorrow = datetime.combine(today() + timedelta(days=1), time(), UTC)
    return max(1, round((tomorrow - timezone.now()).total_seconds()))
