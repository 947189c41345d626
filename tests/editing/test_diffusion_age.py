"""Age by a diffusers pipeline: real loading and real steps, on tiny networks with random weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editing.engines import ENGINES
from editing.engines.diffusion import age as engine_module
from editing.engines.diffusion.head import head_mask
from editing.errors import ResultRefused
from editing.faces.align import align
from editing.faces.detect import detect_faces
from editing.models import ModelStore
from editing.operations.age import AGE, PIPELINE_SETTING, AgeParams
from editing.pipeline import edit_photo
from editing.progress import Cancelled, silent
from editing.request import EditRequest
from tests.editing.tiny_pipelines import SIDE, tiny_pipeline


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_pipeline(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(autouse=True)
def named(folder, monkeypatch):
    monkeypatch.setenv(PIPELINE_SETTING, str(folder))


@pytest.fixture(scope="module")
def models():
    return ModelStore()


@pytest.fixture(scope="module")
def faces(astronaut_photo, models):
    return detect_faces(astronaut_photo, models)


@pytest.fixture
def edit(astronaut_photo, faces, models):
    def run(progress=silent, seed=7, models=models, **params):
        request = EditRequest(operation="age", engine="diffusion", params=params, seed=seed)
        return edit_photo(astronaut_photo, request, models, progress, faces=faces)

    return run


def test_the_prompt_and_the_seed_decide(edit, astronaut_photo):
    first, same = edit(target_age=70), edit(target_age=70)
    assert np.array_equal(first.photo.pixels, same.photo.pixels)
    for other in (edit(target_age=20), edit(target_age=70, seed=8)):
        assert not np.array_equal(first.photo.pixels, other.photo.pixels)
    assert not np.array_equal(first.photo.pixels, astronaut_photo.pixels)


@pytest.mark.parametrize(("kind", "steps"), [("text", 18), ("lcm", 4)])
def test_other_families_do_it_too(edit, kind, steps, tmp_path, monkeypatch, astronaut_photo, faces):
    """One that was made for text to image inpaints; one that cannot repaints the whole frame."""
    monkeypatch.setenv(PIPELINE_SETTING, str(tiny_pipeline(tmp_path, kind)))
    notes = []
    result = edit(lambda fraction, note="", preview=None: notes.append(note), target_age=70)
    assert notes.count(f"step {steps} of {steps}") == 1
    changed = (result.photo.pixels != astronaut_photo.pixels).any(axis=2)
    x0, y0, x1, y1 = faces[0].box
    assert changed[y0:y1, x0:x1].mean() > 0.5
    assert not changed[-60:].any()


def test_the_report_names_the_pipeline_its_licence_and_one_digest(edit, folder):
    report = edit(target_age=70).report
    pipeline = report.weights[-1]
    assert (pipeline.name, pipeline.licence) == (str(folder), "apache-2.0")
    assert len(pipeline.sha256) == 64
    assert [weight.name for weight in report.weights[:-1]] == ["mesh", "landmarks"]


def test_hair_is_kept_when_asked(edit, astronaut_photo, faces):
    kept, whole = (edit(target_age=70, keep_hair=keep).photo.pixels for keep in (True, False))
    hair = np.s_[: faces[0].box[1] - 8]
    assert np.array_equal(kept[hair], astronaut_photo.pixels[hair])
    assert not np.array_equal(whole[hair], astronaut_photo.pixels[hair])


def test_steps_are_told_with_previews_of_the_photo(edit, astronaut_photo):
    seen, shown = [], []

    def watch(fraction, note="", preview=None):
        seen.append((fraction, note))
        if preview is not None and note.startswith("step"):
            shown.append(preview)

    edit(watch, target_age=70)
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    # 0.6 of the way to noise is 18 of 30 steps.
    assert [note for _, note in seen if note.startswith("step")][-1] == "step 18 of 18"
    assert 3 <= len(shown) <= 9
    assert all(preview.shape == astronaut_photo.pixels.shape for preview in shown)
    # Around the face a preview is the photo.
    assert np.array_equal(shown[0][-40:], astronaut_photo.pixels[-40:])
    assert not np.array_equal(shown[0], shown[-1])


def test_cancel_leaves_within_a_step_and_the_pipeline_goes_on_working(edit):
    notes = []

    def stop(fraction, note="", preview=None):
        notes.append(note)
        if note == "step 3 of 18":
            raise Cancelled

    with pytest.raises(Cancelled):
        edit(stop, target_age=70)
    assert notes[-1] == "step 3 of 18"
    assert edit(target_age=70).photo is not None


def test_less_strength_changes_less(edit, astronaut_photo):
    amounts = [
        np.abs(
            edit(target_age=70, strength=s).photo.pixels - astronaut_photo.pixels.astype(int)
        ).mean()
        for s in (0.1, 1.0)
    ]
    assert 0 < amounts[0] < amounts[1]


def test_a_strip_reconstructs_the_picture_once_and_loads_once(edit, monkeypatch):
    calls = {"load": 0, "reconstruct": 0}
    real_load = engine_module.load_pipeline
    real_reconstruct = engine_module.Painter.reconstruct

    def load(*given):
        calls["load"] += 1
        return real_load(*given)

    def reconstruct(self, picture):
        calls["reconstruct"] += 1
        return real_reconstruct(self, picture)

    monkeypatch.setattr(engine_module, "load_pipeline", load)
    monkeypatch.setattr(engine_module.Painter, "reconstruct", reconstruct)
    models = ModelStore()
    strip = edit(target_age=[20, 70], models=models)
    assert calls == {"load": 1, "reconstruct": 1}
    assert np.array_equal(strip.variants[1].photo.pixels, edit(target_age=70).photo.pixels)
    assert models.release_idle(0, "pipeline:") == 1
    edit(target_age=20, models=models)
    assert calls["load"] == 2


def test_another_person_is_told_of(edit, monkeypatch):
    monkeypatch.setattr("editing.measure.head_distance", lambda *_: 0.71)
    (note,) = edit(target_age=70).report.faces[0].notes
    assert "0.71" in note
    monkeypatch.setattr("editing.measure.head_distance", lambda *_: 0.3)
    assert edit(target_age=70).report.faces[0].notes == []


def test_a_small_face_gets_a_small_difference(astronaut_photo, faces, models):
    frame = align(astronaut_photo, faces[0], models, 128)
    small = replace(frame, pixels=frame.pixels[..., ::4, ::4], landmarks=frame.landmarks / 4)
    engine = ENGINES["age", "diffusion"]
    made = engine.run(AGE, small, AgeParams(), 1, models, silent)
    assert made.difference.shape == (32, 32, 3)
    assert made.mask.shape == (32, 32)
    assert SIDE > 32


def test_what_the_safety_checker_refuses_is_no_result(edit, models, monkeypatch):
    edit(target_age=70)
    painter = models.keep(f"pipeline:{ENGINES['age', 'diffusion'].source.name}", pytest.fail)
    real = painter.pipeline

    class Flags:
        vae, num_timesteps, _all_hooks = real.vae, 18, None
        _execution_device = real._execution_device

        def __call__(self, **given):
            made = real(**given)
            made.nsfw_content_detected = [True]
            return made

    monkeypatch.setattr(painter, "pipeline", Flags())
    with pytest.raises(ResultRefused, match="safety checker"):
        edit(target_age=70)


def test_the_mask_ends_softly_inside_the_head(astronaut_photo, faces, models):
    frame = align(astronaut_photo, faces[0], models)
    head, face = (head_mask(frame.landmarks, frame.size, with_hair=hair) for hair in (True, False))
    middle = frame.size // 2
    assert head[middle, middle] == face[middle, middle] == 1
    assert head[0].max() == head[:, 0].max() == head[:, -1].max() == 0
    assert 1.3 < (head > 0).sum() / (face > 0).sum() < 4
    assert (np.abs(np.diff(head, axis=1)).max()) < 0.3
    crown = int(frame.landmarks[10, 1] - 0.15 * frame.size)
    assert head[crown, middle] > 0.5 > face[crown, middle]
