"""An upload answers when its faces are found, and not much later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from io import BytesIO
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from webapp.photos.models import Photo
from webapp.photos.services import keep_faces

pytestmark = pytest.mark.django_db(transaction=True)


def find_faces_soon(face: Callable[..., Any]) -> None:
    """As a worker does, in another process: here in another thread, with a connection of its own."""
    try:
        deadline = monotonic() + 10
        while monotonic() < deadline:
            if photo := Photo.objects.first():
                keep_faces(photo.pk, [face(), face(1)])
                return
            sleep(0.02)
    finally:
        connection.close()


def upload(data: bytes) -> Any:
    return (
        Client(headers={"host": "localhost"})
        .post("/api/v1/photos/", {"file": BytesIO(data)})
        .json()
    )


def test_an_upload_waits_for_its_faces(astronaut_jpeg: bytes, face: Any, settings: Any) -> None:
    settings.FACES_WAIT_SECONDS = 20
    worker = threading.Thread(target=find_faces_soon, args=(face,))
    worker.start()
    started = monotonic()
    told = upload(astronaut_jpeg)
    worker.join()
    assert [one["index"] for one in told["faces"]] == [0, 1]
    assert told["faces_state"] == "found"
    assert monotonic() - started < 4  # woken, and not by the safety wait of 5 s


def test_an_upload_does_not_wait_for_ever(astronaut_jpeg: bytes, settings: Any) -> None:
    settings.FACES_WAIT_SECONDS = 0.3
    told = upload(astronaut_jpeg)
    assert (told["faces"], told["faces_state"]) == (None, "pending")
