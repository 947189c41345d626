"""A strip through the worker and over the API: the row, and each age by its label."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from PIL import Image

from editing.faces.detect import detect_faces
from editing.photo import decode_photo
from editing.provenance import read_provenance
from tests.editing.stub_engine import use_stub
from webapp import media
from webapp.edits.models import Edit, EditEvent, Status
from webapp.edits.services import cancel_edit
from webapp.photos.models import FacesState, Photo
from workers import run
from workers.faces import pack_face

pytestmark = pytest.mark.django_db
Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def stub(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    settings.DATA = tmp_path
    run.signer.cache_clear()
    return use_stub(monkeypatch)


@pytest.fixture
def api() -> Client:
    return Client(headers={"host": "localhost"})


@pytest.fixture
def strip(make_photo: Make, make_edit: Make, astronaut_png: bytes) -> Edit:
    picture = decode_photo(astronaut_png)
    photo: Photo = make_photo(astronaut_png, faces=None, sha256=picture.sha256)
    photo.file = f"{photo.folder}/photo.png"
    media.write(photo.file, astronaut_png)
    photo.faces = [pack_face(face) for face in detect_faces(picture, run.process_models())]
    photo.faces_state = FacesState.FOUND
    photo.save()
    edit: Edit = make_edit(photo, operation="age", params={"target_age": [70, 20]}, seed=3)
    return edit


def test_a_strip_is_a_row_and_each_age(strip: Edit, api: Client) -> None:
    run.run_edit(strip.pk)
    told = api.get(f"/api/v1/edits/{strip.pk}/").json()
    assert (told["status"], told["results"]) == ("done", f"/api/v1/edits/{strip.pk}/results/")
    row = np.asarray(Image.open(BytesIO(api.get(told["result"]).content)))
    results = api.get(told["results"]).json()["results"]
    assert [(one["label"], one["params"]["target_age"], one["seed"]) for one in results] == [
        ("70", 70, 3),
        ("20", 20, 3),
    ]
    singles = []
    for one in results:
        answer = api.get(one["result"] + "?download")
        assert f'face-age-{one["label"]}.png"' in answer["Content-Disposition"]
        singles.append(np.asarray(Image.open(BytesIO(answer.content))))
        record = read_provenance(answer.content)
        assert record is not None
        assert record.params["target_age"] == one["params"]["target_age"]
        assert decode_photo(answer.content).sha256 == one["sha256"]
        shown = Image.open(BytesIO(api.get(one["picture"]).content))
        assert (shown.format, shown.size) == ("JPEG", (512, 512))
    assert np.array_equal(row, np.concatenate(singles, axis=1))
    report = api.get(f"/api/v1/edits/{strip.pk}/report/").json()
    assert [one["label"] for one in report["variants"]] == ["70", "20"]


def test_previews_and_the_end_name_the_ages(strip: Edit) -> None:
    run.run_edit(strip.pk)
    events = EditEvent.objects.filter(edit=strip)
    previews = [event.data for event in events if event.kind == "preview"]
    assert [preview["label"] for preview in previews] == ["70", "20"]
    assert len({preview["url"] for preview in previews}) == 2
    assert events.get(kind="done").data["results"] == f"/api/v1/edits/{strip.pk}/results/"


def test_one_result_has_no_list(strip: Edit, make_edit: Make, api: Client) -> None:
    edit: Edit = make_edit(strip.photo, operation="age", params={"target_age": 70})
    run.run_edit(edit.pk)
    assert api.get(f"/api/v1/edits/{edit.pk}/").json()["results"] is None
    assert api.get(f"/api/v1/edits/{edit.pk}/results/").json() == {"results": []}
    assert api.get(f"/api/v1/edits/{edit.pk}/results/70/").status_code == 404


def test_labels_that_there_are_not_and_strips_that_are_not_done(strip: Edit, api: Client) -> None:
    assert api.get(f"/api/v1/edits/{strip.pk}/results/").status_code == 409
    run.run_edit(strip.pk)
    for label in ("30", "..", "result-1", "70.0"):
        assert api.get(f"/api/v1/edits/{strip.pk}/results/{label}/").status_code == 404


def test_an_edit_does_not_go_on_from_a_row(strip: Edit, api: Client) -> None:
    run.run_edit(strip.pk)
    asked = {"parent": str(strip.pk), "operation": "expression", "params": {"smile": 1}}
    answer = api.post("/api/v1/edits/", asked, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    assert "several results" in answer.json()["detail"]


def test_a_strip_cancelled_at_its_end_leaves_no_files(
    strip: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = run.write_provenance
    calls = []

    def cancel_meanwhile(*given: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            cancel_edit(strip)
        return real(*given, **more)

    monkeypatch.setattr(run, "write_provenance", cancel_meanwhile)
    run.run_edit(strip.pk)
    strip.refresh_from_db()
    assert (strip.status, strip.variants) == (Status.CANCELLED, [])
    names = [path.name for path in media.path_of(strip.folder).iterdir()]
    assert [name for name in names if name.startswith("result")] == []


def test_a_strip_stops_between_two_ages(strip: Edit, stub: Any) -> None:
    real = stub.run

    def cancel_first(*given: Any) -> Any:
        made = real(*given)
        cancel_edit(strip)
        return made

    stub.run = cancel_first
    run.run_edit(strip.pk)
    strip.refresh_from_db()
    assert strip.status == Status.CANCELLED
    assert len(stub.runs) == 1
