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


def spend(request: Request, **amounts: int) -> None:
    """Count what a request makes (``photos``, ``bytes``, ``edits``), in the transaction that makes it.

    Raises:
        QuotaExceeded: the person has used up a quota of today; nothing is counted.
    """
    owner = request.user
    for limit in quotas_of(owner):
        asked = amounts.get(limit.name)
        if asked is None:
            continue
        if asked > limit.remaining:
            note_limit(request, limit)
            raise QuotaExceeded(limit)
        note_limit(request, limit.less(asked))
    count(owner, token_of(request.auth), **amounts)


def count(owner: User, token: Token | None, **amounts: float) -> None:
    """Add to what ``owner`` has used today, by this token or without one."""
    name = token.name if token is not None else ""
    add_usage(owner.pk, str(token.pk) if token is not None else "", name, **amounts)


def add_usage(owner: int, token: str, token_name: str = "", **amounts: float) -> None:
    """Add to the row of today; it is made with the first amounts."""
    key = {"owner_id": owner, "token": token, "day": today()}
    added = {name: F(name) + amount for name, amount in amounts.items()}
    if Usage.objects.filter(**key).update(**added):
        return
    try:
        with transaction.atomic():
            Usage.objects.create(**key, token_name=token_name, **amounts)
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
