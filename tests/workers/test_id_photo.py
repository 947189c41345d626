"""An ID photo through the worker and over the API: beside the whole photo, with its demands."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from editing.photo import decode_photo
from editing.provenance import read_provenance
from webapp import media
from webapp.edits.models import EditEvent
from workers import run

pytestmark = pytest.mark.django_db
Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def data(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    run.signer.cache_clear()


def test_it_is_served_beside_the_whole_photo(
    make_photo: Make, make_edit: Make, astronaut_png: bytes
) -> None:
    photo = make_photo(astronaut_png, faces=None, sha256=decode_photo(astronaut_png).sha256)
    photo.file = f"{photo.folder}/photo.png"
    media.write(photo.file, astronaut_png)
    photo.save()
    params = {"id_photo": "schengen", "pose": 0, "light": 0}
    edit = make_edit(photo, operation="normalize", params=params, seed=1)
    run.run_edit(edit.pk)
    api = Client(headers={"host": "localhost"})
    told = api.get(f"/api/v1/edits/{edit.pk}/").json()
    address = f"/api/v1/edits/{edit.pk}/results/id-photo/"
    assert (told["status"], told["id_photo"], told["results"]) == ("done", address, None)
    answer = api.get(f"{address}?download")
    assert "normalize-id-photo.png" in answer["Content-Disposition"]
    with Image.open(BytesIO(answer.content)) as picture:
        assert picture.size == (413, 531)
        assert round(picture.info["dpi"][0]) == 300
    assert read_provenance(answer.content).operation == "normalize"
    assert Image.open(BytesIO(api.get(f"{address}picture/").content)).size == (413, 531)
    report = api.get(f"/api/v1/edits/{edit.pk}/report/").json()
    assert report["id_photo"]["size"] == "schengen"
    assert {"head_height", "eyes_level"} <= {one["name"] for one in report["id_photo"]["checks"]}
    done = EditEvent.objects.get(edit=edit, kind="done")
    assert done.data["id_photo"] == address
    # An edit without one has none.
    plain = make_edit(photo, operation="normalize", params={"pose": 0, "light": 0}, seed=1)
    run.run_edit(plain.pk)
    assert api.get(f"/api/v1/edits/{plain.pk}/").json()["id_photo"] is None
    assert api.get(f"/api/v1/edits/{plain.pk}/results/id-photo/").status_code == 404
