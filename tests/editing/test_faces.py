"""Finding faces, their points and their pose, on a real photo and on what it becomes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from editing.faces.align import align
from editing.faces.canonical import canonical_face, fit_similarity
from editing.faces.crop import crop_matrix, from_crop, to_crop
from editing.faces.detect import detect_faces
from editing.faces.landmarks import find_landmarks
from editing.faces.mesh import rotation
from editing.faces.pose import estimate_pose
from editing.models import ModelStore
from editing.photo import Photo


@pytest.fixture(scope="module")
def models() -> ModelStore:
    return ModelStore()


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    return np.ascontiguousarray(pytest.importorskip("skimage.data").astronaut())


def photo_of(pixels: np.ndarray) -> Photo:
    return Photo(np.ascontiguousarray(pixels), None, None, None, "PNG", "0")


def test_one_face_is_found_where_it_is(astronaut, models):
    faces = detect_faces(photo_of(astronaut), models)
    assert len(faces) == 1
    x0, y0, x1, y1 = faces[0].box
    assert 150 < x0 < 200
    assert 260 < x1 < 300
    assert 50 < y0 < 110
    assert 160 < y1 < 200
    assert abs(faces[0].pose.yaw) < 15


def test_a_badge_on_a_sleeve_is_no_face(astronaut, models):
    twice = np.hstack([astronaut, astronaut[:, 100:500]])
    assert len(detect_faces(photo_of(twice), models)) == 2


def test_two_faces_come_largest_first(astronaut, models):
    small = cv2.resize(astronaut[:260, 100:360], None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    pixels = np.full((512, 800, 3), 128, np.uint8)
    pixels[100 : 100 + small.shape[0], 10 : 10 + small.shape[1]] = small
    pixels[:, 288:] = astronaut
    faces = detect_faces(photo_of(pixels), models)
    assert [face.index for face in faces] == [0, 1]
    assert faces[0].box[0] > 288 > faces[1].box[2]


@pytest.mark.parametrize("width", [60, 3000])
def test_a_face_is_found_at_every_size(width, astronaut, models):
    scale = width / 95  # the astronaut's face is about 95 px wide
    head = astronaut[:300, 60:400]
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    pixels = cv2.resize(head, None, fx=scale, fy=scale, interpolation=method)
    face = detect_faces(photo_of(pixels), models)[0]
    assert face.box[2] - face.box[0] == pytest.approx(width, rel=0.15)


def test_a_face_cut_by_the_border_is_found_and_its_box_stays_inside(astronaut, models):
    pixels = astronaut[85:, 150:]
    face = detect_faces(photo_of(pixels), models)[0]
    assert face.box[1] == 0
    assert face.box[0] >= 0


def test_no_face_in_noise(models):
    rng = np.random.default_rng(3)
    assert detect_faces(photo_of(rng.integers(0, 255, (300, 300, 3), np.uint8)), models) == []


def test_landmarks_turn_with_the_picture(astronaut, models):
    straight = detect_faces(photo_of(astronaut), models)[0]
    matrix = cv2.getRotationMatrix2D((225, 125), -15, 1.0)
    turned = cv2.warpAffine(astronaut, matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    box = tuple(float(v) for v in straight.box)
    points = find_landmarks(turned, box, models)
    expected = straight.landmarks[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    eyes = np.linalg.norm(straight.landmarks[468, :2] - straight.landmarks[473, :2])
    assert np.linalg.norm(points[:, :2] - expected, axis=1).mean() / eyes < 0.06
    assert estimate_pose(points, models).roll == pytest.approx(straight.pose.roll + 15, abs=3)


@pytest.mark.parametrize("angles", [(20, 0, 0), (0, -15, 0), (0, 0, 25), (30, 10, -20)])
def test_pose_reads_the_angles_a_face_was_turned_by(angles, models):
    shape = canonical_face(models).shape
    turned = (shape @ rotation(*angles).T * 200 + 400).astype(np.float32)
    pose = estimate_pose(turned, models)
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx(angles, abs=0.01)


def test_a_similarity_is_found_again():
    rng = np.random.default_rng(5)
    points = rng.normal(size=(30, 3)).astype(np.float32)
    turn = rotation(10, 20, 30)
    moved = (points @ turn.T * 2.5 + np.float32([1, 2, 3])).astype(np.float32)
    found = fit_similarity(points, moved)
    assert found.scale == pytest.approx(2.5, rel=1e-4)
    assert np.allclose(found.apply(points), moved, atol=1e-4)
    assert np.allclose(found.invert(moved), points, atol=1e-4)


def test_the_crop_and_back_is_the_identity():
    rng = np.random.default_rng(6)
    points = (rng.random((478, 3)) * 300).astype(np.float32)
    matrix = crop_matrix(points, 1.3, 0.4, np.zeros(2, np.float32))
    assert np.allclose(from_crop(to_crop(points, matrix), matrix), points, atol=1e-2)


def test_the_frame_holds_the_face_upright_at_its_own_resolution(astronaut, models):
    photo = photo_of(cv2.resize(astronaut, None, fx=2, fy=2))
    face = detect_faces(photo, models)[0]
    frame = align(photo, face, models)
    eyes = frame.landmarks[473, :2] - frame.landmarks[468, :2]
    assert abs(np.degrees(np.arctan2(eyes[1], eyes[0]))) < 3
    scale = np.hypot(*frame.photo_from_frame[:2, 0])
    assert 0.9 < scale < 1.02
    assert frame.landmarks[:, :2].min() >= 0
    assert frame.landmarks[:, :2].max() < frame.size
