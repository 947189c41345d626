"""Inpainting by the native engine: each region, each way, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from editing.engines.native.recolour import color_of, dyed, to_lab
from editing.engines.native.reshape import reshaped
from editing.engines.native.spectacles import spectacles_in
from editing.errors import MaskInvalid, ParamsInvalid
from editing.faces import parts
from editing.faces.align import align
from editing.faces.detect import detect_faces
from editing.faces.topology import LEFT_EYE, LIPS_INNER, LIPS_OUTER, RIGHT_EYE
from editing.models import ModelStore
from editing.operations.inpaint import ATTRIBUTES, InpaintParams
from editing.photo import Photo
from editing.pipeline import edit_photo
from editing.request import EditRequest, check_params


@pytest.fixture(scope="module")
def models() -> ModelStore:
    return ModelStore()


@pytest.fixture(scope="module")
def faces(astronaut_photo: Photo, models: ModelStore):
    return detect_faces(astronaut_photo, models)


@pytest.fixture(scope="module")
def inpainted(astronaut_photo, faces, models):
    def run(mask=None, **params):
        request = EditRequest(operation="inpaint", params=params, seed=4)
        return edit_photo(astronaut_photo, request, models, faces=faces, mask=mask)

    return run


PAIRS = [(r, a) for r, known in ATTRIBUTES.items() if r != "mask" for a in known]


@pytest.mark.parametrize(("region", "attribute"), PAIRS)
def test_every_attribute_changes_its_part_and_nothing_else(
    region, attribute, inpainted, astronaut_photo
):
    result = inpainted(region=region, attribute=attribute)
    measures = result.report.faces[0].measures
    assert measures["change_outside_mask"] == 0
    changed = (result.photo.pixels != astronaut_photo.pixels).any(axis=2)
    assert changed.sum() > 40
    # The head is the middle of the upper half: no hand, flag or helmet may change.
    assert not changed[260:].any()
    assert not changed[:, :120].any()
    assert not changed[:, 340:].any()


def test_a_mask_is_filled_and_its_surroundings_stay(inpainted, astronaut_photo, faces):
    x, y = faces[0].landmarks[4, :2].round().astype(int)
    mask = np.zeros(astronaut_photo.pixels.shape[:2], np.uint8)
    mask[y - 6 : y + 6, x - 18 : x + 18] = 255
    result = inpainted(mask, region="mask", attribute="restore")
    changed = (result.photo.pixels != astronaut_photo.pixels).any(axis=2)
    assert changed[mask > 0].mean() > 0.8
    assert not changed[mask == 0].any()


def test_nothing_of_what_a_mask_covers_is_left(astronaut_photo: Photo, models: ModelStore) -> None:
    hole = np.zeros((astronaut_photo.height, astronaut_photo.width), np.uint8)
    hole[143:164, 200:251] = 255
    green = np.where(hole[..., None] > 0, np.uint8([0, 255, 0]), astronaut_photo.pixels)
    request = EditRequest(
        operation="inpaint", params={"region": "mask", "attribute": "restore"}, seed=1
    )
    photo = replace(astronaut_photo, pixels=green)
    after = edit_photo(photo, request, models, mask=hole).photo.pixels[hole > 0].astype(int)
    assert (after[:, 1] - after[:, [0, 2]].mean(axis=1)).max() < 40


def test_masks_that_cannot_be_filled_are_refused(inpainted, astronaut_photo):
    shape = astronaut_photo.pixels.shape[:2]
    with pytest.raises(MaskInvalid, match="needs a mask"):
        inpainted(region="mask")
    with pytest.raises(MaskInvalid, match="covers everything"):
        inpainted(np.full(shape, 255, np.uint8), region="mask")
    with pytest.raises(MaskInvalid, match="empty"):
        inpainted(np.zeros(shape, np.uint8), region="mask")
    with pytest.raises(MaskInvalid, match="4 x 3"):
        inpainted(np.ones((3, 4), np.uint8), region="mask")
    beside = np.zeros(shape, np.uint8)
    beside[500:510, 500:510] = 255
    with pytest.raises(MaskInvalid, match="beside the face"):
        inpainted(beside, region="mask")
    most = np.full(shape, 255, np.uint8)
    most[:20] = 0
    with pytest.raises(MaskInvalid, match="whole face"):
        inpainted(most, region="mask")


@pytest.mark.parametrize(
    ("params", "field", "says"),
    [
        ({"region": "nose", "attribute": "grey"}, "attribute", "restore, narrower, wider"),
        ({"region": "hair", "attribute": "grey", "variants": 2}, "variants", "alike"),
        ({"region": "mouth", "variants": 9}, "variants", "less than or equal to 8"),
        ({"region": "eyes", "attribute": "color", "color": "blue"}, "color", "pattern"),
    ],
)
def test_settings_that_do_not_fit_name_the_field(params, field, says):
    with pytest.raises(ParamsInvalid, match=says) as caught:
        check_params("inpaint", params)
    assert list(caught.value.fields) == [field]


def test_proposals_differ_and_each_tells_its_seed(inpainted):
    result = inpainted(region="mouth", attribute="restore", variants=3)
    assert [one.label for one in result.variants] == ["1", "2", "3"]
    assert [one.seed for one in result.variants] == [4, 5, 6]
    first, second, third = (one.photo.pixels for one in result.variants)
    assert not np.array_equal(first, second)
    assert not np.array_equal(second, third)
    alone = inpainted(region="mouth", attribute="restore")
    assert np.array_equal(alone.photo.pixels, first)


def test_lips_grow_and_shrink(astronaut_photo, faces, models):
    landmarks = align(astronaut_photo, faces[0], models).landmarks
    thick = [
        np.linalg.norm(points[list(LIPS_OUTER), :2] - points[list(LIPS_INNER), :2], axis=1).mean()
        for points in (reshaped("mouth", a, landmarks, 1.0) for a in ("thinner", "fuller"))
    ]
    assert thick[1] > 1.8 * thick[0]


def test_dye_takes_the_colour_and_keeps_light_and_shadow():
    _, x = np.mgrid[0:40, 0:40].astype(np.float32)
    strands = 0.3 + 0.1 * np.sin(x)
    brown = np.stack([strands, strands * 0.7, strands * 0.5], axis=2)
    mask = np.ones((40, 40), np.float32)
    dyed_lab = to_lab(dyed(brown, mask, "#b03020"))
    target = color_of("#b03020")
    hue = np.arctan2(dyed_lab[..., 2].mean(), dyed_lab[..., 1].mean())
    assert abs(hue - np.arctan2(target[2], target[1])) < 0.25
    before = to_lab(brown)[..., 0]
    assert np.corrcoef(before.ravel(), dyed_lab[..., 0].ravel())[0, 1] > 0.98


def test_irises_are_found_between_the_lids(astronaut_photo, faces, models):
    frame = align(astronaut_photo, faces[0], models)
    mask = parts.irises(frame.landmarks, frame.size)
    eyes = np.maximum(*(parts.ring(frame.landmarks, eye, frame.size, 1.1) for eye in parts.EYES))
    assert mask.sum() > 20
    assert not mask[eyes == 0].any()


def test_a_restore_is_neutral_at_strength_zero():
    assert InpaintParams(strength=0).is_neutral()


def with_spectacles(photo: Photo, face) -> tuple[Photo, np.ndarray]:
    """Return the photo with dark round rims drawn on it, and where they are."""
    pixels, rims = photo.pixels.copy(), np.zeros(photo.pixels.shape[:2], np.uint8)
    irises = [face.landmarks[n, :2] for n in (468, 473)]
    unit = float(np.linalg.norm(irises[1] - irises[0]))
    middles = [tuple(np.round(iris).astype(int).tolist()) for iris in irises]
    for middle in middles:
        cv2.circle(rims, middle, round(0.36 * unit), 1, 2)
    inner = [
        (middles[0][0] + round(0.36 * unit), middles[0][1]),
        (middles[1][0] - round(0.36 * unit), middles[1][1]),
    ]
    cv2.line(rims, inner[0], inner[1], 1, 2)
    pixels[rims > 0] = (25, 20, 20)
    return replace(photo, pixels=pixels), rims > 0


def test_spectacles_go_and_the_eyes_behind_them_stay(astronaut_photo, faces, models):
    worn, rims = with_spectacles(astronaut_photo, faces[0])
    request = EditRequest.model_validate(
        {"operation": "inpaint", "params": {"region": "glasses", "attribute": "remove"}, "seed": 4}
    )
    done = edit_photo(worn, request, models, faces=faces).photo
    brows = parts.brows(faces[0].landmarks, 512) > 0
    seen = rims & ~brows
    before, after = (photo.pixels[seen].mean() for photo in (worn, done))
    truth = astronaut_photo.pixels[seen].mean()
    assert abs(after - truth) < 0.4 * abs(before - truth)
    for ring in (LEFT_EYE, RIGHT_EYE):
        eye = parts.ring(faces[0].landmarks, ring, 512, 0.9) > 0.5
        assert np.array_equal(done.pixels[eye], worn.pixels[eye])


def test_a_face_without_spectacles_is_told_so(models):
    plain = np.full((256, 256, 3), 0.6, np.float32)
    points = np.zeros((478, 3), np.float32)
    points[:, :2] = np.random.default_rng(0).uniform(60, 200, (478, 2))
    points[468, :2], points[473, :2] = (90, 120), (160, 120)
    assert not spectacles_in(plain, points).any()


def test_a_drawn_beard_is_dark_hair_and_another_seed_draws_other_strands(
    inpainted, astronaut_photo, faces
):
    done = inpainted(region="beard", attribute="add").photo
    chin = faces[0].landmarks[199, :2].round().astype(int)
    where = np.s_[chin[1] - 4 : chin[1] + 5, chin[0] - 8 : chin[0] + 9]
    assert done.pixels[where].mean() < 0.7 * astronaut_photo.pixels[where].mean()
    params = {"region": "beard", "attribute": "add"}
    again, other = (
        edit_photo(
            astronaut_photo,
            EditRequest(operation="inpaint", params=params, seed=seed),
            ModelStore(),
            faces=faces,
        ).photo.pixels
        for seed in (4, 5)
    )
    assert np.array_equal(again, done.pixels)
    assert not np.array_equal(other, done.pixels)


def test_a_smile_comes_and_goes(inpainted):
    smiles = {}
    for attribute in ("smile", "neutral"):
        measures = inpainted(region="mouth", attribute=attribute).report.faces[0].measures
        smiles[attribute] = (
            measures["expression_after"]["smile"] - measures["expression_before"]["smile"]
        )
    assert smiles["smile"] > 0 > smiles["neutral"]
    closed = inpainted(region="mouth", attribute="neutral").report.faces[0].measures
    assert closed["expression_after"]["mouth_open"] < closed["expression_before"]["mouth_open"]
