"""Normalisation of pose and light: straighter, more even, still the same person."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from editing.engines.native.relight import evened, lit
from editing.engines.native.turning import turned
from editing.errors import PoseRefused
from editing.evaluate import own_copies
from editing.faces.align import align
from editing.faces.canonical import canonical_face
from editing.faces.detect import detect_faces
from editing.faces.light import balanced
from editing.faces.pose import estimate_pose
from editing.measure.cast import believable
from editing.models import ModelStore
from editing.photo import Photo
from editing.pipeline import edit_photo
from editing.request import EditRequest


@pytest.fixture(scope="module")
def models() -> ModelStore:
    return ModelStore()


@pytest.fixture(scope="module")
def faces(astronaut_photo: Photo, models: ModelStore):
    return detect_faces(astronaut_photo, models)


@pytest.fixture(scope="module")
def normalized(astronaut_photo, faces, models):
    def run(photo=astronaut_photo, found=faces, **params):
        request = EditRequest(operation="normalize", params=params, seed=1)
        return edit_photo(photo, request, models, faces=found)

    return run


def test_a_turned_head_comes_to_the_front_and_stays_the_person(normalized):
    turned_away = normalized(pose=0, light=0, yaw=20, pitch=8)
    measures = turned_away.report.faces[0].measures
    moved = measures["yaw_after"] - measures["yaw_before"]
    assert 12 < moved < 28
    back = normalized(turned_away.photo, None, light=0).report.faces[0].measures
    assert abs(back["yaw_after"]) < 0.25 * abs(back["yaw_before"])
    assert back["identity_distance"] < 0.5
    assert back["change_outside_mask"] == 0


def test_a_tilted_head_stands_upright(astronaut_photo, models, normalized):
    turn = cv2.getRotationMatrix2D((225, 120), 14, 1)
    tilted = cv2.warpAffine(astronaut_photo.pixels, turn, (512, 512), borderMode=cv2.BORDER_REFLECT)
    measures = (
        normalized(replace(astronaut_photo, pixels=tilted), None, light=0).report.faces[0].measures
    )
    assert abs(measures["roll_before"]) > 8
    assert abs(measures["roll_after"]) < 3


def test_light_from_one_side_is_evened(astronaut_photo, faces, normalized):
    x0, _, x1, _ = faces[0].box
    ramp = np.clip((np.arange(512) - x0) / (x1 - x0), 0, 1)[None, :, None]
    dark = (astronaut_photo.pixels * (0.35 + 0.65 * ramp)).astype(np.uint8)
    measures = normalized(replace(astronaut_photo, pixels=dark), pose=0).report.faces[0].measures
    assert measures["light_asymmetry_before"] > 0.5
    assert measures["light_asymmetry_after"] < 0.3 * measures["light_asymmetry_before"]
    assert measures["identity_distance"] < 0.4


def test_an_even_face_has_nothing_to_even(models):
    canonical = canonical_face(models)
    half = np.full((256, 128, 3), 0.5, np.float32)
    even = np.concatenate([half, half[:, ::-1]], axis=1)
    assert np.abs(evened(even, canonical)).max() < 0.01


def test_light_that_is_put_in_comes_from_where_it_was_asked(models, astronaut_photo, faces):
    canonical = canonical_face(models)
    change = lit(canonical, 60.0, 1.0)
    assert change[100:180, 150:180].mean() > change[100:180, 76:106].mean() + 0.3
    assert np.abs(lit(canonical, 0.0, 1.0)).max() < 0.05


def test_the_landmarks_of_a_turned_head_have_the_pose_that_was_asked(
    astronaut_photo, faces, models
):
    frame = align(astronaut_photo, faces[0], models)
    head = turned(frame, canonical_face(models), 15.0, -10.0, 5.0)
    pose = estimate_pose(head.landmarks, models)
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((15, -10, 5), abs=0.5)


def as_if_turned(frame, face, canonical, yaw: float):
    """The face with the landmarks that it would have at ``yaw``; its pixels stay what they are."""
    points = turned(frame, canonical, yaw, 0.0, 0.0).landmarks.copy()
    points[:, :2] = points[:, :2] @ frame.photo_from_frame[:2, :2].T + frame.photo_from_frame[:2, 2]
    return replace(face, landmarks=points.astype(np.float32))


def test_a_head_that_stays_shows_what_it_showed(astronaut_photo, faces, models):
    frame = align(astronaut_photo, faces[0], models)
    pose = estimate_pose(frame.landmarks, models)
    head = turned(frame, canonical_face(models), pose.yaw, pose.pitch, pose.roll)
    assert np.abs(head.displacement).max() < 0.05
    assert head.unseen.max() == head.lost.max() == head.mask.max() == 0


@pytest.mark.parametrize(("yaw", "pitch"), [(30.0, 0.0), (-30.0, 0.0), (0.0, 20.0)])
def test_what_is_around_a_turned_head_neither_tears_nor_folds(
    astronaut_photo, faces, models, yaw, pitch
):
    frame = align(astronaut_photo, faces[0], models)
    head = turned(frame, canonical_face(models), yaw, pitch, 0.0)
    scale = head.displacement.shape[0] / frame.size
    shift = head.displacement * scale
    assert max(np.abs(shift[[0, -1]]).max(), np.abs(shift[:, [0, -1]]).max()) < 1
    assert np.abs(shift).max() > 20
    across, down = np.gradient(shift, axis=1), np.gradient(shift, axis=0)
    area = (1 + across[..., 0]) * (1 + down[..., 1]) - across[..., 1] * down[..., 0]
    # In the face its own nose may hide a cheek; beside the head nothing hides anything.
    assert (area[head.face < 0.01] > 0).mean() > 0.999


def test_a_face_that_comes_to_the_front_is_not_shown_again_beside_itself(
    astronaut_photo, faces, models
):
    canonical = canonical_face(models)
    frame = align(astronaut_photo, faces[0], models)
    frame = align(astronaut_photo, as_if_turned(frame, faces[0], canonical, 38.0), models)
    head = turned(frame, canonical, 0.0, 0.0, 0.0)
    size, scale = head.unseen.shape[0], head.unseen.shape[0] / frame.size
    grid = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=2)
    at = (grid + head.displacement * scale).astype(np.float32)
    # The middle of the face as it lies in the photo: eyes, nose and mouth.
    inner = cv2.convexHull(frame.landmarks[[33, 1, 61, 17], :2] * np.float32(scale))
    middle = np.zeros((size, size), np.float32)
    cv2.fillConvexPoly(middle, np.round(inner).astype(np.int32), 1.0)
    again = cv2.remap(middle, at, None, cv2.INTER_NEAREST) > 0
    seen = again & (head.face < 0.02) & (head.unseen < 0.5)
    assert again.sum() > 2000
    assert seen.sum() < 0.01 * again.sum()
    # The far half is the other one's mirror image, its hair too, and the near one is its own.
    middle_x, unit = head.landmarks[1, 0] * scale, frame.frame_from_canonical.scale * scale
    at_eyes = head.unseen[round(float(head.landmarks[33, 1] * scale))]
    assert at_eyes[: round(middle_x - 0.3 * unit)].max() < 0.1
    assert at_eyes[round(middle_x + 0.3 * unit) : round(middle_x + 1.3 * unit)].mean() > 0.8


def test_what_neither_half_shows_is_painted(
    astronaut_photo, faces, models, normalized, monkeypatch
):
    canonical = canonical_face(models)
    frame = align(astronaut_photo, faces[0], models)
    face = as_if_turned(frame, faces[0], canonical, 45.0)
    asked: list[np.ndarray] = []

    def painted(picture, hole, landmarks, models):
        asked.append(hole)
        return np.where(hole[..., None], np.float32([0, 1, 0]), picture)

    monkeypatch.setattr("editing.engines.native.other_half.fill", painted)
    shown = normalized(found=[face], light=0).photo.pixels
    assert len(asked) == 1
    assert 0 < asked[0].mean() < 0.03
    assert (shown == (0, 255, 0)).all(axis=2).sum() > 20
    # A head that looks ahead, or hardly aside, has nothing that is lost.
    asked.clear()
    normalized(pose=0, yaw=10, light=0)
    assert not asked


def test_a_head_seen_from_the_side_is_refused_and_one_between_is_told(
    normalized, faces, models, astronaut_photo
):
    canonical = canonical_face(models)
    frame = align(astronaut_photo, faces[0], models)

    def seen_at(yaw: float):
        return [as_if_turned(frame, faces[0], canonical, yaw)]

    with pytest.raises(PoseRefused, match="70 degrees"):
        normalized(found=seen_at(70.0))
    notes = " ".join(normalized(found=seen_at(52.0)).report.faces[0].notes)
    assert "52 degrees" in notes


def test_a_colour_cast_goes_from_the_whole_photo(normalized, astronaut_photo):
    pixels = balanced(astronaut_photo.pixels, (1.15, 0.95, 0.5))
    tinted = replace(astronaut_photo, pixels=pixels)
    edited = normalized(tinted, None, pose=0, light=0, white_balance=1)
    measures = edited.report.faces[0].measures
    assert measures["colour_cast_before"] > 0.5
    assert measures["colour_cast_after"] < 0.5 * measures["colour_cast_before"]

    def off(photo: Photo) -> float:
        # The wall behind her: a white balance is of all that the light falls on.
        shown, truth = (p.pixels[:60, 100:160].astype(float) for p in (photo, astronaut_photo))
        return float(np.abs(shown - truth).mean())

    assert off(edited.photo) < 0.6 * off(tinted)
    # A mask bounds it as it bounds everything.
    mask = np.zeros(pixels.shape[:2], np.uint8)
    mask[:, 256:] = 255
    asked = EditRequest(
        operation="normalize", params={"pose": 0, "light": 0, "white_balance": 1}, seed=1
    )
    half = edit_photo(tinted, asked, ModelStore(), mask=mask)
    assert np.array_equal(half.photo.pixels[:, :256], pixels[:, :256])
    assert half.report.faces[0].measures["change_outside_mask"] == 0


def test_no_skin_is_made_blue(astronaut_photo, faces):
    assert believable((0.01, -0.01), astronaut_photo.pixels, faces[0].landmarks) == (0.01, -0.01)
    red, blue = believable((2.0, -2.0), astronaut_photo.pixels, faces[0].landmarks)
    assert 0 < red < 1
    assert -1 < blue < 0


def test_copies_of_our_own_are_brought_back(astronaut_png, tmp_path, monkeypatch):
    monkeypatch.setattr(own_copies, "LIGHTS", (60.0,))
    monkeypatch.setattr(own_copies, "YAWS", (20.0,))
    path = tmp_path / "7_neutral.png"
    path.write_bytes(astronaut_png)
    found = own_copies.measure_copies([path], ModelStore(), lambda _: None)
    told = own_copies.summary(found)
    assert list(told) == ["light +60", "yaw +20"]
    assert told["light +60"]["psnr_back"] > told["light +60"]["psnr_copy"]
    assert told["yaw +20"]["yaw_back"] < 0.4 * told["yaw +20"]["yaw_copy"]
    assert told["yaw +20"]["distance_back"] < 0.5
    assert "| yaw +20 | 1 |" in own_copies.to_markdown(found)


def test_a_grey_face_gets_likely_colours_and_says_that_they_are_guessed(
    normalized, astronaut_photo, faces
):
    grey = astronaut_photo.pixels.mean(axis=2, keepdims=True).round().astype(np.uint8)
    photo = replace(astronaut_photo, pixels=np.repeat(grey, 3, axis=2))
    edited = normalized(photo, None, pose=0, light=0, color=1)
    cheek = faces[0].landmarks[50, :2].round().astype(int)

    def hue(one: Photo) -> np.ndarray:
        patch = one.pixels[cheek[1] - 4 : cheek[1] + 5, cheek[0] - 4 : cheek[0] + 5]
        lab = cv2.cvtColor((patch / 255).astype(np.float32), cv2.COLOR_RGB2LAB)
        return lab[..., 1:].mean(axis=(0, 1))

    truth = hue(astronaut_photo)
    assert np.linalg.norm(hue(edited.photo) - truth) < 0.5 * np.linalg.norm(hue(photo) - truth)
    # As bright as it was, and the background grey.
    bright = [one.pixels[cheek[1], cheek[0]].mean() for one in (photo, edited.photo)]
    assert abs(bright[0] - bright[1]) < 8
    assert np.ptp(edited.photo.pixels[:40, :40].astype(int), axis=2).max() == 0
    report = edited.report
    assert "guessed" in " ".join(report.faces[0].notes)
    assert {"head", "face_prior"} <= {weight.name for weight in report.weights}
    dark = normalized(photo, None, pose=0, light=0, color=1, skin="dark")
    assert not np.array_equal(dark.photo.pixels, edited.photo.pixels)
