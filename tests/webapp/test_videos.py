"""Videos over the API: kept beside photos, asked for what a video can be asked for."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from PIL import Image

from tests.editing.clips import write_clip
from tests.webapp.test_photos import send
from webapp import media
from webapp.celery import RUN_EDIT
from webapp.edits.models import Edit
from webapp.photos.models import Photo
from webapp.photos.videos import video_suffix

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    ramp = np.mgrid[0:120, 0:160][1].astype(np.uint8)
    frames = [np.repeat(ramp[..., None], 3, axis=2)] * 50
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return write_clip(path, frames, sound=False).read_bytes()


@pytest.fixture
def video(api: Client, clip: bytes) -> Photo:
    answer = send(api, clip, "party.mp4")
    assert answer.status_code == 201, answer.content
    return Photo.objects.get(pk=answer.json()["id"])


def ask(api: Client, video: Photo, **more: Any) -> Any:
    asked = {"photo": str(video.pk), "operation": "deidentify", **more}
    return api.post("/api/v1/edits/", asked, content_type="application/json")


def test_a_video_is_kept_and_nobody_looks_for_faces(
    api: Client, clip: bytes, sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        told = send(api, clip, "party.mp4").json()
    assert told["video"] == {"seconds": 2.0, "frames_per_second": 25.0}
    assert (told["format"], told["width"], told["height"]) == ("MP4", 160, 120)
    assert (told["faces"], told["faces_state"]) == (None, "found")
    assert sent == []
    assert media.read(Photo.objects.get().file) == clip


def test_it_is_played_in_parts_and_seen_as_a_picture(
    api: Client, video: Photo, clip: bytes
) -> None:
    address = f"/api/v1/photos/{video.pk}"
    part = api.get(f"{address}/file/", headers={"range": "bytes=0-99"})
    assert (part.status_code, part["Content-Type"]) == (206, "video/mp4")
    assert part.content == clip[:100]
    picture = api.get(f"{address}/picture/")
    assert picture["Content-Type"] == "image/jpeg"
    assert Image.open(BytesIO(picture.content)).size == (160, 120)


def test_an_edit_of_it_waits_behind_people(
    api: Client, video: Photo, sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = ask(api, video, params={"method": "blur"})
    assert answer.status_code == 202, answer.content
    assert sent == [(RUN_EDIT, answer.json()["id"], "batch")]


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"operation": "age", "params": {"target_age": 60}}, "a video can be de-identified"),
        ({"params": {"also": [[1, 2, 30, 40]]}}, "boxes are for photos"),
        ({"params": {"strength": 0}}, "leaves a video as it is"),
    ],
    ids=["age", "boxes", "nothing"],
)
def test_what_a_video_cannot_be_asked_for_is_refused(
    api: Client, video: Photo, more: dict[str, Any], word: str
) -> None:
    answer = ask(api, video, **more)
    assert answer.status_code in (400, 422)
    assert word in answer.json()["detail"]
    assert not Edit.objects.exists()


def test_a_mask_is_refused(api: Client, video: Photo) -> None:
    mask = BytesIO()
    Image.new("L", (160, 120), 255).save(mask, "PNG")
    mask.name = "mask.png"
    mask.seek(0)
    asked = {"photo": str(video.pk), "operation": "deidentify", "mask": mask}
    answer = api.post("/api/v1/edits/", asked)
    assert answer.status_code in (400, 422)
    assert "faces move" in answer.json()["detail"]


def test_a_broken_video_is_refused_and_its_place_is_not_told(
    api: Client, clip: bytes, settings: Any
) -> None:
    answer = send(api, clip[: len(clip) // 3], "cut.mp4")
    assert answer.status_code in (400, 415, 422)
    assert answer.json()["code"] == "video_unreadable"
    assert str(settings.MEDIA_ROOT) not in answer.content.decode()
    assert not list(Path(settings.MEDIA_ROOT).glob("photos/*/*"))


def test_kinds_are_told_by_their_first_bytes(clip: bytes, astronaut_jpeg: bytes) -> None:
    assert video_suffix(clip) == ".mp4"
    assert video_suffix(astronaut_jpeg) is None
    heic = BytesIO()
    Image.new("RGB", (64, 64)).save(heic, "AVIF")
    assert video_suffix(heic.getvalue()) is None
    assert video_suffix(b"\x1aE\xdf\xa3" + b"\0" * 20 + b"webm") == ".webm"
    assert video_suffix(b"") is None
