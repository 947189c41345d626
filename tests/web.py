"""Fixtures of the tests that need rows: media in a folder of their own, messages caught."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from editing.request import read_request
from tests.database import django_db_modify_db_settings
from tests.openapi import check_every_answer
from webapp import celery, media
from webapp.accounts.models import User
from webapp.accounts.services import local_owner
from webapp.edits.models import Edit
from webapp.edits.services import create_edit
from webapp.photos.models import FacesState, Photo

__all__ = [
    "django_db_modify_db_settings",
    "answers_are_as_documented",
    "face",
    "media_folder",
    "owner",
    "make_edit",
    "make_photo",
    "no_memory_of_guesses",
    "sent",
    "stranger",
]


def a_face(index: int = 0) -> dict[str, Any]:
    return {
        "index": index,
        "box": [10, 20, 110, 140],
        "pose": {"yaw": 1.0, "pitch": -2.0, "roll": 0.5},
        "score": 1.5,
        "landmarks": "AAAA",
    }


@pytest.fixture
def face() -> Callable[[int], dict[str, Any]]:
    return a_face


@pytest.fixture(autouse=True)
def media_folder(settings: Any, tmp_path: Path) -> Path:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture(autouse=True)
def no_memory_of_guesses() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[list[tuple[str, str, str]]]:
    """The messages that went to the queue: task, id, queue. No worker listens."""
    messages: list[tuple[str, str, str]] = []
    monkeypatch.setattr(
        celery, "send", lambda task, id, queue: messages.append((task, str(id), queue))
    )
    settings.FACES_WAIT_SECONDS = 0
    yield messages


@pytest.fixture(autouse=True)
def answers_are_as_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    check_every_answer(monkeypatch)


@pytest.fixture
def owner(db: None) -> User:
    return local_owner()


@pytest.fixture
def stranger(db: None) -> User:
    return User.objects.create_user("stranger", password="a long secret")


@pytest.fixture
def make_photo(owner: User) -> Callable[..., Photo]:
    def make(data: bytes = b"not looked at", faces: int | None = 1, **values: Any) -> Photo:
        values = {
            "owner": owner,
            "name": "face.jpg",
            "format": "JPEG",
            "width": 512,
            "height": 512,
            "bytes": len(data),
            "sha256": "0" * 64,
            "expires_at": timezone.now() + timedelta(hours=1),
            "faces": None if faces is None else [a_face(n) for n in range(faces)],
            "faces_state": FacesState.PENDING if faces is None else FacesState.FOUND,
            **values,
        }
        photo = Photo(**values)
        photo.file = f"{photo.folder}/photo.jpg"
        photo.save()
        media.write(photo.file, data)
        return photo

    return make


@pytest.fixture
def make_edit(make_photo: Callable[..., Photo]) -> Callable[..., Edit]:
    def make(photo: Photo | None = None, parent: Edit | None = None, **asked: Any) -> Edit:
        asked = {"operation": "expression", "params": {"smile": 0.5}, **asked}
        photo = photo or make_photo()
        return create_edit(photo.owner, photo, read_request(asked), parent)

    return make
