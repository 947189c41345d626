"""What people do with edits: ask, cancel, try again. And the log that all writers share."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from editing.availability import check_available
from editing.errors import FaceUnknown, NoFace, RequestInvalid
from editing.operations import find_operation
from editing.request import MAX_SEED, EditRequest
from editing.video.request import check_video_request
from webapp import celery, hub, media
from webapp.accounts.models import User
from webapp.batches.items import follow
from webapp.batches.models import Batch
from webapp.edits.models import Edit, EditEvent, Status
from webapp.edits.serializers import EditSerializer
from webapp.errors import Conflict
from webapp.photos.models import FacesState, Photo
from webapp.webhooks.models import Event
from webapp.webhooks.services import emit

Kind = EditEvent.Kind
TOLD_TO_WEBHOOKS = {
    Kind.DONE: Event.EDIT_DONE,
    Kind.FAILED: Event.EDIT_FAILED,
    Kind.CANCELLED: Event.EDIT_CANCELLED,
}
FIRST_RESEND = timedelta(seconds=2)
LONGEST_RESEND = timedelta(seconds=60)


def record(edit: UUID, kind: EditEvent.Kind, data: dict[str, Any] | None = None) -> EditEvent:
    """Write one event, in the transaction that changes the edit; wake the listeners after it.
    The item of a batch that the edit is made for follows it; webhooks are told of its end.

    The edit's row must have been written or locked first: that keeps an edit's events in the
    order of their ids on a database with several writers.
    """
    event = EditEvent.objects.create(edit_id=edit, kind=kind, data=data or {})
    if kind not in (Kind.PROGRESS, Kind.PREVIEW):
        follow(edit, kind, event.data)
    if kind in TOLD_TO_WEBHOOKS:
        _tell_webhooks(edit, TOLD_TO_WEBHOOKS[kind])
    transaction.on_commit(lambda: hub.nudge(hub.edit_topic(edit)))
    return event


def _tell_webhooks(id: UUID, event: Event) -> None:
    owner = Edit.objects.values_list("owner", flat=True).get(pk=id)
    emit(owner, event, lambda: EditSerializer(Edit.objects.get(pk=id)).data)


def create_edit(
    owner: User,
    photo: Photo,
    request: EditRequest,
    parent: Edit | None = None,
    mask: bytes | None = None,
    batch: Batch | None = None,
    token: str = "",
) -> Edit:
    """Queue an edit; ``mask`` is a grey PNG of the photo's size, ``token`` the id of who asks.

    An edit of a batch waits behind all others, and so does one of a video, which takes long.

    Raises:
        NoFace, FaceUnknown: the faces of the photo are known, and none fits.
        EngineUnavailable: the operation has no such engine, or it cannot be used here.
        LicenceRefused: the licence setting refuses its weights.
        Conflict: the parent has no result.
        RequestInvalid: the parent is an edit of another photo, or a video cannot be asked for that.
    """
    _check(photo, request, parent)
    edit = Edit(
        owner=owner,
        photo=photo,
        parent=parent,
        operation=request.operation,
        params=request.params,
        faces=request.faces,
        engine=request.engine,
        seed=request.seed if request.seed is not None else secrets.randbelow(MAX_SEED + 1),
        last_attempt=settings.MAX_ATTEMPTS,
        batch=batch,
        token=token,
        sends=1,
        sent_at=timezone.now(),
        queue="interactive" if batch is None and not photo.is_video else "batch",
    )
    if mask is not None:
        edit.mask = f"{edit.folder}/mask.png"
        media.write(edit.mask, mask)
    try:
        with transaction.atomic():
            edit.save(force_insert=True)
            _send(edit)
    except BaseException:
        media.delete_folder(edit.folder)
        raise
    return edit


def cancel_edit(edit: Edit) -> Edit:
    """Cancel: at once while it waits, at the next progress report while it runs.

    Raises:
        Conflict: it is done or has failed.
    """
    with transaction.atomic():
        edit = _locked(edit.pk)
        if edit.status == Status.QUEUED:
            edit.status = Status.CANCELLED
            edit.ended_at = timezone.now()
            edit.save(update_fields=["status", "ended_at"])
            record(edit.pk, Kind.CANCELLED)
        elif edit.status == Status.RUNNING:
            edit.cancel_requested = True
            edit.save(update_fields=["cancel_requested"])
        elif edit.status != Status.CANCELLED:
            raise Conflict(
                f"The edit is {edit.status} already; only a waiting or running one stops."
            )
    return edit


def retry_edit(edit: Edit) -> Edit:
    """Queue a failed or cancelled edit again, with as many attempts as a new one has.

    Raises:
        Conflict: it waits, runs or is done.
    """
    with transaction.atomic():
        edit = _locked(edit.pk)
        if edit.status not in (Status.FAILED, Status.CANCELLED):
            raise Conflict(
                f"The edit is {edit.status}; only a failed or cancelled one is tried again."
            )
        edit.status = Status.QUEUED
        edit.last_attempt = edit.attempt + settings.MAX_ATTEMPTS
        edit.cancel_requested = False
        edit.code = edit.message = edit.holder = ""
        edit.started_at = edit.ended_at = edit.lease_until = None
        edit.sends, edit.sent_at = 1, timezone.now()
        edit.save()
        _send(edit)
    return edit


def send_again(edit: Edit, now: datetime) -> None:
    """Send the id of an edit whose message may be lost; each time a little later."""
    same = Edit.objects.filter(pk=edit.pk, sends=edit.sends, status=edit.status)
    if same.update(sends=edit.sends + 1, sent_at=now):
        celery.send(celery.RUN_EDIT, edit.pk, edit.queue)


def is_due(edit: Edit, now: datetime) -> bool:
    """Return whether it is time to send the id once more."""
    if edit.sent_at is None:
        return True
    return now >= edit.sent_at + min(FIRST_RESEND * 2 ** min(edit.sends - 1, 10), LONGEST_RESEND)


def _send(edit: Edit) -> None:
    """Log that the edit waits, and send its id when that is committed."""
    record(edit.pk, Kind.QUEUED)
    transaction.on_commit(lambda: celery.send(celery.RUN_EDIT, edit.pk, edit.queue))


def _locked(id: UUID) -> Edit:
    return Edit.objects.select_for_update(of=("self",)).select_related("photo").get(pk=id)


def _check(photo: Photo, request: EditRequest, parent: Edit | None) -> None:
    check_available(find_operation(request.operation), request.engine)
    if photo.is_video:
        _check_video(request, parent)
        return
    if parent is not None:
        if parent.photo_id != photo.pk:
            raise RequestInvalid("parent: it is an edit of another photo")
        if parent.status != Status.DONE:
            raise Conflict(f"The parent is {parent.status}; an edit goes on from one that is done.")
        if parent.variants:
            raise RequestInvalid(
                "parent: it has several results; an edit goes on from one that has a single one"
            )
        return
    if photo.faces_state != FacesState.FOUND:
        return
    faces = photo.faces or []
    if not faces and not request.checked_params().added_faces():
        raise NoFace("there is no face in the photo")
    if isinstance(request.faces, list):
        for index in request.faces:
            if index >= len(faces):
                raise FaceUnknown(f"there is no face {index}; the photo has {len(faces)}")


def _check_video(request: EditRequest, parent: Edit | None) -> None:
    check_video_request(request)
    if parent is not None:
        raise RequestInvalid("parent: an edit of a video begins with the video itself")
