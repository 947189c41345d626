"""The native age engine: its parts, and what it does to a real face."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import skimage
import torch

from editing.engines.native.age import read_ages, shape_share
from editing.engines.native.age_canvas import canvas_of
from editing.engines.native.age_detail import SHARPEST, no_sharper
from editing.engines.native.age_hair import grey_share, hair_change
from editing.engines.native.age_relief import wrinkles
from editing.errors import EngineUnavailable
from editing.faces.align import align, resized
from editing.faces.blur import blurred
from editing.faces.canonical import canonical_face
from editing.faces.detect import detect_faces
from editing.faces.hair import apart_by_colour
from editing.faces.light import brightness
from editing.faces.maps import look_up, on_map, places
from editing.faces.parts import ring
from editing.faces.regions import fitted_to, head_regions
from editing.faces.topology import FACE_OVAL
from editing.models import ModelStore
from editing.networks.age import AgeChange, AgeCourse, AgeReader, expected_age
from editing.networks.xception_age import XceptionAge
from editing.photo import Photo
from editing.pipeline import edit_photo
from editing.request import EditRequest
from editing.weights import weights_folder


@pytest.fixture(scope="module")
def models() -> ModelStore:
    return ModelStore()


@pytest.fixture(scope="module")
def photo() -> Photo:
    pixels = np.ascontiguousarray(skimage.data.astronaut())
    return Photo(pixels, None, None, None, "PNG", "0" * 64)


@pytest.fixture(scope="module")
def faces(photo, models):
    return detect_faces(photo, models)


@pytest.fixture(scope="module")
def frame(photo, faces, models):
    return align(photo, faces[0], models, 2048)


@pytest.fixture(scope="module")
def strip(photo, faces, models):
    """The astronaut at four ages; the reader of our own finds her about 37."""
    request = EditRequest(operation="age", params={"target_age": [10, 30, 50, 75]}, seed=3)
    result = edit_photo(photo, request, models, faces=faces)
    return {float(one.label): one for one in result.variants}


def test_a_place_of_the_frame_finds_its_place_on_the_map(frame, models):
    canonical = canonical_face(models)
    where = places(frame.landmarks, canonical, frame.size, 256)
    on_canonical = (on_map(canonical.shape, 256) + 0.5) / 256
    scale = 256 / frame.size
    for point in (1, 33, 263, 61, 291, 152):  # nose tip, eye corners, mouth corners, chin
        x, y = np.round((frame.landmarks[point, :2] + 0.5) * scale - 0.5).astype(int)
        assert np.abs(where[y, x] - on_canonical[point, :2]).max() < 0.02


def test_looking_up_a_map_of_places_gives_the_places():
    rows, columns = np.mgrid[0:64, 0:64].astype(np.float32)
    ramp = np.stack([columns, rows], axis=2)
    where = np.full((8, 8, 2), 0.25, np.float32)
    assert np.allclose(look_up(ramp, where), 15.5)


def test_wrinkles_are_drawn_by_the_seed_where_the_relief_is():
    folds = np.zeros((128, 128, 2), np.float32)
    folds[..., 0] = -1  # brightness changes up and down, so lines run across
    relief = np.zeros((128, 128, 4), np.float32)
    relief[:, :64, 2] = 0.05
    drawn = wrinkles(folds, relief, 256, 1)
    assert np.array_equal(drawn, wrinkles(folds, relief, 256, 1))
    assert not np.array_equal(drawn, wrinkles(folds, relief, 256, 2))
    assert drawn[:, :120].std() > 0.01
    assert not drawn[:, 140:].any()
    across, down = (np.abs(np.diff(drawn[:, 8:110], axis=axis)).mean() for axis in (1, 0))
    assert across < 0.6 * down


def test_hair_greys_with_the_years_and_gets_its_colour_back():
    assert grey_share(20) == 0
    shares = [grey_share(age) for age in range(20, 90, 5)]
    assert shares == sorted(shares)
    brown = np.full((4, 4, 3), (0.35, 0.24, 0.15), np.float32)
    greyed = brown + hair_change(brown, 30, 75)
    assert np.ptp(greyed[0, 0]) < 0.5 * np.ptp(brown[0, 0])
    assert greyed.mean() > brown.mean() + 0.1
    coloured = greyed + hair_change(greyed, 75, 30)
    assert np.ptp(coloured[0, 0]) > np.ptp(greyed[0, 0])
    assert coloured.mean() < greyed.mean()


def test_hair_of_no_natural_colour_stays():
    blue = np.full((4, 4, 3), (0.2, 0.3, 0.7), np.float32)
    assert not hair_change(blue, 30, 80).any()


def test_an_edge_of_a_mask_is_laid_on_the_edge_of_the_picture():
    picture = np.full((512, 512, 3), 0.2, np.float32)
    picture[:, 246:] = 0.8
    rough = np.zeros((128, 128), np.float32)
    rough[:, 60:] = 1  # begins six pixels beside the edge
    steps = np.diff(fitted_to(picture, rough)[256])
    assert np.argmax(steps) == 245
    assert steps[245] > 0.2


def test_hair_and_person_are_where_they_are(frame, models):
    regions = head_regions(frame, models)
    x, y = (frame.landmarks[1, :2] * 128 / frame.size).astype(int)
    assert regions.person[y, x] == 1
    assert regions.hair[y, x] < 0.1
    above = regions.hair[: int(frame.landmarks[10, 1] * 128 / frame.size) - 8, 40:88]
    assert above.max() > 0.9
    assert regions.person[5:40, 2:8].max() < 0.3  # the sky behind


@pytest.mark.parametrize("is_hair", [False, True])
def test_a_forehead_in_shadow_is_no_hair(frame, is_hair):
    size = 512
    landmarks = resized(frame.landmarks, size / frame.size)
    random = np.random.default_rng(0)
    oval = ring(landmarks, FACE_OVAL, size)
    picture = np.empty((size, size, 3), np.float32)
    picture[:] = dark = np.array([0.08, 0.06, 0.05])
    picture[oval > 0.5] = 0.7, 0.5, 0.4
    row = int(landmarks[10, 1])
    top = np.zeros(oval.shape, bool)
    top[row : row + 40] = oval[row : row + 40] > 0.5
    picture[top] = dark if is_hair else (0.38, 0.21, 0.15)  # dark, and more colourful
    picture *= np.exp(random.normal(0, 0.1, (size, size, 1))).astype(np.float32)
    hair = np.maximum(1 - oval, top).astype(np.float32)
    cleaned = apart_by_colour(hair, picture, landmarks, oval)
    assert (cleaned[top] > 0.5).mean() == pytest.approx(float(is_hair), abs=0.1)
    assert cleaned[oval < 0.01].mean() > 0.98


def test_older_looks_older(strip):
    read = {age: one.faces[0].measures["age_after"] for age, one in strip.items()}
    assert read[10] < read[30] < read[50] < read[75]
    assert read[75] - read[10] > 25


def test_two_readers_say_how_old_she_is(frame, models):
    small = cv2.resize(frame.picture(), (256, 256), interpolation=cv2.INTER_AREA)
    both = float(read_ages([small], models)[0])

    def middle(rim, size):
        crop = cv2.resize(small[rim:-rim, rim:-rim], (size, size))
        return torch.from_numpy(crop).permute(2, 0, 1)[None].clamp(0, 1)

    with torch.inference_mode():
        looked = float(expected_age(models.network("age_reader", AgeReader)(middle(28, 128)))[0])
        known = float(models.network("xception_age", XceptionAge)(middle(44, 112))[0])
    assert 25 < known < 45
    assert both == pytest.approx((looked + known) / 2, abs=0.01)


def test_a_reader_without_its_weights_is_named(tmp_path, photo, faces):
    for path in weights_folder().glob("*.[js]*"):
        if path.stem != "xception_age":
            (tmp_path / path.name).symlink_to(path)
    request = EditRequest(operation="age", params={"target_age": 50})
    with pytest.raises(EngineUnavailable, match="xception_age"):
        edit_photo(photo, request, ModelStore(folder=tmp_path), faces=faces)


def test_near_her_own_age_nothing_moves(photo, faces, frame, models):
    small = cv2.resize(frame.picture(), (256, 256), interpolation=cv2.INTER_AREA)
    present = float(read_ages([small], models)[0])
    assert [shape_share(years) for years in (-6, 0, 6, -20, 20)] == [0, 0, 0, 1, 1]
    for years, alike in ((6, True), (25, False)):
        request = EditRequest(operation="age", params={"target_age": present + years}, seed=3)
        found = edit_photo(photo, request, models, faces=faces).report.faces[0].measures
        assert (found["face_ssim"] >= 0.97) is alike


def test_old_skin_is_as_sharp_as_the_photo_lets_it_be(strip):
    assert 0.9 <= strip[75].faces[0].measures["sharpness_ratio"] <= 1.4


def test_what_would_get_too_sharp_loses_its_fine_part_alone():
    random = np.random.default_rng(0)
    bright = random.normal(0.5, 0.02, (256, 256)).astype(np.float32)
    face = np.ones_like(bright)
    lines = random.normal(0, 0.05, bright.shape).astype(np.float32)
    folds = cv2.GaussianBlur(lines, (0, 0), 8) * 40

    def sharp(values):
        return float((cv2.Laplacian(values, cv2.CV_32F) ** 2).sum())

    held = no_sharper(bright, folds + lines, face, 512)
    assert sharp(bright + folds + lines) > 4 * sharp(bright)
    assert sharp(bright + held) == pytest.approx(SHARPEST * sharp(bright), rel=0.02)
    assert np.corrcoef(held.ravel(), folds.ravel())[0, 1] > 0.95
    assert np.array_equal(no_sharper(bright, folds, face, 512), folds)


def test_nothing_is_drawn_over_rims(photo, frame, models):
    course = models.network("age", AgeCourse)
    bare = canvas_of(frame, course, 3, models).face
    picture = frame.picture()
    irises = frame.landmarks[[468, 473], :2]
    unit = float(np.hypot(*(irises[1] - irises[0])))
    rims = np.zeros(picture.shape[:2], np.uint8)
    for x, y in irises:
        cv2.circle(rims, (round(float(x)), round(float(y))), round(0.36 * unit), 1, 3)
    picture[rims > 0] = 0.08
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None]
    worn = canvas_of(replace(frame, pixels=pixels), course, 3, models).face
    below = rims[:, :] > 0
    below[: round(float(irises[:, 1].mean()) + 0.2 * unit)] = False
    below = cv2.resize(below.astype(np.float32), (512, 512), interpolation=cv2.INTER_AREA) > 0.5
    assert bare[below].mean() > 0.5
    assert worn[below].mean() < 0.1


def test_it_is_still_her(strip):
    for age in (30, 50):
        assert strip[age].faces[0].measures["identity_distance"] < 0.6


def test_the_sky_stays_as_it_was(strip, photo):
    for one in strip.values():
        assert np.array_equal(one.photo.pixels[:60, :60], photo.pixels[:60, :60])
        assert np.array_equal(one.photo.pixels[250:, :60], photo.pixels[250:, :60])


def test_keep_hair_leaves_the_colour_of_the_hair(photo, faces, models, strip):
    request = EditRequest(operation="age", params={"target_age": 75, "keep_hair": True}, seed=3)
    kept = edit_photo(photo, request, models, faces=faces).photo.pixels.astype(int)
    x, y = (int(v) for v in faces[0].landmarks[10, :2])
    top = np.s_[y - 45 : y - 20, x - 25 : x + 25]
    plain = photo.pixels[top].astype(int)
    greyed = strip[75].photo.pixels[top].astype(int)
    assert np.abs(kept[top] - plain).mean() < 0.4 * np.abs(greyed - plain).mean()


def test_one_age_of_a_strip_is_that_age_asked_for_alone(photo, faces, models, strip):
    request = EditRequest(operation="age", params={"target_age": 50}, seed=3)
    alone = edit_photo(photo, request, models, faces=faces)
    assert np.array_equal(alone.photo.pixels, strip[50].photo.pixels)


def test_black_and_white_stays_so(photo, faces, models):
    grey = np.repeat(photo.pixels.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    one = Photo(np.ascontiguousarray(grey), None, None, None, "PNG", "0" * 64)
    request = EditRequest(operation="age", params={"target_age": 70}, seed=3)
    after = edit_photo(one, request, models, faces=faces).photo.pixels.astype(int)
    assert np.ptp(after, axis=2).max() <= 6


def test_the_network_on_top_changes_nothing_at_ones_own_age_and_no_hair_ever(models):
    network = models.network("age_change", AgeChange)
    face = torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(1))
    ages = torch.tensor([30.0, 55.0])
    with torch.inference_mode():
        still = network(face, ages, ages)
        older = network(face, ages, ages + 30)
    assert all(float(maps.abs().max()) == 0 for maps in still)
    move, tone, bands, depth = older
    assert move.abs().max() > 0.002
    # Far from the face nothing moves: no hair, no hat, no background.
    assert move[..., :6, :].abs().max() < 1e-3
    for maps, limit in zip((move, tone, bands, depth), (0.09, 0.05, 0.8, 2.0), strict=True):
        assert maps.abs().max() <= limit


def test_a_wide_blur_computed_small_is_the_same_blur():
    picture = np.random.default_rng(0).random((256, 256, 3)).astype(np.float32)
    exact = cv2.GaussianBlur(picture, (0, 0), 20)
    assert np.abs(blurred(picture, 20.0) - exact)[30:-30, 30:-30].max() < 0.01
    assert np.allclose(brightness(picture), picture.mean(axis=2), atol=1e-6)
