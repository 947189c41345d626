"""What every operation by every engine promises, tried on a real face."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editing.engines import ENGINES, choose_engine
from editing.errors import EngineUnavailable, FaceUnknown, MaskInvalid, NoFace
from editing.faces.align import align
from editing.faces.detect import detect_faces
from editing.faces.paste import FaceEdit, paste, photo_mask
from editing.models import ModelStore
from editing.operations import OPERATIONS, find_operation
from editing.photo import Photo
from editing.pipeline import edit_photo
from editing.progress import Cancelled
from editing.request import EditRequest
from tests.editing.tiny_pipelines import tiny_pipeline

# One setting for each operation that visibly changes a face.
SETTINGS = {
    "expression": {"smile": 1.0, "mouth_open": 0.4},
    "age": {"target_age": 70},
    "inpaint": {"region": "mouth", "attribute": "restore"},
    "camouflage": {},
    "deidentify": {"method": "surrogate"},
    "normalize": {},
}
NEUTRAL = {
    "expression": {},
    "age": {"strength": 0},
    "inpaint": {"strength": 0},
    "camouflage": {"strength": 0},
    "deidentify": {"strength": 0},
    "normalize": {"pose": 0, "light": 0},
}
CASES = [
    pytest.param(operation, engine, id=f"{operation}-{engine}") for operation, engine in ENGINES
]


@pytest.fixture(scope="module")
def models() -> ModelStore:
    return ModelStore()


@pytest.fixture(scope="module")
def pipeline_folder(tmp_path_factory):
    """A tiny pipeline of random weights, for the engines that need one of somebody else."""
    return tiny_pipeline(tmp_path_factory.mktemp("pipeline"))


@pytest.fixture(autouse=True)
def named_pipelines(pipeline_folder, monkeypatch):
    for operation in OPERATIONS.values():
        for engine in operation.engines:
            if engine.setting:
                monkeypatch.setenv(engine.setting, str(pipeline_folder))


@pytest.fixture(scope="module")
def photo() -> Photo:
    data = pytest.importorskip("skimage.data")
    return Photo(np.ascontiguousarray(data.astronaut()), None, None, None, "PNG", "0" * 64)


@pytest.fixture(scope="module")
def faces(photo, models):
    return detect_faces(photo, models)


def request(operation: str, engine: str, **more) -> EditRequest:
    fields = {"params": SETTINGS[operation], "seed": 7} | more
    return EditRequest(operation=operation, engine=engine, **fields)


def test_every_operation_has_settings_to_be_tried_with():
    assert set(SETTINGS) == set(NEUTRAL) == set(OPERATIONS)


def test_age_is_tried_by_both_of_its_engines():
    """An engine that is declared and not there would be tried by nothing below."""
    there = {engine for operation, engine in ENGINES if operation == "age"}
    assert there == {"native", "diffusion"}


@pytest.mark.parametrize(("operation", "engine"), CASES)
def test_neutral_settings_return_identical_pixels(operation, engine, photo, faces, models):
    result = edit_photo(
        photo, request(operation, engine, params=NEUTRAL[operation]), models, faces=faces
    )
    assert np.array_equal(result.photo.pixels, photo.pixels)
    assert result.report.faces[0].measures["change_inside_mask"] in (0, None)


@pytest.mark.parametrize(("operation", "engine"), CASES)
def test_nothing_changes_outside_the_mask(operation, engine, photo, faces, models):
    settings = find_operation(operation).params(**SETTINGS[operation])
    frame = align(photo, faces[0], models, find_operation(operation).largest_frame)
    chosen = choose_engine(find_operation(operation), engine, models)
    edit = chosen.run(find_operation(operation), frame, settings, 7, models, lambda *_: None)
    after, region = paste(photo, frame, edit), photo_mask(photo, frame, edit)
    changed = (after.pixels != photo.pixels).any(axis=2)
    assert changed.sum() > 500
    assert not changed[~region].any()
    assert region.mean() < 0.6


@pytest.mark.parametrize(("operation", "engine"), CASES)
def test_the_same_seed_gives_the_same_bytes(operation, engine, photo, faces, models):
    first, second = (
        edit_photo(photo, request(operation, engine), models, faces=faces) for _ in range(2)
    )
    assert np.array_equal(first.photo.pixels, second.photo.pixels)
    assert first.report.seed == second.report.seed == 7


@pytest.mark.parametrize(("operation", "engine"), CASES)
def test_progress_rises_to_one_and_shows_a_preview(operation, engine, photo, faces, models):
    seen, previews = [], []

    def watch(fraction, note="", preview=None):
        seen.append(fraction)
        previews.extend([] if preview is None else [preview])

    edit_photo(photo, request(operation, engine), models, watch, faces=faces)
    assert seen == sorted(seen)
    assert seen[-1] == 1
    assert previews[0].dtype == np.uint8
    assert not np.array_equal(previews[0], photo.pixels)


@pytest.mark.parametrize(("operation", "engine"), CASES)
def test_cancel_stops_at_the_next_report(operation, engine, photo, faces, models):
    calls = []

    def stop_at_third(fraction, note="", preview=None):
        calls.append(fraction)
        if len(calls) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        edit_photo(photo, request(operation, engine), models, stop_at_third, faces=faces)
    assert len(calls) == 3


@pytest.mark.parametrize(("operation", "engine"), CASES)
def test_a_persons_mask_bounds_the_edit(operation, engine, photo, faces, models):
    mask = np.zeros((photo.height, photo.width), np.uint8)
    mask[: photo.height // 3] = 255
    result = edit_photo(photo, request(operation, engine), models, faces=faces, mask=mask)
    assert np.array_equal(result.photo.pixels[mask == 0], photo.pixels[mask == 0])


def test_a_mask_of_another_size_is_refused(photo, faces, models):
    with pytest.raises(MaskInvalid, match="10 x 20"):
        edit_photo(
            photo,
            request("expression", "native"),
            models,
            faces=faces,
            mask=np.ones((20, 10), np.uint8),
        )


def test_a_face_that_is_not_there_is_named(photo, faces, models):
    with pytest.raises(FaceUnknown, match="no face 5"):
        edit_photo(photo, request("expression", "native", faces=[5]), models, faces=faces)


def test_a_photo_without_a_face_is_refused(models):
    rng = np.random.default_rng(1)
    noise = Photo(rng.integers(0, 255, (200, 300, 3), np.uint8), None, None, None, "PNG", "0")
    with pytest.raises(NoFace):
        edit_photo(noise, request("expression", "native"), models)


def test_an_engine_that_cannot_do_it_says_so(models):
    with pytest.raises(EngineUnavailable, match="diffusion"):
        choose_engine(find_operation("expression"), "diffusion", models)


def test_nothing_is_fetched_from_beyond_the_border_of_the_photo(photo, faces, models):
    rows = np.repeat(np.arange(photo.height)[:, None] // 2, photo.width, axis=1)
    ramp = replace(photo, pixels=np.repeat(rows[..., None], 3, axis=2).astype(np.uint8))
    frame = align(ramp, faces[0], models)
    up = np.zeros((32, 32, 2), np.float32)
    up[..., 1] = -0.9 * frame.size
    moved = paste(ramp, frame, FaceEdit(np.ones((32, 32), np.float32), up)).pixels
    x0, y0, x1, _ = frame.box_in(ramp)
    # Where there is nothing to fetch, a border that is repeated would be one colour, a streak.
    column = moved[y0 + 40 : y0 + 140, (x0 + x1) // 2, 0].astype(int)
    assert (np.diff(column) >= 0).all()
    assert len(set(column)) > 10


def test_paste_leaves_the_photo_alone_where_the_mask_is_zero(photo, faces, models):
    frame = align(photo, faces[0], models)
    mask = np.zeros((64, 64), np.float32)
    mask[20:40, 20:40] = 1
    edit = FaceEdit(mask, difference=np.full((64, 64, 3), 0.5, np.float32))
    after, region = paste(photo, frame, edit), photo_mask(photo, frame, edit)
    assert np.array_equal(after.pixels[~region], photo.pixels[~region])
    assert (after.pixels[region] > photo.pixels[region]).mean() > 0.5
