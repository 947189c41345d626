"""The loopback rule: our own page and programs of this machine are served, other sites are not."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from knox.models import AuthToken

from webapp.accounts.local import host_name, is_loopback, why_refused
from webapp.accounts.models import User

LOCAL = {"host": "127.0.0.1:8000"}


@pytest.mark.parametrize(
    "name", ["localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.8.9.1", "::1", "[::1]"]
)
def test_loopback_names(name: str) -> None:
    assert is_loopback(name)


@pytest.mark.parametrize(
    "name", ["", "0.0.0.0", "::", "192.168.1.2", "localhost.evil.example", "127.0.0.1.nip.example"]
)
def test_other_names(name: str) -> None:
    assert not is_loopback(name)


def test_host_name_is_read_from_the_header() -> None:
    assert host_name("LocalHost:8000") == "localhost"
    assert host_name("[::1]:8000") == "::1"
    assert host_name("localhost@evil.example") == "evil.example"
    assert host_name("[bad") == ""


@pytest.mark.parametrize(
    ("headers", "client"),
    [
        (LOCAL, "127.0.0.1"),
        ({"host": "[::1]:8000"}, "::1"),
        ({**LOCAL, "sec-fetch-site": "none"}, "127.0.0.1"),
        (
            {**LOCAL, "sec-fetch-site": "same-origin", "origin": "http://127.0.0.1:8000"},
            "127.0.0.1",
        ),
    ],
)
def test_our_own_are_served(headers: dict[str, str], client: str) -> None:
    assert why_refused(headers, client) is None


@pytest.mark.parametrize(
    ("headers", "client"),
    [
        ({"host": "evil.example"}, "127.0.0.1"),
        ({}, "127.0.0.1"),
        ({**LOCAL, "sec-fetch-site": "cross-site"}, "127.0.0.1"),
        ({**LOCAL, "sec-fetch-site": "same-site"}, "127.0.0.1"),
        ({**LOCAL, "origin": "https://evil.example"}, "127.0.0.1"),
        ({**LOCAL, "origin": "http://127.0.0.1:9000"}, "127.0.0.1"),
        ({**LOCAL, "origin": "null"}, "127.0.0.1"),
        ({**LOCAL, "x-forwarded-for": "203.0.113.5"}, "127.0.0.1"),
        (LOCAL, "192.168.1.7"),
        (LOCAL, None),
    ],
)
def test_others_are_refused(headers: dict[str, str], client: str | None) -> None:
    assert why_refused(headers, client)


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/api/v1/photos/", "/static/mien/icon.svg"])
def test_foreign_requests_get_a_403_problem(client: Client, address: str) -> None:
    for headers in (
        {"host": "evil.example"},
        {"host": "localhost", "origin": "http://evil.example"},
        {"host": "localhost", "sec-fetch-site": "cross-site"},
    ):
        answer = client.get(address, headers=headers)
        assert answer.status_code == 403
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "not_local"


@pytest.mark.django_db
def test_curl_acts_as_the_local_owner(client: Client) -> None:
    answer = client.get("/api/v1/photos/", headers={"host": "localhost:8000"})
    assert answer.status_code == 200
    assert User.objects.get().username == "owner"
    assert not User.objects.get().has_usable_password()


@pytest.mark.django_db
def test_a_post_of_another_site_makes_nothing(
    client: Client, astronaut_jpeg: bytes, sent: list[Any]
) -> None:
    from io import BytesIO

    answer = client.post(
        "/api/v1/photos/",
        {"file": BytesIO(astronaut_jpeg)},
        headers={"host": "localhost", "origin": "http://evil.example"},
    )
    assert answer.status_code == 403
    assert sent == []


@pytest.fixture
def open_to_others(settings: Any) -> None:
    settings.CREDENTIALS_REQUIRED = True


@pytest.mark.usefixtures("open_to_others")
class TestOpenToOthers:
    def test_the_api_asks_for_credentials(self, client: Client, db: None) -> None:
        answer = client.get("/api/v1/photos/", headers={"host": "localhost"})
        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "not_authenticated"
        assert answer["WWW-Authenticate"] == "Token"

    def test_a_page_sends_to_the_login(self, client: Client, db: None) -> None:
        answer = client.get("/")
        assert answer.status_code == 302
        assert answer["Location"].startswith("/login/")

    def test_a_token_opens_and_closes(self, client: Client, stranger: User) -> None:
        credentials = {"username": "stranger", "password": "a long secret"}
        token = client.post("/api/v1/tokens/", credentials, content_type="application/json").json()[
            "token"
        ]
        header = {"authorization": f"Token {token}"}
        assert client.get("/api/v1/photos/", headers=header).status_code == 200
        assert client.delete("/api/v1/tokens/", headers=header).status_code == 204
        assert not AuthToken.objects.exists()
        assert client.get("/api/v1/photos/", headers=header).status_code == 401

    def test_a_wrong_password_opens_nothing(self, client: Client, stranger: User) -> None:
        credentials = {"username": "stranger", "password": "guessed"}
        answer = client.post("/api/v1/tokens/", credentials, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
        assert not AuthToken.objects.exists()

    @pytest.mark.parametrize("address", ["/api/v1/tokens/", "/login/"])
    def test_guessing_is_slowed_down(self, client: Client, stranger: User, address: str) -> None:
        guess = {"username": "stranger", "password": "guessed"}
        seen = []
        for number in range(11):
            # An address that the guesser makes up changes nothing.
            headers = {"x-forwarded-for": f"203.0.113.{number}"}
            seen.append(client.post(address, guess, headers=headers))
        assert seen[-1].status_code == 429
        assert seen[-1].json()["code"] == "throttled"
        assert int(seen[-1]["Retry-After"]) > 0
        assert 429 not in [answer.status_code for answer in seen[:10]]

    def test_a_session_needs_the_page_s_own_token_to_write(self, stranger: User) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(stranger, backend="django.contrib.auth.backends.ModelBackend")
        assert client.get("/api/v1/photos/").status_code == 200
        answer = client.post("/api/v1/edits/", "{}", content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


@pytest.mark.django_db
def test_a_bad_token_is_not_taken_for_the_owner(client: Client) -> None:
    answer = client.get(
        "/api/v1/photos/", headers={"host": "localhost", "authorization": "Token wrong"}
    )
    assert answer.status_code == 401
