"""What workers do with edits: claim one, live, report, finish. Every write is fenced.

A ``Claim`` names the holder and the attempt. A write changes the row only while both still stand
in it, so a redelivered message, a late cancel or a worker that comes back from the dead can
neither undo nor double anything.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from editing.idphoto.sizes import LABEL
from webapp.accounts.usage import add_usage
from webapp.edits.models import Edit, EditEvent, Patch, Status
from webapp.edits.services import is_due, record, send_again

log = logging.getLogger(__name__)
Kind = EditEvent.Kind

SENT_AT_ONCE = 8
CLAIMED = ("status", "holder", "attempt", "lease_until", "started_at", "sends", "sent_at")


@dataclass(frozen=True, slots=True)
class Claim:
    """Who works on which edit, for the how-manieth time."""

    edit: UUID
    holder: str
    attempt: int

    def row(self) -> QuerySet[Edit]:
        """Return the edit's row as long as it is ours."""
        return Edit.objects.filter(
            pk=self.edit, status=Status.RUNNING, holder=self.holder, attempt=self.attempt
        )


def claim_edit(id: UUID, holder: str) -> tuple[Claim, Edit] | None:
    """Take an edit that waits, or one whose worker's lease ran out; None if it is not to be had."""
    with transaction.atomic():
        now = timezone.now()
        free = Q(status=Status.QUEUED) | Q(status=Status.RUNNING, lease_until__lt=now)
        rows = Edit.objects.select_related("photo", "parent").filter(
            free, pk=id, cancel_requested=False, photo__expires_at__gt=now
        )
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        edit = rows.first()
        if edit is None or edit.attempt >= edit.last_attempt:
            return None
        edit.status = Status.RUNNING
        edit.holder = holder
        edit.attempt += 1
        edit.lease_until = lease_from(now)
        edit.started_at = now
        edit.sends, edit.sent_at = 0, None
        edit.save(update_fields=CLAIMED)
        record(id, Kind.STARTED, {"attempt": edit.attempt})
        return Claim(id, holder, edit.attempt), edit


def lease_from(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.LEASE_SECONDS)


def extend_lease(claim: Claim) -> bool:
    """Give a sign of life; False says that the edit is no longer ours."""
    return bool(claim.row().update(lease_until=lease_from(timezone.now())))


def is_cancelled(claim: Claim) -> bool | None:
    """Return whether somebody asked to stop; None if the edit is no longer ours."""
    return claim.row().values_list("cancel_requested", flat=True).first()


def report(claim: Claim, kind: EditEvent.Kind, data: dict[str, Any]) -> bool:
    """Write an event of a running edit, which also extends the lease; False if it is not ours."""
    with transaction.atomic():
        if not extend_lease(claim):
            return False
        record(claim.edit, kind, data)
    return True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a done edit has made: its file, the report as JSON, the files of several results, the
    patch, and the photo for a passport, as ``Edit`` keeps them.
    """

    file: str
    sha256: str
    report: dict[str, Any]
    variants: Sequence[dict[str, str]] = ()
    patch: Patch | None = None
    id_photo: dict[str, str] | None = None


def finish_done(claim: Claim, made: Outcome) -> bool:
    """Make the edit done with its result, unless somebody asked to stop it or it is not ours."""
    with transaction.atomic():
        wanted = claim.row().filter(cancel_requested=False)
        if not wanted.update(
            status=Status.DONE,
            result=made.file,
            result_sha256=made.sha256,
            report=made.report,
            variants=list(made.variants),
            patch=made.patch,
            id_photo=made.id_photo,
            ended_at=timezone.now(),
            lease_until=None,
        ):
            return False
        owner, token = Edit.objects.values_list("owner", "token").get(pk=claim.edit)
        add_usage(owner, token, seconds=made.report.get("seconds", 0.0))
        address = f"/api/v1/edits/{claim.edit}"
        done = {"result": f"{address}/result/", "report": made.report}
        if made.variants:
            done["results"] = f"{address}/results/"
        if made.id_photo:
            done["id_photo"] = f"{address}/results/{LABEL}/"
        record(claim.edit, Kind.DONE, done)
    return True


def finish_failed(claim: Claim, code: str, message: str) -> bool:
    """Make the edit failed, and say why."""
    return _end(claim.row(), claim.edit, Status.FAILED, code, message)


def finish_cancelled(claim: Claim) -> bool:
    """Make the edit cancelled."""
    return _end(claim.row(), claim.edit, Status.CANCELLED)


def _end(rows: QuerySet[Edit], id: UUID, status: Status, code: str = "", message: str = "") -> bool:
    with transaction.atomic():
        if not rows.update(
            status=status, code=code, message=message, ended_at=timezone.now(), lease_until=None
        ):
            return False
        data = {"code": code, "message": message} if status == Status.FAILED else {}
        record(id, Kind(status.value), data)
    return True


def sweep_edits(fresh: bool = False) -> int:
    """Care for edits without a worker; return how many ids were sent again.

    One whose lease ran out is sent again, or ended: cancelled if somebody asked for that, failed
    if it has cost as many workers as it may. Of those that wait, the oldest are sent again.
    ``fresh`` sends them at once: a worker has just started and whatever it had before is lost.
    """
    now = timezone.now()
    due = []
    for edit in Edit.objects.filter(status=Status.RUNNING, lease_until__lt=now).order_by("created"):
        mine = Claim(edit.pk, edit.holder, edit.attempt).row().filter(lease_until__lt=now)
        if edit.cancel_requested:
            _end(mine, edit.pk, Status.CANCELLED)
        elif edit.attempt >= edit.last_attempt:
            log.error("edit %s lost its worker %d times", edit.pk, edit.attempt)
            why = f"The worker died {edit.attempt} times while it worked on this."
            _end(mine, edit.pk, Status.FAILED, "worker_lost", why)
        else:
            due.append(edit)
    for queue in settings.QUEUES:
        waiting = Edit.objects.filter(status=Status.QUEUED, queue=queue).order_by("created")
        due += waiting[:SENT_AT_ONCE]
    due = [edit for edit in due if fresh or is_due(edit, now)]
    for edit in due:
        send_again(edit, now)
    return len(due)
