"""Tokens: shown once, named, with an end and a scope, and revoked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from webapp.accounts.models import Token, User
from webapp.accounts.sockets import user_of_token
from webapp.accounts.tokens import delete_ended_tokens

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/tokens/"


def make(api: Client, body: Any = None, token: str | None = None) -> Any:
    headers = {} if token is None else bearing(token)
    return api.post(ADDRESS, body or {}, content_type="application/json", headers=headers)


def bearing(token: str) -> dict[str, str]:
    return {"authorization": f"Token {token}"}


def test_a_token_is_shown_once(api: Client) -> None:
    answer = make(api, {"name": "the batch of tonight"})
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    told = answer.json()
    assert told["scopes"] == ["read", "write"]
    assert told["token"].startswith(told["hint"])
    assert told["expires_at"] is None
    (row,) = api.get(ADDRESS).json()["results"]
    assert row == {name: value for name, value in told.items() if name != "token"}
    assert told["token"] not in str(list(AuthToken.objects.values()) + list(Token.objects.values()))
    assert api.get(answer["Location"], headers=bearing(told["token"])).json()["current"] is True


def test_a_revoked_token_opens_nothing(api: Client) -> None:
    first, second = make(api).json(), make(api).json()
    assert api.delete(f"{ADDRESS}{first['id']}/").status_code == 204
    assert api.get(ADDRESS, headers=bearing(first["token"])).status_code == 401
    assert api.get(ADDRESS, headers=bearing(second["token"])).status_code == 200
    assert [row["id"] for row in api.get(ADDRESS).json()["results"]] == [second["id"]]
    assert api.delete(ADDRESS).status_code == 422  # the local owner brings no token


def test_a_token_ends(api: Client) -> None:
    soon = (timezone.now() + timedelta(hours=1)).isoformat()
    told = make(api, {"expires_at": soon}).json()
    assert told["expires_at"].startswith(soon[:16])
    assert api.get(ADDRESS, headers=bearing(told["token"])).status_code == 200
    AuthToken.objects.update(expiry=timezone.now())
    assert delete_ended_tokens() == 2  # and what is told about it
    assert api.get(ADDRESS, headers=bearing(told["token"])).status_code == 401
    assert make(api, {"expires_at": "2020-01-01T00:00:00Z"}).status_code == 422


def test_a_token_that_reads_does_not_write(api: Client) -> None:
    reads = make(api, {"scopes": ["read"]}).json()["token"]
    assert api.get("/api/v1/edits/", headers=bearing(reads)).status_code == 200
    answer = api.post("/api/v1/edits/", {}, headers=bearing(reads))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert make(api, {}, reads).status_code == 403
    assert user_of_token(f"Token {reads}") is not None
    assert api.delete(ADDRESS, headers=bearing(reads)).status_code == 204


def test_a_token_that_writes_does_not_read(api: Client) -> None:
    writes = make(api, {"scopes": ["write"]}).json()["token"]
    assert api.get("/api/v1/edits/", headers=bearing(writes)).json()["code"] == "scope_missing"
    assert api.post("/api/v1/edits/", {}, headers=bearing(writes)).status_code == 422
    assert user_of_token(f"Token {writes}") is None


def test_a_token_makes_no_token_that_may_more(api: Client) -> None:
    soon = (timezone.now() + timedelta(hours=1)).isoformat()
    mine = make(api, {"scopes": ["write"], "expires_at": soon}).json()["token"]
    assert make(api, {"scopes": ["write"], "expires_at": soon}, mine).status_code == 201
    for more in ({"scopes": ["read", "write"], "expires_at": soon}, {"scopes": ["write"]}):
        answer = make(api, more, mine)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_a_name_and_a_password_sign_in(api: Client, stranger: User) -> None:
    body = {"username": "stranger", "password": "a long secret", "name": "laptop"}
    token = make(api, body).json()
    assert AuthToken.objects.get().user == stranger
    rows = api.get(ADDRESS, headers=bearing(token["token"])).json()["results"]
    assert [(row["name"], row["current"]) for row in rows] == [("laptop", True)]
    assert api.get(ADDRESS).json()["results"] == []
    assert api.delete(f"{ADDRESS}{token['id']}/").status_code == 404
    assert api.get(f"{ADDRESS}{token['id']}/").status_code == 404


@pytest.mark.parametrize(
    "body",
    [{"scopes": []}, {"scopes": ["admin"]}, {"username": "x"}, {"expires_at": "soon"},
     {"name": "x" * 81}, {"colour": "red"}],
)  # fmt: skip
def test_what_cannot_be_is_refused(api: Client, body: Any) -> None:
    answer = make(api, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    assert not AuthToken.objects.exists()


def test_a_stranger_gets_none(api: Client, settings: Any) -> None:
    settings.CREDENTIALS_REQUIRED = True
    assert make(api).status_code == 401


def test_only_passwords_count_as_guesses(api: Client) -> None:
    assert {make(api).status_code for _ in range(12)} == {201}


def test_a_token_of_before_has_all_scopes(
    api: Client, stranger: User, make_photo: Callable[..., Any]
) -> None:
    _, old = AuthToken.objects.create(stranger)
    (row,) = api.get(ADDRESS, headers=bearing(old)).json()["results"]
    assert row["scopes"] == ["read", "write"]
