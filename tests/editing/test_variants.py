"""Several results of one request: one look at the face, one row, each result on its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editing import pipeline
from editing.faces.detect import detect_faces
from editing.models import ModelStore
from editing.photo import Photo
from editing.pipeline import edit_photo
from editing.progress import Cancelled
from editing.request import EditRequest
from editing.row import MOST_PIXELS, WIDEST, lay_row, row_scale
from tests.editing.stub_engine import use_stub


@pytest.fixture(scope="module")
def models():
    return ModelStore()


@pytest.fixture(scope="module")
def faces(astronaut_photo, models):
    return detect_faces(astronaut_photo, models)


@pytest.fixture
def stub(monkeypatch):
    return use_stub(monkeypatch)


@pytest.fixture
def edit(stub, astronaut_photo, faces, models):
    def run(target, progress=lambda *_: None, photo=astronaut_photo, known=faces, **more):
        params = {"target_age": target} | more.pop("params", {})
        request = EditRequest(operation="age", params=params, seed=7, **more)
        return edit_photo(photo, request, models, progress, faces=known)

    return run


def test_a_strip_is_each_edit_alone_and_their_row(edit, astronaut_photo):
    strip = edit([20, 70, 50])
    assert [one.label for one in strip.variants] == ["20", "70", "50"]
    for one, age in zip(strip.variants, (20, 70, 50), strict=True):
        alone = edit(age)
        assert alone.variants == ()
        assert np.array_equal(one.photo.pixels, alone.photo.pixels)
        assert list(one.faces) == alone.report.faces
        assert strip.report.of_variant(one.label).model_dump(exclude={"seconds"}) == (
            alone.report.model_dump(exclude={"seconds"})
        )
    row = np.concatenate([one.photo.pixels for one in strip.variants], axis=1)
    assert np.array_equal(strip.photo.pixels, row)
    assert strip.photo.sha256 == astronaut_photo.sha256


def test_the_report_of_a_strip_has_each_and_the_last_on_top(edit):
    report = edit([20, 70]).report
    assert report.params["target_age"] == [20, 70]
    assert [(one.label, one.params["target_age"]) for one in report.variants] == [
        ("20", 20),
        ("70", 70),
    ]
    assert report.faces == report.variants[1].faces != report.variants[0].faces
    with pytest.raises(KeyError):
        report.of_variant("30")


def test_the_face_is_looked_at_once(edit, stub, monkeypatch):
    calls = {"align": 0, "read_head": 0}
    for name in calls:
        real = getattr(pipeline, name)

        def counted(*given, real=real, name=name):
            calls[name] += 1
            return real(*given)

        monkeypatch.setattr(pipeline, name, counted)
    edit([20, 30, 40, 50])
    assert calls == {"align": 1, "read_head": 1}
    assert stub.looks == 1
    assert [age for age, _ in stub.runs] == [20, 30, 40, 50]


def test_a_list_of_one_is_a_strip_of_one(edit):
    strip = edit([70])
    assert [one.label for one in strip.variants] == ["70"]
    assert np.array_equal(strip.photo.pixels, strip.variants[0].photo.pixels)


def test_a_neutral_strip_is_the_photo_again(edit, stub, astronaut_photo):
    strip = edit([20, 70], params={"strength": 0})
    assert stub.runs == []
    for one in strip.variants:
        assert np.array_equal(one.photo.pixels, astronaut_photo.pixels)


def test_progress_rises_over_all_and_previews_are_told_apart(edit, astronaut_photo):
    class Watch:
        def __init__(self):
            self.seen, self.shown = [], []

        def __call__(self, fraction, note="", preview=None, label=""):
            self.seen.append(fraction)
            if preview is not None:
                self.shown.append(label)

        def of_variant(self, label):
            return lambda *given: self(*given, label=label)

    watch = Watch()
    edit([20, 70, 50], watch)
    assert watch.seen == sorted(watch.seen)
    assert watch.seen[-1] == 1
    # After the first, which all others build on, two are made at a time: who is shown sooner is open.
    assert watch.shown[0] == "20"
    assert sorted(watch.shown) == ["20", "50", "70"]


def test_cancel_between_two_ages_leaves_the_rest_undone(edit, stub):
    def stop(fraction, note="", preview=None):
        if note == "measured":
            raise Cancelled

    with pytest.raises(Cancelled):
        edit([20, 70, 50], stop)
    assert len(stub.runs) == 1


def test_two_faces_in_each_age(edit, stub, astronaut_photo, models):
    pair = replace(
        astronaut_photo,
        pixels=np.concatenate([astronaut_photo.pixels, astronaut_photo.pixels[:, ::-1]], axis=1),
    )
    found = detect_faces(pair, models)
    assert len(found) == 2
    strip = edit([20, 70], photo=pair, known=found, faces="all")
    assert stub.looks == 2
    for one in strip.variants:
        assert [face.index for face in one.faces] == [0, 1]
        assert all(face.measures["change_outside_mask"] == 0 for face in one.faces)
        alone = edit(float(one.label), photo=pair, known=found, faces="all")
        assert np.array_equal(one.photo.pixels, alone.photo.pixels)
        changed = (one.photo.pixels != pair.pixels).any(axis=2).any(axis=0)
        assert changed[:512].any()
        assert changed[512:].any()


def test_faces_that_share_their_frames_see_what_was_done_before(edit, stub, astronaut_photo, faces):
    twin = replace(faces[0], index=1)
    strip = edit([70], photo=astronaut_photo, known=[faces[0], twin], faces="all")
    # The second look is at the face as the first edit left it.
    assert stub.looks == 2
    once = edit([70], photo=astronaut_photo, known=faces).photo.pixels.astype(int)
    assert strip.photo.pixels.astype(int).sum() > once.sum()


@pytest.mark.parametrize(("width", "height", "count"), [(6000, 4000, 12), (300, 9000, 3)])
def test_a_row_keeps_its_bounds(width, height, count):
    scale = row_scale(width, height, count)
    assert width * count * scale <= WIDEST + 1e-6
    assert width * height * count * scale**2 <= MOST_PIXELS + 1e-3


def test_a_wide_row_is_scaled_down_whole():
    pixels = np.zeros((100, 2500, 3), np.uint8)
    photos = [
        Photo(pixels + 20 * n, np.full((100, 2500), 255, np.uint8), None, None, "PNG", "0")
        for n in range(8)
    ]
    row = lay_row(iter(photos), 8)
    assert (row.width, row.height) == (16_000, 80)
    assert row.alpha is not None
    assert [int(row.pixels[40, 2000 * n + 1000, 0]) for n in range(8)] == [20 * n for n in range(8)]
