"""Saved settings, and edits that start from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from webapp.accounts.models import User
from webapp.presets.models import Preset
from webapp.presets.services import create_preset

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/presets/"
SMILE = {"name": "a small smile", "operation": "expression", "params": {"smile": 0.3}}


def post(api: Client, body: Any, address: str = ADDRESS, **headers: str) -> Any:
    return api.post(address, body, content_type="application/json", headers=headers)


def patch(api: Client, address: str, body: Any, **headers: str) -> Any:
    return api.patch(address, body, content_type="application/json", headers=headers)


def test_a_preset_is_saved_changed_and_forgotten(api: Client) -> None:
    made = post(api, SMILE)
    assert made.status_code == 201
    address = made["Location"]
    assert {name: made.json()[name] for name in SMILE} == SMILE
    assert api.get(address).json() == made.json()
    changed = patch(api, address, {"params": {"pucker": 1}})
    assert changed.json()["params"] == {"pucker": 1}
    assert changed.json()["name"] == SMILE["name"]
    assert changed.json()["changed"] > made.json()["changed"]
    assert patch(api, address, {"name": "a kiss"}).json()["name"] == "a kiss"
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404


def test_the_list_is_narrowed_by_operation(api: Client, owner: User) -> None:
    post(api, SMILE)
    create_preset(owner, "older", "age", {"target_age": 60})
    rows = api.get(f"{ADDRESS}?operation=age").json()["results"]
    assert [row["name"] for row in rows] == ["older"]
    assert len(api.get(ADDRESS).json()["results"]) == 2


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"params": {"smile": 2}}, 422, "params_invalid"),
        ({"params": {"beard": 1}}, 422, "params_invalid"),
        ({"params": [1]}, 422, "request_invalid"),
        ({"operation": "levitate"}, 422, "operation_unknown"),
        ({"name": ""}, 422, "request_invalid"),
        ({"name": "x" * 81}, 422, "request_invalid"),
        ({"name": None}, 422, "request_invalid"),
        ({"colour": "red"}, 422, "request_invalid"),
    ],
)
def test_what_the_operation_does_not_take_is_refused(
    api: Client, change: Any, status: int, code: str
) -> None:
    answer = post(api, {**SMILE, **change})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Preset.objects.exists()


def test_a_change_is_checked_like_a_new_one(api: Client) -> None:
    address = post(api, SMILE)["Location"]
    assert patch(api, address, {"params": {"smile": 2}}).json()["code"] == "params_invalid"
    assert patch(api, address, {"operation": "age"}).json()["code"] == "request_invalid"
    assert api.get(address).json()["params"] == SMILE["params"]


def test_a_name_is_taken_once_per_operation(api: Client) -> None:
    first = post(api, SMILE)
    again = post(api, SMILE)
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")
    other = post(api, {**SMILE, "name": "other"})
    taken = patch(api, other["Location"], {"name": SMILE["name"]})
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    assert patch(api, first["Location"], {"name": SMILE["name"]}).status_code == 200


def test_the_same_key_saves_one(api: Client) -> None:
    first = post(api, SMILE, **{"idempotency-key": "k"})
    again = post(api, SMILE, **{"idempotency-key": "k"})
    assert (again.status_code, again.json()) == (201, first.json())


def test_who_has_seen_another_state_changes_nothing(api: Client) -> None:
    address = post(api, SMILE)["Location"]
    seen = api.get(address)["ETag"]
    assert patch(api, address, {"name": "first"}, **{"if-match": seen}).status_code == 200
    late = patch(api, address, {"name": "second"}, **{"if-match": seen})
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert api.delete(address, headers={"if-match": seen}).status_code == 412
    assert api.delete(address, headers={"if-match": "*"}).status_code == 204


def test_an_edit_starts_from_a_preset(api: Client, make_photo: Callable[..., Any]) -> None:
    preset = post(api, {**SMILE, "params": {"smile": 0.3, "pucker": 0.1}}).json()
    body = {"photo": str(make_photo().pk), "preset": preset["id"]}
    told = post(api, body, "/api/v1/edits/").json()
    assert (told["operation"], told["params"]) == ("expression", preset["params"])
    over = {**body, "operation": "expression", "params": {"smile": 0.9}}
    assert post(api, over, "/api/v1/edits/").json()["params"] == {"smile": 0.9, "pucker": 0.1}
    for wrong, status in (
        ({"operation": "age"}, 422),
        ({"params": {"smile": 9}}, 422),
        ({"params": [1]}, 422),
        ({"preset": "mine"}, 422),
        ({"preset": str(uuid4())}, 404),
    ):
        assert post(api, {**body, **wrong}, "/api/v1/edits/").status_code == status, wrong


def test_another_persons_preset_is_not_there(
    api: Client, stranger: User, make_photo: Callable[..., Any]
) -> None:
    theirs = create_preset(stranger, "theirs", "expression", {})
    for answer in (
        api.get(f"{ADDRESS}{theirs.pk}/"),
        api.delete(f"{ADDRESS}{theirs.pk}/"),
        patch(api, f"{ADDRESS}{theirs.pk}/", {"name": "mine"}),
        post(api, {"photo": str(make_photo().pk), "preset": str(theirs.pk)}, "/api/v1/edits/"),
    ):
        assert answer.status_code == 404
    assert api.get(ADDRESS).json()["results"] == []
