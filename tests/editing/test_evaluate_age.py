"""The tables of age: whom they count, what they say, and that readers read."""

from __future__ import annotations

import json

import numpy as np
import pytest

from editing import __main__ as command_line
from editing.evaluate.age import AgeEdit, AgeEvaluation, AgeSource
from editing.evaluate.age_judge import JudgeCurve, judge_curve
from editing.evaluate.age_readers import fit_reader, read_gender, second_reader, smile_kept
from editing.evaluate.age_table import _tables, to_markdown
from editing.evaluate.people import Person, skin_tone, who_is
from editing.faces.canonical import canonical_face, fit_face
from editing.faces.detect import detect_faces
from editing.measure.chip import cut_chip
from editing.models import ModelStore
from editing.training.data import fold_of
from tests.editing.stub_engine import use_stub


@pytest.fixture(scope="module")
def models():
    return ModelStore()


def source(read=40.0, counts=True, gender="female", tone=20.0, age=42.0, photo="a.jpg"):
    return AgeSource(photo, Person(age, gender, counts), read, read + 1, 0.1, tone)


def edit(source, label="60", target=60.0, **values):
    told = {"read": 57.0, "usual": 58.0, "unedited_error": 6.0, "second": 66.0, "identity": 0.3, "gender_kept": True,
            "smile_kept": True, "ssim": 0.9, "sharpness": 1.2, "outside": 0.0}  # fmt: skip
    return AgeEdit(source, label, target, **(told | values))


def tables(*edits):
    sources = list(dict.fromkeys(one.source for one in edits))
    return _tables(AgeEvaluation("native", "f", 1, 3.7, 1.0, sources, list(edits)))


def test_errors_are_to_the_target_by_both_readers():
    told = tables(edit(source()), edit(source(), "30", 30.0, read=35.0, second=None))
    assert told["headline"]["error"] == 4.0
    assert told["headline"]["bias"] == 1.0
    assert told["headline"]["second_error"] == 6.0
    assert told["targets"]["60"]["error"] == 3.0
    assert told["targets"]["60"]["fair_error"] == 1.0
    assert told["targets"]["20"]["error"] is None
    assert told["readers"] == {"judge": 2.0, "second": 1.0, "faces": 1}


def test_who_and_what_counts_for_the_headline():
    young, trained = source(read=15.0), source(counts=False)
    told = tables(
        edit(source()), edit(young), edit(trained), edit(source(), "8", 8.0), edit(source(), "own", 40.0)
    )  # fmt: skip
    assert told["headline"]["edits"] == 1
    assert told["people"] == {"sources": 3, "headline": 1}


def test_the_person_is_held_to_within_thirty_years_only():
    far = edit(source(read=25.0), identity=0.7)
    near = [edit(source(), identity=distance) for distance in (0.3, 0.55)]
    assert tables(far, *near)["headline"]["identity"] == 0.5


def test_sharpness_counts_from_sixty_and_outside_is_the_worst():
    told = tables(
        edit(source(), sharpness=1.0), edit(source(), "20", 20.0, sharpness=9.0, outside=2.0)
    )
    assert told["headline"]["sharpness"] == 1.0
    assert told["headline"]["sharp"] == 1.0
    assert told["headline"]["outside"] == 2.0


def test_own_age_is_held_to_likeness():
    told = tables(
        edit(source(), "own", 40.0, ssim=0.98), edit(source(read=41.0), "own", 41.0, ssim=0.90)
    )
    assert told["own_age"] == {
        "ssim_mean": 0.94, "ssim_worst": 0.90, "share_alike": 0.5, "edits": 2
    }  # fmt: skip


def test_groups_and_the_worst_of_them_are_named():
    edits = [
        edit(source(read=30.0 + n, gender="male" if n % 2 else "female", tone=float(n), photo=str(n)),
             read=60.0 + n)
        for n in range(9)
    ]  # fmt: skip
    told = tables(*edits)
    assert set(told["groups"]["gender"]) == {"female", "male"}
    tones = told["groups"]["skin tone"]
    assert {name: one["edits"] for name, one in tones.items()} == {
        "darkest": 3, "middle": 3, "lightest": 3
    }  # fmt: skip
    assert told["worst"]["error"] == {"group": "skin tone: lightest", "value": 7.0}


def test_what_nobody_read_is_unmeasured_and_json_is_strict():
    one = edit(source(age=None), read=None, unedited_error=None, second=None, identity=None)
    page = to_markdown(AgeEvaluation("native", "f", 1, None, 1.0, [one.source], [one]))
    assert "| all | unmeasured | unmeasured |" in page


def test_the_second_reader_learns():
    rng = np.random.default_rng(0)
    described = rng.normal(0, 0.09, (200, 128))
    ages = 40 + 60 * described[:, 0] / 0.09 * 0.25
    reader = fit_reader(described[:180], ages[:180])
    read = [reader.read(one) for one in described[180:]]
    assert np.corrcoef(read, ages[180:])[0, 1] > 0.6
    assert reader.error < np.abs(ages - ages.mean()).mean()


def test_the_judges_curve_is_what_it_reads_of_real_people():
    ages = np.random.default_rng(0).uniform(0, 75, 400)
    curve = JudgeCurve(ages, 0.8 * ages + 3)
    # On a line it is that line, at its ends too.
    assert [curve.at(age) for age in (10.0, 50.0, 75.0)] == pytest.approx([11.0, 43.0, 63.0])
    assert curve.error(50.0) == pytest.approx(7.0, abs=0.1)


def test_no_labelled_faces_no_second_reader_and_no_curve(tmp_path, monkeypatch, models):
    monkeypatch.setenv("MIEN_FACES", str(tmp_path))
    assert second_reader(tmp_path / "cache.npy", models) is None
    assert judge_curve(tmp_path / "judge.npy", models) is None


def test_who_is_in_a_labelled_photo(tmp_path, monkeypatch):
    from editing.evaluate import people

    people._rated.cache_clear()
    monkeypatch.setenv("MIEN_FACES", str(tmp_path))
    np.savez(tmp_path / "landmarks478.npz", nothing=np.zeros(1))
    (tmp_path / "omi.csv").write_text("stimulus,age,gender\n7,31.5,80\n")
    (tmp_path / "london.csv").write_text("face_id,face_age,face_gender\n001,24,Female\n002,,male\n")
    omi, london = tmp_path / "omi", tmp_path / "london"
    assert who_is(omi / "0007.jpg") == Person(31.5, "male", fold_of("omi/0007") in (0, 1))
    told = who_is(london / "001_smiling.jpg")
    assert told == Person(24.0, "female", fold_of("london/001") in (0, 1))
    assert who_is(london / "002_neutral.jpg").age is None
    assert who_is(tmp_path / "else" / "where" / "0007.jpg") == Person(None, None, True)
    people._rated.cache_clear()


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [(0.02, 0.05, True), (0.02, 0.16, False), (0.16, 0.02, False), (0.085, 0.1, True)],
)
def test_a_smile_is_kept_or_not(before, after, kept):
    assert smile_kept(before, after) is kept


def test_readers_of_a_face(astronaut_photo, models):
    photo = astronaut_photo
    face = detect_faces(photo, models)[0]
    laid = fit_face(canonical_face(models), face.landmarks)
    # As the package reads her by its own detection.
    assert read_gender(cut_chip(photo.pixels, laid, models), models) < 0.3
    light = skin_tone(photo.pixels, face.landmarks, laid)
    dark = skin_tone((photo.pixels * 0.4).astype(np.uint8), face.landmarks, laid)
    assert light > 0 > dark
    away = face.landmarks + np.float32(5000)
    assert skin_tone(photo.pixels, away, laid) is None


def test_the_command_writes_tables_and_a_sheet(
    tmp_path, monkeypatch, capsys, astronaut_png, grace_hopper_jpeg
):
    stub = use_stub(monkeypatch)
    monkeypatch.setattr("editing.evaluate.age.AGE", command_line_age())
    monkeypatch.setenv("MIEN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MIEN_FACES", str(tmp_path / "none"))
    folder, out = tmp_path / "faces", tmp_path / "out"
    folder.mkdir()
    (folder / "astronaut.png").write_bytes(astronaut_png)
    (folder / "hopper.jpg").write_bytes(grace_hopper_jpeg)
    (folder / "text.jpg").write_text("no picture")
    assert command_line.main(["evaluate", "age", "--faces", str(folder), "--out", str(out)]) == 0
    told = json.loads((out / "table.json").read_text())
    assert told["people"]["sources"] == 2
    assert [one["code"] for one in told["failures"]] == ["photo_unreadable"]
    assert {row["label"] for row in told["rows"]} == {
        "8", "20", "30", "40", "50", "60", "70", "80", "own"
    }  # fmt: skip
    assert told["headline"]["outside"] == 0
    assert told["headline"]["second_error"] is None
    assert told["times"]["timed"] == 2
    assert (out / "contact_sheet.jpg").stat().st_size > 20_000
    assert "unmeasured" in (out / "table.md").read_text()
    # Per face a strip of nine, one age and a strip of eight.
    assert len(stub.runs) == 2 * (9 + 1 + 8)


def command_line_age():
    from editing.operations import OPERATIONS

    return OPERATIONS["age"]
