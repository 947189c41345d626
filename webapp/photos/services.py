"""Keeping photos, having their faces found, and deleting them with all that was made of them."""

from __future__ import annotations

import hashlib
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
from webapp.photos.videos import look_at_video, video_suffix

log = logging.getLogger(__name__)

EXTENSIONS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "HEIF": "heic", "AVIF": "avif",
              "TIFF": "tif", "GIF": "gif", "BMP": "bmp"}  # fmt: skip
VIDEOS = {".mkv": "video/x-matroska", ".m4v": "video/x-m4v"}  # which not every machine knows
FACES_ATTEMPTS = 5
ORPHAN_AGE = timedelta(minutes=10)
FACES_PATIENCE = timedelta(seconds=4)


def extension_of(format: str) -> str:
    """Return the usual file name ending of one of Pillow's formats."""
    return EXTENSIONS.get(format, format.lower())


def media_type_of(name: str) -> str:
    """Return the media type of a file of ours by its name."""
    kind = mimetypes.guess_type(name)[0] or VIDEOS.get(PurePath(name).suffix)
    return kind or "application/octet-stream"


def store_photo(
    owner: User,
    data: bytes,
    name: str,
    then: Callable[[Photo], object] | None = None,
    expires_at: datetime | None = None,
    find: bool = True,
) -> Photo:
    """Keep a photo or a video, for the usual time if ``expires_at`` is None, and have the faces of a
    photo found.

    ``then`` is called in the transaction that keeps it. With ``find`` False nobody looks for faces
    before the first edit does.

    Raises:
        PhotoTooLarge, PhotoTooSmall, PhotoUnreadable, PhotoUnsupported, VideoTooLarge,
        VideoUnreadable: nothing was kept.
    """
    now = timezone.now()
    photo = Photo(
        id=uuid4(),
        owner=owner,
        name=PurePath(name.replace("\\", "/")).name.replace("\0", "")[:200] or "photo",
        bytes=len(data),
        expires_at=expires_at or now + timedelta(hours=settings.RETENTION_HOURS),
    )
    suffix = video_suffix(data)
    try:
        if suffix is None:
            _write_photo(photo, data)
        else:
            _write_video(photo, data, suffix)
        find = find and not photo.is_video
        if find:
            photo.faces_sends, photo.faces_sent_at = 1, now
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


def _write_photo(photo: Photo, data: bytes) -> None:
    decoded = decode_photo(data, Limits(max_bytes=settings.MAX_UPLOAD_BYTES))
    photo.format, photo.sha256 = decoded.format, decoded.sha256
    photo.width, photo.height = decoded.width, decoded.height
    photo.file = f"{photo.folder}/photo.{extension_of(decoded.format)}"
    media.write(photo.file, data)


def _write_video(photo: Photo, data: bytes, suffix: str) -> None:
    photo.format, photo.sha256 = suffix[1:].upper(), hashlib.sha256(data).hexdigest()
    photo.file = f"{photo.folder}/video{suffix}"
    media.write(photo.file, data)
    clip = look_at_video(media.path_of(photo.file))
    photo.width, photo.height = clip.width, clip.height
    photo.seconds, photo.frames_per_second = clip.seconds, round(float(clip.rate), 3)
    photo.faces_state = FacesState.FOUND


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
