"""The state machine: who may write what, when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from webapp.celery import RUN_EDIT
from webapp.edits import claims
from webapp.edits.models import Edit, EditEvent, Status
from webapp.edits.services import cancel_edit, retry_edit
from webapp.errors import Conflict

pytestmark = pytest.mark.django_db
Make = Callable[..., Edit]


def kinds(edit: Edit) -> list[str]:
    return list(EditEvent.objects.filter(edit=edit).values_list("kind", flat=True))


def claim(edit: Edit, holder: str = "first") -> claims.Claim:
    claimed = claims.claim_edit(edit.pk, holder)
    assert claimed is not None
    return claimed[0]


def lose_lease(edit: Edit) -> None:
    Edit.objects.filter(pk=edit.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def finish(mine: claims.Claim) -> bool:
    return claims.finish_done(mine, claims.Outcome("result.jpg", "a" * 64, {"engine": "native"}))


def test_the_whole_way(make_edit: Make) -> None:
    edit = make_edit()
    mine = claim(edit)
    assert claims.report(mine, EditEvent.Kind.PROGRESS, {"fraction": 0.5})
    assert finish(mine)
    edit.refresh_from_db()
    assert (edit.status, edit.attempt, edit.result) == (Status.DONE, 1, "result.jpg")
    assert kinds(edit) == ["queued", "started", "progress", "done"]
    assert edit.events.last().data == {
        "result": f"/api/v1/edits/{edit.pk}/result/",
        "report": {"engine": "native"},
    }


def test_a_message_that_comes_again_does_nothing(make_edit: Make) -> None:
    edit = make_edit()
    mine = claim(edit)
    assert claims.claim_edit(edit.pk, "second") is None
    finish(mine)
    assert claims.claim_edit(edit.pk, "second") is None
    assert kinds(edit) == ["queued", "started", "done"]


def test_a_worker_back_from_the_dead_changes_nothing(make_edit: Make) -> None:
    edit = make_edit()
    dead = claim(edit, "dead")
    lose_lease(edit)
    heir = claim(edit, "heir")
    assert heir.attempt == 2
    assert not claims.extend_lease(dead)
    assert claims.is_cancelled(dead) is None
    assert not claims.report(dead, EditEvent.Kind.PROGRESS, {})
    assert not finish(dead)
    assert not claims.finish_failed(dead, "x", "y")
    assert not claims.finish_cancelled(dead)
    assert finish(heir)
    assert kinds(edit) == ["queued", "started", "started", "done"]


def test_the_same_process_in_an_older_attempt_is_fenced_too(make_edit: Make) -> None:
    edit = make_edit()
    older = claim(edit, "same")
    lose_lease(edit)
    claim(edit, "same")
    assert not finish(older)


def test_a_late_worker_cannot_finish_a_cancelled_edit(make_edit: Make) -> None:
    edit = make_edit()
    mine = claim(edit)
    cancel_edit(edit)
    assert claims.is_cancelled(mine) is True
    assert not finish(mine)
    assert claims.finish_cancelled(mine)
    assert not finish(mine)
    assert not claims.finish_failed(mine, "x", "y")
    edit.refresh_from_db()
    assert edit.status == Status.CANCELLED
    assert kinds(edit) == ["queued", "started", "cancelled"]


def test_a_late_cancel_cannot_undo_a_result(make_edit: Make) -> None:
    edit = make_edit()
    finish(claim(edit))
    with pytest.raises(Conflict):
        cancel_edit(edit)
    edit.refresh_from_db()
    assert edit.status == Status.DONE


def test_a_waiting_edit_is_cancelled_at_once_and_only_once(make_edit: Make) -> None:
    edit = make_edit()
    assert cancel_edit(edit).status == Status.CANCELLED
    assert cancel_edit(edit).status == Status.CANCELLED
    assert claims.claim_edit(edit.pk, "late") is None
    assert kinds(edit) == ["queued", "cancelled"]


def test_the_lease_is_extended_by_every_report(make_edit: Make, settings: Any) -> None:
    edit = make_edit()
    mine = claim(edit)
    lose_lease(edit)
    # Nobody took it meanwhile, so it is still ours.
    assert claims.report(mine, EditEvent.Kind.PROGRESS, {})
    edit.refresh_from_db()
    left = (edit.lease_until - timezone.now()).total_seconds()
    assert settings.LEASE_SECONDS - 1 < left <= settings.LEASE_SECONDS


def test_the_sweep_sends_again_what_lost_its_worker(
    make_edit: Make, sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    edit = make_edit()
    claim(edit)
    assert claims.sweep_edits() == 0
    lose_lease(edit)
    assert claims.sweep_edits() == 1
    assert sent == [(RUN_EDIT, str(edit.pk), "interactive")]
    assert claims.sweep_edits() == 0  # not every second the same


def test_the_sweep_gives_up_after_as_many_attempts_as_there_are(
    make_edit: Make, settings: Any
) -> None:
    edit = make_edit()
    for attempt in range(settings.MAX_ATTEMPTS):
        assert claim(edit).attempt == attempt + 1
        lose_lease(edit)
    assert claims.claim_edit(edit.pk, "one too many") is None
    assert claims.sweep_edits() == 0
    edit.refresh_from_db()
    assert (edit.status, edit.code) == (Status.FAILED, "worker_lost")
    assert kinds(edit)[-1] == "failed"


def test_the_sweep_cancels_what_was_to_stop_when_its_worker_died(make_edit: Make) -> None:
    edit = make_edit()
    claim(edit)
    cancel_edit(edit)
    assert claims.sweep_edits() == 0
    edit.refresh_from_db()
    assert edit.status == Status.RUNNING
    lose_lease(edit)
    assert claims.claim_edit(edit.pk, "second") is None
    claims.sweep_edits()
    edit.refresh_from_db()
    assert edit.status == Status.CANCELLED


def test_a_lost_message_is_sent_again_later_and_later(make_edit: Make, sent: list[Any]) -> None:
    edit = make_edit()
    waits = []
    for _ in range(4):
        edit.refresh_from_db()
        now = edit.sent_at
        wait = next(s for s in range(1, 100) if claims.is_due(edit, now + timedelta(seconds=s)))
        waits.append(wait)
        claims.send_again(edit, now + timedelta(seconds=wait))
    assert waits == [2, 4, 8, 16]
    assert len(sent) == 4


def test_a_fresh_worker_gets_what_waits_at_once(make_edit: Make, sent: list[Any]) -> None:
    edit = make_edit()
    assert claims.sweep_edits() == 0
    assert claims.sweep_edits(fresh=True) == 1
    assert sent == [(RUN_EDIT, str(edit.pk), "interactive")]


def test_retry_gives_a_failed_edit_new_attempts(make_edit: Make, settings: Any) -> None:
    edit = make_edit()
    for _ in range(settings.MAX_ATTEMPTS):
        claim(edit)
        lose_lease(edit)
    claims.sweep_edits()
    retried = retry_edit(edit)
    assert (retried.status, retried.code, retried.ended_at) == (Status.QUEUED, "", None)
    mine = claim(edit)
    assert mine.attempt == settings.MAX_ATTEMPTS + 1
    assert finish(mine)
    with pytest.raises(Conflict):
        retry_edit(edit)


def test_an_edit_of_an_expired_photo_is_not_begun(make_edit: Make) -> None:
    edit = make_edit()
    edit.photo.expires_at = timezone.now()
    edit.photo.save()
    assert claims.claim_edit(edit.pk, "late") is None
