"""De-identification: nobody is recognised, the rest stays, and the file tells nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from editing.engines.native import surrogate
from editing.engines.native.deidentify import keyed_seed
from editing.engines.native.people import TRAITS, people
from editing.engines.native.surrogate import Source, average, nobodies
from editing.errors import FaceUnknown, ParamsInvalid
from editing.faces.align import align
from editing.faces.detect import detect_faces
from editing.models import ModelStore
from editing.operations.deidentify import DEIDENTIFY, DeidentifyParams
from editing.photo import Photo, decode_photo
from editing.pipeline import edit_photo
from editing.provenance import describe_edit, read_provenance, write_provenance
from editing.request import EditRequest, check_params
from tests.conftest import encoded


@pytest.fixture(scope="module")
def models() -> ModelStore:
    return ModelStore()


@pytest.fixture(scope="module")
def faces(astronaut_photo: Photo, models: ModelStore):
    return detect_faces(astronaut_photo, models)


@pytest.fixture(scope="module")
def hidden(astronaut_photo, faces, models):
    def run(seed=5, photo=astronaut_photo, **params):
        request = EditRequest(operation="deidentify", params=params, seed=seed)
        return edit_photo(photo, request, models, faces=faces)

    return run


@pytest.mark.parametrize("method", ["surrogate", "ksame"])
def test_a_face_is_there_and_it_is_somebody_elses(method, hidden, models):
    result = hidden(method=method)
    measures = result.report.faces[0].measures
    assert measures["identity_distance"] > 0.6
    assert measures["change_outside_mask"] == 0
    assert abs(measures["yaw_after"] - measures["yaw_before"]) < 4
    assert len(detect_faces(result.photo, models)) == 1


@pytest.mark.parametrize("method", ["blur", "mosaic", "solid"])
def test_a_hidden_face_is_found_by_no_detector(method, hidden, faces, models):
    result = hidden(method=method)
    x0, y0, x1, y1 = faces[0].box
    for face in detect_faces(result.photo, models):
        left, top, right, bottom = face.box
        assert right < x0 or left > x1 or bottom < y0 or top > y1


@pytest.mark.parametrize("method", ["blur", "mosaic", "solid"])
def test_nothing_of_the_face_shines_through(method, astronaut_photo, faces, models, hidden):
    """Another pattern in the middle of the face changes only what its average changes."""
    x0, y0, x1, y1 = faces[0].box
    rng = np.random.default_rng(1)
    pixels = astronaut_photo.pixels.copy()
    noise = rng.choice([-40, 40], (y1 - y0, x1 - x0, 1))
    pixels[y0:y1, x0:x1] = np.clip(pixels[y0:y1, x0:x1].astype(int) + noise, 0, 255)
    one, other = (
        hidden(method=method, photo=photo).photo.pixels[y0:y1, x0:x1].astype(int)
        for photo in (astronaut_photo, replace(astronaut_photo, pixels=pixels))
    )
    height, width = one.shape[:2]
    middle = (slice(height // 4, -height // 4), slice(width // 4, -width // 4))
    assert np.abs(one - other)[middle].max() <= 22


def test_everybody_is_hidden_by_default(astronaut_photo, models):
    assert DEIDENTIFY.default_faces == "all"
    two = replace(
        astronaut_photo,
        pixels=np.concatenate([astronaut_photo.pixels, astronaut_photo.pixels], axis=1),
    )
    request = EditRequest(operation="deidentify", params={"method": "mosaic"}, seed=1)
    result = edit_photo(two, request, models)
    assert len(result.report.faces) == 2
    assert not detect_faces(result.photo, models)


def test_a_key_gives_the_same_face_whatever_the_seed(hidden):
    first, again, other = (
        hidden(seed=seed, key=key).photo.pixels for seed, key in ((1, "a"), (2, "a"), (1, "b"))
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_key_holds_for_a_person_and_tells_people_apart():
    random = np.random.default_rng(0)
    people = random.standard_normal((40, 40)) * 1.2
    again = people + random.standard_normal(people.shape) * 0.1
    seeds = [keyed_seed("secret", one.astype(np.float32)) for one in people]
    same = [
        keyed_seed("secret", one.astype(np.float32)) == s
        for one, s in zip(again, seeds, strict=True)
    ]
    assert np.mean(same) > 0.8
    assert len(set(seeds)) > 30


def test_a_group_of_k_shares_one_average(models):
    crowd = people(models)
    everybody = crowd.codes[: len(crowd.codes) // 2]
    groups = Counter(average(one, 10, crowd).code.tobytes() for one in everybody)
    assert min(groups.values()) >= 10
    assert groups.total() == len(everybody)


def _source(models: ModelStore, n: int) -> Source:
    crowd = people(models)
    return Source(crowd.traits[n], crowd.shapes[n], crowd.codes[n], wears=False)


def test_who_is_drawn_is_nobody_of_the_gallery(models):
    crowd = people(models)
    drawn = [
        nobody
        for n in range(60)
        for nobody in nobodies(_source(models, n), {}, np.random.default_rng(n), crowd, None)
    ]
    assert len(drawn) > 60
    for nobody in drawn:
        rest = np.linalg.norm(crowd.codes - nobody.code, axis=1)
        # No nearer to anybody than half of what people are apart from their nearest.
        assert rest.min() >= 0.5 * crowd.apart()


def test_one_like_the_source_is_hardly_drawn_where_a_recogniser_tells(models):
    crowd = people(models)

    def nearest(n: int, descriptor: np.ndarray | None) -> float:
        drawn = nobodies(_source(models, n), {}, np.random.default_rng(0), crowd, descriptor)
        return min(float(np.linalg.norm(one.code - crowd.codes[n])) for one in drawn)

    told = [nearest(n, crowd.descriptors[n]) for n in range(20)]
    untold = [nearest(n, None) for n in range(20)]
    assert np.mean(told) > 1.2 * np.mean(untold)


def test_another_age_and_gender_are_drawn_where_they_are_asked_for(models):
    crowd = people(models)
    like = next(n for n, traits in enumerate(crowd.traits) if traits[1] < 0.2 and traits[0] < 0.3)
    asked = {"age": 0.68, "gender": 1.0}

    def read(asked: dict[str, float]) -> np.ndarray:
        """The mean traits of the people whose codes are nearest to those drawn."""
        drawn = nobodies(_source(models, like), asked, np.random.default_rng(0), crowd, None)
        near = [np.argsort(np.linalg.norm(crowd.codes - o.code, axis=1))[:3] for o in drawn]
        return crowd.traits[np.concatenate(near)].mean(axis=0)

    same, other = read({}), read(asked)
    age, gender = TRAITS.index("age"), TRAITS.index("gender")
    assert other[age] > same[age] + 0.15
    assert other[gender] > same[gender] + 0.4


def test_names_and_places_go_from_the_file(astronaut_picture, faces, models):
    exif = astronaut_picture.getexif()
    exif[0x013B] = "Eileen Collins"
    photo = decode_photo(encoded(astronaut_picture, "JPEG", exif=exif.tobytes()))
    assert b"Eileen" in photo.exif
    request = EditRequest(operation="deidentify", params={"method": "blur"}, seed=1)
    assert edit_photo(photo, request, models, faces=faces).photo.exif is None


def test_the_file_tells_neither_its_source_nor_how_to_draw_the_face_again(hidden, astronaut_photo):
    result = hidden(seed=987654321, method="mosaic")
    marked = write_provenance(result.photo, describe_edit(result.report))
    assert astronaut_photo.sha256.encode() not in marked.data
    assert b"987654321" not in marked.data
    told = read_provenance(marked.data)
    assert told is not None
    assert (told.operation, told.seed, told.source_sha256) == ("deidentify", None, None)


def test_the_report_tells_what_is_promised_and_keeps_the_key_to_itself(hidden):
    report = hidden(method="ksame", k=12, key="swordfish").report
    assert "at most once in 12" in " ".join(report.faces[0].notes)
    assert "swordfish" not in report.model_dump_json()


def test_a_face_of_another_age_and_gender_can_be_asked_for():
    params = check_params("deidentify", {"gender": "man", "age": "old"})
    assert isinstance(params, DeidentifyParams)
    with pytest.raises(ParamsInvalid, match="young"):
        check_params("deidentify", {"age": "12"})


def test_a_face_that_was_missed_is_added_by_hand(models, landscape_jpeg):
    photo = decode_photo(landscape_jpeg)
    params = {"method": "solid", "also": [[100, 60, 160, 140]]}
    request = EditRequest(operation="deidentify", params=params, seed=1)
    result = edit_photo(photo, request, models, faces=[])
    changed = (result.photo.pixels != photo.pixels).any(axis=2)
    assert changed[70:130, 110:150].all()
    assert not changed[:20].any()
    assert result.report.faces[0].box == (100, 60, 160, 140)
    beyond = EditRequest(operation="deidentify", params={"also": [[0, 0, 400, 20]]}, seed=1)
    with pytest.raises(FaceUnknown, match="beyond the photo"):
        edit_photo(photo, beyond, models, faces=[])
    with pytest.raises(ParamsInvalid, match="is no box"):
        check_params("deidentify", {"also": [[30, 0, 10, 20]]})


def test_hair_over_the_face_stays_unless_it_would_be_most_of_it(
    astronaut_photo, faces, models, monkeypatch
):
    frame = align(astronaut_photo, faces[0], models)

    def covered(share: float) -> np.ndarray:
        hair = np.zeros((frame.size, frame.size), np.float32)
        hair[:, : int(share * frame.size)] = 1
        monkeypatch.setattr(surrogate, "hair_of", lambda *_: hair)
        return surrogate._hair(frame, models, frame.size)

    some = covered(0.42)
    assert some[frame.size // 2, int(0.4 * frame.size)] == 1
    assert not covered(0.8).any()
    loose = np.zeros((frame.size, frame.size), np.float32)
    x, y = frame.landmarks[1, :2].astype(int)
    loose[y - 3 : y + 3, x - 3 : x + 3] = 1  # a dark spot on the nose
    monkeypatch.setattr(surrogate, "hair_of", lambda *_: loose)
    assert not surrogate._hair(frame, models, frame.size).any()
