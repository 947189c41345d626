"""How much one may ask for, what was used, and who may ask from another origin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from webapp.accounts import limits, usage
from webapp.accounts.models import Usage, User
from webapp.edits.models import Edit
from webapp.photos.models import Photo

pytestmark = pytest.mark.django_db
Make = Callable[..., Any]


def upload(api: Client, data: bytes, **headers: str) -> Any:
    return api.post("/api/v1/photos/", {"file": BytesIO(data)}, headers=headers)


def edit(api: Client, photo: Photo, **headers: str) -> Any:
    body = {"photo": str(photo.pk), "operation": "expression"}
    return api.post("/api/v1/edits/", body, content_type="application/json", headers=headers)


def token(api: Client, name: str) -> dict[str, Any]:
    told = api.post("/api/v1/tokens/", {"name": name}, content_type="application/json").json()
    return {"id": told["id"], "authorization": f"Token {told['token']}"}


def test_the_local_owner_is_not_limited(api: Client) -> None:
    answers = [api.get("/api/v1/operations/") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert not answers[0].has_header("RateLimit")


def test_requests_are_counted_by_token(
    api: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_PER_MINUTE = 2
    monkeypatch.setattr(limits, "time", lambda: 60_000_010.0)
    first, second = (
        {"authorization": token(api, name)["authorization"]} for name in ("first", "second")
    )
    answers = [api.get("/api/v1/operations/", headers=first) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer["RateLimit"] for answer in answers] == [
        f'"requests";r={left};t=50' for left in (1, 0, 0)
    ]
    assert answers[0]["RateLimit-Policy"] == '"requests";q=2;w=60'
    assert (answers[2].json()["code"], answers[2]["Retry-After"]) == ("throttled", "50")
    assert api.get("/api/v1/operations/", headers=second).status_code == 200
    monkeypatch.setattr(limits, "time", lambda: 60_000_060.0)
    assert api.get("/api/v1/operations/", headers=first).status_code == 200


def test_what_is_used_is_counted_by_day_and_token(
    api: Client, astronaut_jpeg: bytes, make_photo: Make
) -> None:
    mine = token(api, "mine")
    bears = {"authorization": mine["authorization"]}
    assert upload(api, astronaut_jpeg, **bears).status_code == 201
    for _ in range(2):
        assert edit(api, make_photo(), **bears).status_code == 202
    assert edit(api, make_photo()).status_code == 202
    rows = api.get("/api/v1/usage/").json()["results"]
    day = usage.today().isoformat()
    nothing = {"day": day, "seconds": 0, "photos": 0, "bytes": 0}
    assert rows == [
        {**nothing, "token": None, "token_name": "", "edits": 1},
        {**nothing, "token": mine["id"], "token_name": "mine", "edits": 2, "photos": 1,
         "bytes": len(astronaut_jpeg)},
    ]  # fmt: skip
    api.delete(f"/api/v1/tokens/{mine['id']}/")
    assert len(api.get("/api/v1/usage/").json()["results"]) == 2
    assert api.get("/api/v1/usage/?until=2020-01-01").json()["results"] == []
    assert api.get("/api/v1/usage/?since=yesterday").status_code == 422


def test_what_was_answered_before_is_not_counted_again(api: Client, make_photo: Make) -> None:
    photo = make_photo()
    for _ in range(2):
        edit(api, photo, **{"idempotency-key": "k"})
    assert Usage.objects.get().edits == 1


def test_a_quota_is_of_the_person_and_of_the_day(
    api: Client, settings: Any, make_photo: Make, stranger: User
) -> None:
    settings.QUOTAS = {"edits": 2, "photos": 0, "bytes": 0}
    photo = make_photo()
    one = {"authorization": token(api, "one")["authorization"]}
    assert '"edits";r=1;' in edit(api, photo, **one)["RateLimit"]
    assert edit(api, photo).status_code == 202
    refused = edit(api, photo)
    assert (refused.status_code, refused.json()["code"]) == (429, "quota_exceeded")
    assert 0 < int(refused["Retry-After"]) <= 24 * 60 * 60
    assert refused["RateLimit-Policy"] == '"edits";q=2;w=86400'
    assert Edit.objects.count() == 2
    (quota,) = api.get("/api/v1/usage/").json()["quotas"]
    assert (quota["quota"], quota["remaining"]) == (2, 0)
    usage.add_usage(stranger.pk, "", edits=1)
    assert usage.quotas_of(stranger)[0].remaining == 1
    Usage.objects.update(day=usage.today() - timedelta(days=1))
    assert edit(api, photo).status_code == 202


def test_what_is_over_the_quota_is_not_kept(
    api: Client, settings: Any, astronaut_jpeg: bytes, media_folder: Any
) -> None:
    settings.QUOTAS = {"edits": 0, "photos": 0, "bytes": len(astronaut_jpeg) + 10}
    assert upload(api, astronaut_jpeg).status_code == 201
    refused = upload(api, astronaut_jpeg)
    assert (refused.status_code, refused.json()["code"]) == (429, "quota_exceeded")
    assert Photo.objects.count() == 1
    assert len([path for path in media_folder.rglob("*") if path.is_file()]) == 1


class TestOtherOrigins:
    ORIGIN = "https://studio.example"

    def preflight(self, api: Client) -> Any:
        asked = {"access-control-request-method": "POST",
                 "access-control-request-headers": "authorization, idempotency-key"}  # fmt: skip
        return api.options("/api/v1/edits/", headers={"origin": self.ORIGIN, **asked})

    def test_none_by_default(self, api: Client) -> None:
        assert not self.preflight(api).has_header("Access-Control-Allow-Origin")

    def test_one_by_setting_with_a_token_only(self, api: Client, settings: Any) -> None:
        bears = {"authorization": token(api, "page")["authorization"]}
        settings.CORS_ALLOWED_ORIGINS = [self.ORIGIN]
        answer = self.preflight(api)
        assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, self.ORIGIN)
        assert "idempotency-key" in answer["Access-Control-Allow-Headers"]
        assert not answer.has_header("Access-Control-Allow-Credentials")
        told = api.get("/api/v1/operations/", headers={"origin": self.ORIGIN, **bears})
        assert (told.status_code, told["Access-Control-Allow-Origin"]) == (200, self.ORIGIN)
        assert "etag" in told["Access-Control-Expose-Headers"]
        stranger = api.get("/api/v1/operations/", headers={"origin": self.ORIGIN})
        assert (stranger.status_code, stranger.json()["code"]) == (403, "not_local")
        other = api.get("/api/v1/operations/", headers={"origin": "https://evil.example", **bears})
        assert not other.has_header("Access-Control-Allow-Origin")
