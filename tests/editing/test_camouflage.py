"""Camouflage: people see somebody else, a recogniser the same person."""

from __future__ import annotations

import dlib
import numpy as np
import pytest
import torch

from editing.engines.native.looks import alike, chip, coarse
from editing.faces.detect import detect_faces
from editing.measure.head import read_head
from editing.measure.similarity import appearance_ssim
from editing.models import ModelStore
from editing.networks.recogniser import Recogniser
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
def camouflaged(astronaut_photo, faces, models):
    def run(seed=3, **params):
        request = EditRequest(operation="camouflage", params=params, seed=seed)
        return edit_photo(astronaut_photo, request, models, faces=faces)

    return run


@pytest.fixture(scope="module")
def somebody(camouflaged):
    return camouflaged()


def test_the_network_in_torch_is_dlibs(astronaut_photo, faces, models):
    head = read_head(astronaut_photo.pixels, faces[0].landmarks, models)
    assert head.chip is not None
    cut = dlib.get_face_chip(head.chip.pixels, head.chip.points[0], 150, 0.25)
    network = models.network("recogniser", Recogniser)
    with torch.inference_mode():
        read = network(torch.from_numpy(cut).permute(2, 0, 1)[None].float() / 255)[0].numpy()
    assert np.linalg.norm(read - head.descriptor) < 0.06
    # and it is laid on the landmarks about as dlib lays it
    picture = torch.from_numpy(astronaut_photo.pixels).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        read = network(chip(picture, faces[0].landmarks[:, :2]))[0].numpy()
    assert np.linalg.norm(read - head.descriptor) < 0.25


def test_people_see_somebody_else_and_the_recogniser_the_same(somebody):
    measures = somebody.report.faces[0].measures
    assert measures["appearance_ssim"] < 0.8
    assert measures["identity_distance"] < 0.45
    # Nor is the one that took no part in it.
    assert measures["second_identity_distance"] < 0.35
    assert measures["change_outside_mask"] == 0
    assert 0.6 < measures["sharpness_ratio"] < 1.6
    assert abs(measures["yaw_after"] - measures["yaw_before"]) < 5


def test_the_report_says_what_it_is_not(somebody):
    notes = " ".join(somebody.report.faces[0].notes)
    assert "no de-identification" in notes
    assert "no independent measure" in notes


def test_half_the_strength_is_half_the_way(camouflaged, somebody):
    half = camouflaged(strength=0.5).report.faces[0].measures
    full = somebody.report.faces[0].measures
    assert full["appearance_ssim"] + 0.05 < half["appearance_ssim"] < 1


def test_another_seed_is_another_face(camouflaged, somebody, faces):
    other = camouflaged(seed=4)
    assert appearance_ssim(other.photo.pixels, somebody.photo.pixels, faces[0].box) < 0.97


def test_older_reads_older_than_younger(camouflaged):
    young, old = (
        camouflaged(appearance=name).report.faces[0].measures["age_after"]
        for name in ("younger", "older")
    )
    assert old > young + 5


def test_the_coarse_look_is_that_of_the_report(astronaut_photo, somebody, faces):
    box = faces[0].box
    pictures = [
        torch.from_numpy(p.pixels).permute(2, 0, 1)[None].float() / 255
        for p in (astronaut_photo, somebody.photo)
    ]
    seen = alike(*(coarse(picture, box) for picture in pictures))
    told = somebody.report.faces[0].measures["appearance_ssim"]
    assert float(seen) == pytest.approx(told, abs=0.02)
