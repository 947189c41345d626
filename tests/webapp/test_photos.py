"""Photos over the API."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from webapp import media
from webapp.accounts.models import User
from webapp.celery import FIND_FACES
from webapp.edits.models import Edit
from webapp.photos import services
from webapp.photos.models import FacesState, Photo

pytestmark = pytest.mark.django_db


def send(api: Client, data: bytes, name: str = "me.jpg") -> Any:
    file = BytesIO(data)
    file.name = name
    return api.post("/api/v1/photos/", {"file": file})


def test_a_photo_is_kept_and_sent_to_a_worker(
    api: Client, astronaut_jpeg: bytes, sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = send(api, astronaut_jpeg, "C:\\pictures\\Eileen.jpeg")
    assert answer.status_code == 201
    told = answer.json()
    assert (told["width"], told["height"], told["name"]) == (512, 512, "Eileen.jpeg")
    assert (told["faces"], told["faces_state"]) == (None, "pending")
    photo = Photo.objects.get()
    assert answer["Location"] == f"/api/v1/photos/{photo.pk}/"
    assert media.read(photo.file) == astronaut_jpeg
    assert sent == [(FIND_FACES, str(photo.pk), "interactive")]
    hours = (photo.expires_at - timezone.now()) / timedelta(hours=1)
    assert 23.9 < hours <= 24


def test_faces_are_told_without_their_landmarks(
    api: Client, make_photo: Callable[..., Photo]
) -> None:
    photo = make_photo(faces=2)
    told = api.get(f"/api/v1/photos/{photo.pk}/").json()
    assert [face["index"] for face in told["faces"]] == [0, 1]
    assert set(told["faces"][0]) == {"index", "box", "pose"}
    assert told["faces_state"] == "found"


def bomb() -> bytes:
    """A PNG of 60,000 x 60,000 pixels in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 999))
        + chunk(b"IEND", b"")
    )


def animated() -> bytes:
    out = BytesIO()
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def tiny() -> bytes:
    out = BytesIO()
    Image.new("RGB", (1, 1)).save(out, "PNG")
    return out.getvalue()


def cut_short() -> bytes:
    out = BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (256, 256, 3), dtype=np.uint8)
    Image.fromarray(noise).save(out, "JPEG")
    return out.getvalue()[:9000]


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "photo_unreadable"),
        (b"just words, no picture\n" * 20, 422, "photo_unreadable"),
        (cut_short(), 422, "photo_unreadable"),
        (bomb(), 413, "photo_too_large"),
        (animated(), 415, "photo_unsupported"),
        (tiny(), 422, "photo_too_small"),
    ],
    ids=["empty", "text", "truncated", "bomb", "animated", "1x1"],
)
def test_what_is_no_photo_is_refused_and_not_kept(
    api: Client, media_folder: Path, sent: list[Any], data: bytes, status: int, code: str
) -> None:
    answer = send(api, data)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert (told["code"], told["status"], told["type"]) == (code, status, "about:blank")
    assert told["detail"]
    assert not Photo.objects.exists()
    assert not media_folder.exists() or not any(media_folder.rglob("*"))
    assert sent == []


def test_too_many_bytes_are_refused(api: Client, astronaut_jpeg: bytes, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    answer = send(api, astronaut_jpeg)
    assert (answer.status_code, answer.json()["code"]) == (413, "photo_too_large")


def test_a_post_without_a_file_is_told_what_is_missing(api: Client) -> None:
    for body in ({}, {"file": "words"}):
        answer = api.post("/api/v1/photos/", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
        assert "file" in answer.json()["detail"]
    answer = api.post("/api/v1/photos/", "{}", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unsupported")


def test_picture_and_thumbnail_are_upright_and_small(api: Client) -> None:
    wide = Image.new("RGB", (3000, 1000), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    out = BytesIO()
    wide.save(out, "JPEG", exif=exif)
    told = send(api, out.getvalue()).json()
    assert (told["width"], told["height"]) == (1000, 3000)
    picture = api.get(told["picture"])
    assert Image.open(BytesIO(picture.content)).size == (683, 2048)
    thumbnail = api.get(told["thumbnail"])
    assert max(Image.open(BytesIO(thumbnail.content)).size) == 320
    assert thumbnail["Content-Type"] == "image/jpeg"
    again = api.get(told["thumbnail"], headers={"if-none-match": thumbnail["ETag"]})
    assert again.status_code == 304


def test_delete_removes_every_file(
    api: Client, make_photo: Callable[..., Photo], make_edit: Callable[..., Edit],
    media_folder: Path, astronaut_jpeg: bytes,
) -> None:  # fmt: skip
    photo = make_photo(astronaut_jpeg)
    edit = make_edit(photo)
    media.write(f"{edit.folder}/result-1.jpg", b"x")
    media.write(f"{edit.folder}/preview-1-1.jpg", b"x")
    api.get(f"/api/v1/photos/{photo.pk}/thumbnail/")
    assert len([path for path in media_folder.rglob("*") if path.is_file()]) == 4
    assert api.delete(f"/api/v1/photos/{photo.pk}/").status_code == 204
    assert not [path for path in media_folder.rglob("*") if path.is_file()]
    assert not Photo.objects.exists()
    assert not Edit.objects.exists()
    assert api.get(f"/api/v1/photos/{photo.pk}/").status_code == 404


def test_an_expired_photo_is_gone_at_once_and_deleted_by_the_sweep(
    api: Client,
    make_photo: Callable[..., Photo],
    make_edit: Callable[..., Edit],
    media_folder: Path,
) -> None:
    photo = make_photo(expires_at=timezone.now() - timedelta(seconds=1))
    edit = make_edit(photo)
    fresh = make_photo()
    assert api.get(f"/api/v1/photos/{photo.pk}/").status_code == 404
    assert api.get(f"/api/v1/edits/{edit.pk}/").status_code == 404
    assert services.delete_expired() == 1
    assert list(Photo.objects.all()) == [fresh]
    assert [path.name for path in media_folder.rglob("*") if path.is_file()] == ["photo.jpg"]


@pytest.mark.parametrize("rest", ["", "file/", "picture/", "thumbnail/"])
def test_another_persons_photo_is_not_there(
    api: Client, make_photo: Callable[..., Photo], stranger: User, rest: str
) -> None:
    photo = make_photo(owner=stranger)
    answer = api.get(f"/api/v1/photos/{photo.pk}/{rest}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert api.delete(f"/api/v1/photos/{photo.pk}/").status_code == 404
    assert api.get("/api/v1/photos/").json()["results"] == []


def test_the_list_is_newest_first(api: Client, make_photo: Callable[..., Photo]) -> None:
    first, second = make_photo(), make_photo()
    ids = [photo["id"] for photo in api.get("/api/v1/photos/").json()["results"]]
    assert ids == [str(second.pk), str(first.pk)]
    page = api.get("/api/v1/photos/?limit=1").json()
    assert [photo["id"] for photo in page["results"]] == [str(second.pk)]
    assert page["next"]


def test_faces_that_nobody_looked_for_are_asked_for_again_and_then_given_up(
    make_photo: Callable[..., Photo], sent: list[Any]
) -> None:
    photo = make_photo(faces=None, faces_sends=1, faces_sent_at=timezone.now())
    assert services.resend_faces() == 0
    Photo.objects.update(faces_sent_at=timezone.now() - timedelta(minutes=5))
    assert services.resend_faces() == 1
    assert sent == [(FIND_FACES, str(photo.pk), "interactive")]
    Photo.objects.update(
        faces_sends=services.FACES_ATTEMPTS, faces_sent_at=timezone.now() - timedelta(minutes=5)
    )
    assert services.resend_faces() == 0
    photo.refresh_from_db()
    assert (photo.faces_state, photo.faces_code) == (FacesState.FAILED, "worker_lost")


def test_faces_are_kept_once(make_photo: Callable[..., Photo], face: Callable[..., Any]) -> None:
    photo = make_photo(faces=None)
    assert services.keep_faces(photo.pk, [face()])
    assert not services.keep_faces(photo.pk, [])
    photo.refresh_from_db()
    assert photo.faces == [face()]


def test_folders_that_no_photo_has_are_deleted_when_they_are_old(
    make_photo: Callable[..., Photo], media_folder: Path
) -> None:
    photo = make_photo()
    orphan = f"photos/ab/{uuid4()}"
    media.write(f"{orphan}/photo.jpg", b"left by a process that died")
    assert services.delete_orphans() == 0
    long_ago = time() - services.ORPHAN_AGE.total_seconds() - 60
    for folder in media_folder.glob("photos/*/*"):
        os.utime(folder, (long_ago, long_ago))
    assert services.delete_orphans() == 1
    assert not media.path_of(orphan).exists()
    assert media.path_of(photo.file).exists()
