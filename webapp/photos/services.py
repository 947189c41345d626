"""Keeping photos, having their faces found, and deleting them with all that was made of them."""

from __future__ import annotations

import logging
import mimetypes
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from editing.photo import Limits, decode_photo
from webapp import celery, hub, media
from webapp.accounts.models import User
from webapp.photos.models import FacesState, Photo

log = logging.getLogger(__name__)

EXTENSIONS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "HEIF": "heic", "AVIF": "avif",
              "TIFF": "tif", "GIF": "gif", "BMP": "bmp"}  # fmt: skip
FACES_ATTEMPTS = 5
ORPHAN_AGE = timedelta(minutes=10)
FACES_PATIENCE = timedelta(seconds=4)


def extension_of(format: str) -> str:
    """Return the usual file name ending of one of Pillow's formats."""
    return EXTENSIONS.get(format, format.lower())


def media_type_of(name: str) -> str:
    """Return the media type of a file of ours by its name."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def store_photo(
    owner: User,
    data: bytes,
    name: str,
    then: Callable[[Photo], object] | None = None,
    expires_at: datetime | None = None,
    find: bool = True,
) -> Photo:
    """Keep a photo, for the usual time if ``expires_at`` is None, and have its faces found.

    ``then`` is called in the transaction that keeps it. With ``find`` False nobody looks for faces
    before the first edit does.

    Raises:
        PhotoTooLarge, PhotoTooSmall, PhotoUnreadable, PhotoUnsupported: nothing was kept.
    """
    decoded = decode_photo(data, Limits(max_bytes=settings.MAX_UPLOAD_BYTES))
    now = timezone.now()
    photo = Photo(
        id=uuid4(),
        owner=owner,
        name=PurePath(name.replace("\\", "/")).name.replace("\0", "")[:200] or "photo",
        format=decoded.format,
        width=decoded.width,
        height=decoded.height,
        bytes=len(data),
        sha256=decoded.sha256,
        faces_sends=1 if find else 0,
        faces_sent_at=now if find else None,
        expires_at=expires_at or now + timedelta(hours=settings.RETENTION_HOURS),
    )
    photo.file = f"{photo.folder}/photo.{extension_of(decoded.format)}"
    media.write(photo.file, data)
    try:
        with transaction.atomic():
            photo.save(force_insert=True)
            if find:
                transaction.on_commit(
                    lambda: celery.send(celery.FIND_FACES, photo.id, "interactive")
                )
            if then is not None:
                then(photo)
    except BaseException:
        media.delete_folder(photo.folder)
        raise
    return photo


def keep_faces(id: UUID, faces: list[dict[str, Any]]) -> bool:
    """Keep the faces that a worker found; return whether anybody still wanted them."""
    return _settle_faces(id, faces=faces, faces_state=FacesState.FOUND)


def fail_faces(id: UUID, code: str) -> bool:
    """Note that the faces cannot be found, and why."""
    return _settle_faces(id, faces_state=FacesState.FAILED, faces_code=code)


def _settle_faces(id: UUID, **values: Any) -> bool:
    with transaction.atomic():
        pending = Photo.objects.filter(pk=id, faces_state=FacesState.PENDING)
        changed = pending.update(**values)
        transaction.on_commit(lambda: hub.nudge(hub.photo_topic(id)))
    return bool(changed)


def wanted_faces() -> QuerySet[Photo]:
    """Return the photos whose faces somebody waits for, the oldest first."""
    pending = Photo.objects.filter(faces_state=FacesState.PENDING, faces_sends__gt=0)
    return pending.order_by("created")


def resend_faces() -> int:
    """Send again the photos whose faces nobody found in time; return how many.

    Each waits longer than the last; after some the photo is marked as one that no worker survives.
    """
    now = timezone.now()
    sent = 0
    for photo in wanted_faces()[:20]:
        if photo.faces_sent_at and now < photo.faces_sent_at + FACES_PATIENCE * photo.faces_sends:
            continue
        if photo.faces_sends >= FACES_ATTEMPTS:
            fail_faces(photo.id, "worker_lost")
            continue
        again = Photo.objects.filter(pk=photo.pk, faces_sends=photo.faces_sends)
        if again.update(faces_sends=F("faces_sends") + 1, faces_sent_at=now):
            celery.send(celery.FIND_FACES, photo.pk, "interactive")
            sent += 1
    return sent


def delete_photo(photo: Photo) -> None:
    """Delete a photo, its edits, and every file that was made of it."""
    folder = photo.folder
    photo.delete()
    media.delete_folder(folder)


def delete_expired() -> int:
    """Delete the photos whose time is over; return how many."""
    expired = list(Photo.objects.filter(expires_at__lte=timezone.now())[:100])
    for photo in expired:
        delete_photo(photo)
    return len(expired)


def delete_orphans() -> int:
    """Delete the folders that no photo has, left by a process that died or came too late; return how many.

    A folder is written before its row: only what is older than ``ORPHAN_AGE`` counts.
    """
    old = (timezone.now() - ORPHAN_AGE).timestamp()
    folders = [path for path in media.path_of("photos").glob("*/*") if path.stat().st_mtime < old]
    deleted = 0
    for folder in folders:
        if not Photo.objects.filter(pk=folder.name).exists():
            media.delete_folder(f"photos/{folder.parent.name}/{folder.name}")
            deleted += 1
    return deleted
