"""Edits over the API."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from io import BytesIO
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.test import Client
from PIL import Image

from editing.operations import OPERATIONS
from webapp import media
from webapp.accounts.models import User
from webapp.celery import RUN_EDIT
from webapp.edits import api as edits_api
from webapp.edits import claims
from webapp.edits.models import Edit
from webapp.photos.models import FacesState

pytestmark = pytest.mark.django_db
Make = Callable[..., Any]


def post(api: Client, body: Any, **headers: str) -> Any:
    return api.post("/api/v1/edits/", body, content_type="application/json", headers=headers)


def told_of(edit: Edit) -> dict[str, Any]:
    """A report as a worker writes it."""
    photo = {"width": 512, "height": 512, "sha256": "0" * 64}
    told = {
        "operation": edit.operation,
        "params": edit.params,
        "engine": "native",
        "seed": edit.seed,
    }
    return {**told, "seconds": 0.5, "photo": photo, "faces": [], "weights": []}


def finish(edit: Edit, data: bytes = b"the result") -> Edit:
    claimed = claims.claim_edit(edit.pk, "test")
    assert claimed is not None
    name = f"{edit.folder}/result-1.jpg"
    media.write(name, data)
    assert claims.finish_done(
        claimed[0], claims.Outcome(name, hashlib.sha256(data).hexdigest(), told_of(edit))
    )
    edit.refresh_from_db()
    return edit


def test_an_edit_is_queued_and_sent(
    api: Client, make_photo: Make, sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    photo = make_photo()
    body = {
        "photo": str(photo.pk),
        "operation": "expression",
        "params": {"smile": 0.5},
        "faces": [0],
        "seed": 7,
    }
    with django_capture_on_commit_callbacks(execute=True):
        answer = post(api, body)
    assert answer.status_code == 202
    told = answer.json()
    assert answer["Location"] == f"/api/v1/edits/{told['id']}/"
    assert {name: told[name] for name in ("status", "photo", "operation", "params", "faces", "seed", "parent")} == {
        **body, "status": "queued", "parent": None,
    }  # fmt: skip
    assert sent == [(RUN_EDIT, told["id"], "interactive")]
    assert api.get(f"/api/v1/edits/{told['id']}/").json() == told


def test_a_seed_is_drawn_so_that_attempts_agree(api: Client, make_photo: Make) -> None:
    told = post(api, {"photo": str(make_photo().pk), "operation": "expression"}).json()
    assert 0 <= told["seed"] < 2**32


@pytest.mark.parametrize(
    ("change", "status", "code", "word"),
    [
        ({"operation": "levitate"}, 422, "operation_unknown", "levitate"),
        ({"operation": None}, 422, "request_invalid", "operation"),
        ({"operation": 7}, 422, "request_invalid", "operation"),
        ({"params": {"smile": 2}}, 422, "params_invalid", "smile"),
        ({"params": {"smile": "wide"}}, 422, "params_invalid", "smile"),
        ({"params": {"beard": 1}}, 422, "params_invalid", "beard"),
        ({"params": [1]}, 422, "request_invalid", "params"),
        ({"faces": [1]}, 422, "face_unknown", "1"),
        ({"faces": [-1]}, 422, "request_invalid", "faces"),
        ({"faces": []}, 422, "request_invalid", "faces"),
        ({"faces": "both"}, 422, "request_invalid", "faces"),
        ({"engine": "steam"}, 422, "request_invalid", "engine"),
        ({"engine": "diffusion"}, 503, "engine_unavailable", "diffusion"),
        ({"seed": -1}, 422, "request_invalid", "seed"),
        ({"seed": 2**40}, 422, "request_invalid", "seed"),
        ({"colour": "red"}, 422, "request_invalid", "colour"),
        ({"photo": "mine"}, 422, "request_invalid", "photo"),
        ({"photo": None}, 422, "request_invalid", "photo"),
        ({"photo": str(uuid4())}, 404, "not_found", ""),
        ({"parent": str(uuid4())}, 404, "not_found", ""),
        ({"parent": ["x"]}, 422, "request_invalid", "parent"),
    ],
)
def test_what_cannot_be_is_refused_with_its_code(
    api: Client,
    make_photo: Make,
    sent: list[Any],
    change: dict[str, Any],
    status: int,
    code: str,
    word: str,
) -> None:
    body = {"photo": str(make_photo().pk), "operation": "expression", **change}
    answer = post(api, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert word in answer.json()["detail"]
    assert not Edit.objects.exists()


def test_refused_params_are_told_by_field(api: Client, make_photo: Make) -> None:
    body = {
        "photo": str(make_photo().pk),
        "operation": "expression",
        "params": {"smile": 3, "pucker": "x"},
    }
    assert set(post(api, body).json()["fields"]) == {"smile", "pucker"}


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "7", "\xff"])
def test_a_body_that_is_no_object_is_refused(api: Client, body: str) -> None:
    answer = api.post("/api/v1/edits/", body, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert answer.json()["code"] in ("request_unreadable", "request_invalid")


def test_strange_json_is_refused_like_any_other(api: Client, make_photo: Make) -> None:
    photo = str(make_photo().pk)
    params = {"\ud800": 1}
    surrogate = json.dumps({"photo": photo, "operation": "expression", "params": params})
    deep = '{"operation": "expression", "params": {"smile": ' + "[" * 100_000
    digits = '{"operation": "expression", "seed": ' + "9" * 5000 + "}"
    for body, status in ((surrogate, 422), (deep, 400), (digits, 400)):
        answer = api.post("/api/v1/edits/", body, content_type="application/json")
        assert answer.status_code == status, answer.content[:200]
        assert answer.json()["code"] in ("params_invalid", "request_unreadable")


def test_a_photo_without_a_face_is_told_at_once(api: Client, make_photo: Make) -> None:
    answer = post(api, {"photo": str(make_photo(faces=0).pk), "operation": "expression"})
    assert (answer.status_code, answer.json()["code"]) == (422, "no_face")


def test_while_the_faces_are_not_known_yet_the_worker_decides(
    api: Client, make_photo: Make
) -> None:
    photo = make_photo(faces=None, faces_state=FacesState.PENDING)
    assert (
        post(api, {"photo": str(photo.pk), "operation": "expression", "faces": [3]}).status_code
        == 202
    )


def grey_png(width: int, height: int, level: int = 255) -> BytesIO:
    file = BytesIO()
    Image.new("L", (width, height), level).save(file, "PNG")
    file.name = "mask.png"
    file.seek(0)
    return file


def test_a_mask_comes_as_multipart(api: Client, make_photo: Make) -> None:
    body = {
        "photo": str(make_photo().pk), "operation": "expression", "params": json.dumps({"smile": 0.5}),
        "faces": "0", "seed": "3", "engine": "", "mask": grey_png(512, 512, 128),
    }  # fmt: skip
    answer = api.post("/api/v1/edits/", body)
    assert answer.status_code == 202, answer.content
    edit = Edit.objects.get()
    assert (edit.params, edit.faces, edit.seed, edit.engine) == ({"smile": 0.5}, [0], 3, "auto")
    assert (np.asarray(Image.open(media.path_of(edit.mask))) == 128).all()


@pytest.mark.parametrize(
    ("mask", "word"),
    [(grey_png(511, 512), "511"), (grey_png(512, 512, 0), "empty"), (BytesIO(b"words"), "refused")],
    ids=["size", "empty", "no picture"],
)
def test_a_mask_that_does_not_fit_is_refused(
    api: Client, make_photo: Make, mask: BytesIO, word: str
) -> None:
    answer = api.post(
        "/api/v1/edits/", {"photo": str(make_photo().pk), "operation": "expression", "mask": mask}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "mask_invalid")
    assert word in answer.json()["detail"]


@pytest.mark.parametrize(
    "extra",
    [
        {"params": "{"},
        {"faces": "[0"},
        {"other": grey_png(4, 4)},
        {"operation": ["expression", "age"]},
    ],
)
def test_a_form_that_cannot_be_read_is_refused(
    api: Client, make_photo: Make, extra: dict[str, Any]
) -> None:
    answer = api.post(
        "/api/v1/edits/", {"photo": str(make_photo().pk), "operation": "expression", **extra}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


def test_the_result_comes_with_a_tag_and_a_name(api: Client, make_edit: Make) -> None:
    edit = make_edit()
    address = f"/api/v1/edits/{edit.pk}/result/"
    early = api.get(address)
    assert (early.status_code, early.json()["code"]) == (409, "not_done")
    finish(edit)
    answer = api.get(address, headers={"accept": "image/jpeg"})
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (
        200,
        b"the result",
        "image/jpeg",
    )
    assert answer["Content-Disposition"] == 'inline; filename="face-expression.jpg"'
    assert answer["Cache-Control"] == "private, no-cache"
    saved = api.get(f"{address}?download")
    assert saved["Content-Disposition"] == 'attachment; filename="face-expression.jpg"'
    again = api.get(address, headers={"if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert api.get(f"/api/v1/edits/{edit.pk}/report/").json() == told_of(edit)
    assert api.get(f"/api/v1/edits/{edit.pk}/").json()["result"] == address


def test_a_chain_goes_on_from_a_result(api: Client, make_edit: Make, make_photo: Make) -> None:
    first = make_edit()
    body = {"parent": str(first.pk), "operation": "expression", "params": {"smile": -0.5}}
    early = post(api, body)
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    finish(first)
    told = post(api, body).json()
    assert (told["parent"], told["photo"]) == (str(first.pk), str(first.photo_id))
    other = post(api, {**body, "photo": str(make_photo().pk)})
    assert (other.status_code, other.json()["code"]) == (422, "request_invalid")
    rows = api.get(f"/api/v1/edits/?photo={first.photo_id}").json()["results"]
    assert [row["parent"] for row in rows] == [str(first.pk), None]


def test_cancel_and_retry(api: Client, make_edit: Make) -> None:
    edit = make_edit()
    address = f"/api/v1/edits/{edit.pk}/"
    assert api.post(f"{address}retry/").status_code == 409
    cancelled = api.post(f"{address}cancel/")
    assert (cancelled.status_code, cancelled.json()["status"]) == (202, "cancelled")
    assert api.post(f"{address}retry/").json()["status"] == "queued"
    finish(edit)
    done = api.post(f"{address}cancel/")
    assert (done.status_code, done.json()["code"]) == (409, "conflict")


def test_events_since(api: Client, make_edit: Make) -> None:
    edit = make_edit()
    finish(edit)
    address = f"/api/v1/edits/{edit.pk}/events/"
    events = api.get(address).json()["results"]
    assert [event["kind"] for event in events] == ["queued", "started", "done"]
    assert set(events[0]) == {"id", "kind", "at", "data"}
    later = api.get(f"{address}?since={events[0]['id']}").json()["results"]
    assert later == events[1:]
    for since in ("x", "-1", "1.5", "", "9" * 30, "٣"):
        answer = api.get(address, {"since": since})
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


@pytest.mark.parametrize(
    "rest", ["", "result/", "picture/", "report/", "events/", "previews/preview-1-1/"]
)
def test_another_persons_edit_is_not_there(
    api: Client, make_photo: Make, make_edit: Make, stranger: User, rest: str
) -> None:
    edit = finish(make_edit(make_photo(owner=stranger)))
    answer = api.get(f"/api/v1/edits/{edit.pk}/{rest}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_another_persons_photo_and_parent_cannot_be_used(
    api: Client, make_photo: Make, make_edit: Make, stranger: User
) -> None:
    theirs = make_photo(owner=stranger)
    assert post(api, {"photo": str(theirs.pk), "operation": "expression"}).status_code == 404
    parent = finish(make_edit(theirs))
    assert post(api, {"parent": str(parent.pk), "operation": "expression"}).status_code == 404
    assert api.post(f"/api/v1/edits/{parent.pk}/cancel/").status_code == 404


def test_previews_are_read_by_name_only(api: Client, make_edit: Make) -> None:
    edit = finish(make_edit())
    media.write(f"{edit.folder}/preview-1-1.jpg", b"p")
    assert api.get(f"/api/v1/edits/{edit.pk}/previews/preview-1-1/").content == b"p"
    assert api.get(f"/api/v1/edits/{edit.pk}/previews/preview-1-2/").status_code == 404
    assert api.get(f"/api/v1/edits/{edit.pk}/previews/result-1/").status_code == 404


def test_operations_tell_all_that_a_client_needs(api: Client) -> None:
    told = {operation["name"]: operation for operation in api.get("/api/v1/operations/").json()}
    assert set(told) == set(OPERATIONS)
    expression = told["expression"]
    assert set(expression) == {
        "name",
        "version",
        "title",
        "summary",
        "available",
        "reason",
        "params",
        "engines",
        "measures",
        "default_faces",
    }
    assert (expression["available"], expression["reason"]) == (True, None)
    assert expression["params"]["properties"]["smile"]["maximum"] == 1
    (native,) = expression["engines"]
    assert native["name"] == "native"
    assert native["available"] is True
    assert all(weight["licence"] for weight in native["weights"] if weight["available"])
    diffusion = told["age"]["engines"][1]
    assert (diffusion["name"], diffusion["available"]) == ("diffusion", False)
    assert "MIEN_AGE_DIFFUSION" in diffusion["reason"]


def test_an_engine_that_cannot_be_used_is_refused_at_once(api: Client, make_photo: Make) -> None:
    photo = make_photo()
    answer = post(api, {"photo": str(photo.pk), "operation": "age", "engine": "diffusion"})
    assert (answer.status_code, answer.json()["code"]) == (503, "engine_unavailable")
    assert "MIEN_AGE_DIFFUSION" in answer.json()["detail"]
    assert not Edit.objects.exists()


def test_the_licence_setting_is_told_and_refuses_at_once(
    api: Client, make_photo: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_COMMERCIAL_ONLY", "1")
    for operation in api.get("/api/v1/operations/").json():
        assert operation["available"] is False
        assert "'landmarks' (CC-BY-NC-SA-4.0)" in operation["reason"]
    answer = post(api, {"photo": str(make_photo().pk), "operation": "expression"})
    assert (answer.status_code, answer.json()["code"]) == (503, "licence_refused")
    assert "nothing can be edited" in answer.json()["detail"]
    assert not Edit.objects.exists()


def test_what_nobody_foresaw_is_a_problem_without_a_trace(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: Any) -> None:
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(edits_api, "describe_operation", break_down)
    answer = api.get("/api/v1/operations/")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert b"secret" not in answer.content


def test_unknown_addresses_and_methods_are_problems(api: Client, make_edit: Make) -> None:
    for address in ("/api/v1/nothing/", "/api/v1/edits/12/", f"/api/v1/edits/{uuid4()}/"):
        answer = api.get(address)
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    answer = api.put(f"/api/v1/edits/{make_edit().pk}/")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
