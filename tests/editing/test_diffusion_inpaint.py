"""Inpainting by a diffusers pipeline, on tiny networks with random weights."""

from __future__ import annotations

import numpy as np
import pytest

from editing.engines.diffusion.inpaint import PROMPTS, inpaint_prompt
from editing.faces.detect import detect_faces
from editing.models import ModelStore
from editing.operations.inpaint import ATTRIBUTES, PIPELINE_SETTING, InpaintParams
from editing.pipeline import edit_photo
from editing.progress import silent
from editing.request import EditRequest
from tests.editing.tiny_pipelines import tiny_pipeline


@pytest.fixture(scope="module")
def models():
    return ModelStore()


@pytest.fixture(scope="module")
def faces(astronaut_photo, models):
    return detect_faces(astronaut_photo, models)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_pipeline(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def edit(folder, monkeypatch, astronaut_photo, faces, models):
    monkeypatch.setenv(PIPELINE_SETTING, str(folder))

    def run(mask=None, progress=silent, **params):
        request = EditRequest(operation="inpaint", engine="diffusion", params=params, seed=3)
        return edit_photo(astronaut_photo, request, models, progress, faces=faces, mask=mask)

    return run


def test_the_region_is_painted_and_nothing_else(edit, astronaut_photo, faces):
    result = edit(region="mouth", attribute="smile")
    changed = (result.photo.pixels != astronaut_photo.pixels).any(axis=2)
    rows, columns = np.nonzero(changed)
    mouth = faces[0].landmarks[[61, 291], :2].mean(axis=0)
    assert abs(columns.mean() - mouth[0]) < 6
    assert abs(rows.mean() - mouth[1]) < 8
    assert changed.sum() < 4000
    assert result.report.faces[0].measures["change_outside_mask"] == 0
    assert result.report.weights[-1].licence == "apache-2.0"


def test_the_words_and_the_mask_decide(edit, astronaut_photo, faces):
    x, y = faces[0].landmarks[4, :2].round().astype(int)
    mask = np.zeros(astronaut_photo.pixels.shape[:2], np.uint8)
    mask[y - 8 : y + 8, x - 12 : x + 12] = 255
    painted = edit(mask, region="mask").photo.pixels
    assert (painted != astronaut_photo.pixels).any(axis=2)[mask > 0].mean() > 0.6
    assert np.array_equal(painted[mask == 0], astronaut_photo.pixels[mask == 0])
    first, other = (
        edit(region="beard", attribute=attribute).photo.pixels for attribute in ("add", "remove")
    )
    assert not np.array_equal(first, other)


def test_proposals_and_steps_are_told(edit):
    notes = []
    result = edit(
        progress=lambda fraction, note="", preview=None: notes.append(note),
        region="nose",
        variants=2,
    )
    assert notes.count("step 30 of 30") == 2
    first, second = (one.photo.pixels for one in result.variants)
    assert not np.array_equal(first, second)


def test_every_change_has_words_of_its_own():
    prompts = {
        inpaint_prompt(InpaintParams(region=region, attribute=attribute))
        for region, known in ATTRIBUTES.items()
        for attribute in known
    }
    assert len(prompts) == sum(len(known) for known in ATTRIBUTES.values())
    assert all(region in ATTRIBUTES and name in ATTRIBUTES[region] for region, name in PROMPTS)
    assert "#102030" in inpaint_prompt(
        InpaintParams(region="eyes", attribute="color", color="#102030")
    )
