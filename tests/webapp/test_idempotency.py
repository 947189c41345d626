"""The same key gives the same answer, and one thing is made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from webapp.accounts.models import User
from webapp.edits.models import Edit
from webapp.idempotency import services
from webapp.idempotency.models import KeptAnswer
from webapp.photos.models import FacesState, Photo

pytestmark = pytest.mark.django_db
Make = Callable[..., Any]


@pytest.fixture
def body(make_photo: Make) -> dict[str, Any]:
    return {"photo": str(make_photo().pk), "operation": "expression", "params": {"smile": 0.5}}


def post(api: Client, body: Any, key: str | None = "k") -> Any:
    headers = {} if key is None else {"idempotency-key": key}
    return api.post("/api/v1/edits/", body, content_type="application/json", headers=headers)


def upload(api: Client, data: bytes, name: str = "me.jpg", key: str = "k") -> Any:
    file = BytesIO(data)
    file.name = name
    return api.post("/api/v1/photos/", {"file": file}, headers={"idempotency-key": key})


def test_the_same_request_gives_the_same_answer(api: Client, body: Any) -> None:
    first = post(api, body)
    Edit.objects.update(status="failed")
    again = post(api, dict(reversed(body.items())))
    assert (again.status_code, again.json()) == (202, first.json())
    assert again["Location"] == first["Location"]
    assert again["Idempotent-Replayed"] == "true"
    assert not first.has_header("Idempotent-Replayed")
    assert Edit.objects.count() == 1


@pytest.mark.parametrize("change", [{"params": {"smile": 0.6}}, {"seed": 1}, {"colour": "red"}])
def test_another_body_is_a_conflict(api: Client, body: Any, change: Any) -> None:
    post(api, body)
    other = post(api, {**body, **change})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert Edit.objects.count() == 1


def test_the_key_of_a_photo_is_no_key_of_an_edit(
    api: Client, body: Any, astronaut_jpeg: bytes
) -> None:
    assert upload(api, astronaut_jpeg).status_code == 201
    assert post(api, body).json()["code"] == "idempotency_conflict"


def test_a_photo_is_kept_once(api: Client, astronaut_jpeg: bytes, astronaut_png: bytes) -> None:
    first = upload(api, astronaut_jpeg)
    again = upload(api, astronaut_jpeg)
    assert (again.status_code, again.json()) == (201, first.json())
    assert Photo.objects.count() == 1
    assert upload(api, astronaut_png).json()["code"] == "idempotency_conflict"
    assert upload(api, astronaut_jpeg, "you.jpg").json()["code"] == "idempotency_conflict"
    assert upload(api, astronaut_jpeg, key="other").status_code == 201
    assert Photo.objects.count() == 2


def test_the_answer_to_a_photo_has_the_faces_that_were_waited_for(
    api: Client, astronaut_jpeg: bytes, monkeypatch: pytest.MonkeyPatch, face: Make
) -> None:
    def found(photo: Photo) -> None:
        assert KeptAnswer.objects.get().status == 201  # a crash in the wait doubles nothing
        photo.faces, photo.faces_state = [face()], FacesState.FOUND

    monkeypatch.setattr("webapp.photos.api.wait_for_faces", found)
    assert len(upload(api, astronaut_jpeg).json()["faces"]) == 1
    assert len(upload(api, astronaut_jpeg).json()["faces"]) == 1


def test_what_is_refused_frees_its_key(api: Client, body: Any) -> None:
    assert post(api, {**body, "params": {"smile": 2}}).status_code == 422
    assert not KeptAnswer.objects.exists()
    assert post(api, body).status_code == 202


def test_a_request_that_is_worked_on_is_told_so(api: Client, body: Any) -> None:
    post(api, body)
    KeptAnswer.objects.update(status=None)
    meanwhile = post(api, body)
    assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "idempotency_in_progress")
    assert meanwhile["Retry-After"] == "1"


def test_a_request_that_died_is_taken_over(api: Client, body: Any) -> None:
    post(api, body)
    Edit.objects.all().delete()
    KeptAnswer.objects.update(status=None, began=timezone.now() - services.PATIENCE)
    assert post(api, body).status_code == 202
    assert Edit.objects.count() == 1


def test_who_was_taken_over_makes_nothing(
    api: Client, body: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = services.Once.keep

    def overtaken(self: Any, response: Any) -> Any:
        KeptAnswer.objects.update(claim="another")
        return make(self, response)

    monkeypatch.setattr(services.Once, "keep", overtaken)
    late = post(api, body)
    assert (late.status_code, late.json()["code"]) == (409, "idempotency_in_progress")
    assert not Edit.objects.exists()


def test_after_a_day_the_key_is_free(api: Client, body: Any) -> None:
    first = post(api, body)
    KeptAnswer.objects.update(began=timezone.now() - services.KEPT)
    other = post(api, {**body, "seed": 3})
    assert other.status_code == 202
    assert other.json()["id"] != first.json()["id"]
    assert post(api, {**body, "seed": 3}).json() == other.json()
    KeptAnswer.objects.update(began=timezone.now() - services.KEPT - timedelta(seconds=1))
    assert services.delete_old_answers() == 1


def test_keys_of_two_people_do_not_meet(
    api: Client, body: Any, stranger: User, make_photo: Make
) -> None:
    KeptAnswer.objects.create(owner=stranger, key="k", digest="x", claim="y", status=202, body="{}")
    assert post(api, body).status_code == 202


@pytest.mark.parametrize("key", ["", "k" * 201, "a\tb", "é"])
def test_a_key_that_is_none_is_refused(api: Client, body: Any, key: str) -> None:
    answer = post(api, body, key)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    assert not Edit.objects.exists()
