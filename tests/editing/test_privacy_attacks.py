"""The attacks and figures of the privacy framework, on pairs whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from editing.evaluate.privacy import attacks
from editing.evaluate.privacy.figures import in_gallery, of_pairs, realism
from editing.evaluate.privacy.groups import by_groups
from editing.evaluate.privacy.pairs import Looks, Pair, Small
from editing.models import ModelStore

POINTS = np.zeros((478, 3), np.float32)


def pair(n: int, before: np.ndarray, after: np.ndarray, person: str = "", **more) -> Pair:
    random = np.random.default_rng(n)
    features = random.random(32).astype(np.float32)
    picture = more.get("picture", np.zeros((64, 64, 3), np.uint8))
    return Pair(
        name=f"{n}.png",
        person=person or str(n),
        distance=float(np.linalg.norm(before - after)),
        found=True,
        yaw=(0.0, 1.0),
        expression=({"smile": 0.1 * n}, {"smile": 0.1 * n}),
        sharpness=1.0,
        before=before,
        after=after,
        second=(features, more.get("second", features)),
        looks=Looks(20.0 + 3 * n, float(n % 2), 10.0 * n),
        small=Small(picture, more.get("edited", picture), POINTS),
    )


@pytest.fixture
def disguised() -> list[Pair]:
    """Forty people whom an edit turns by one rotation: nobody is found, until somebody learns it."""
    random = np.random.default_rng(0)
    turn, _ = np.linalg.qr(random.standard_normal((8, 8)))
    people = [random.standard_normal(8) for _ in range(40)]
    return [pair(n, one, one @ turn) for n, one in enumerate(people)]


def test_a_parrot_learns_what_a_gallery_does_not_see(disguised):
    assert in_gallery(disguised)["rank1"] < 0.3
    assert attacks.parrot(disguised)["parrot_rank1"] == 1
    assert attacks.parrot(disguised)["linked_rank1"] is None
    assert attacks.parrot(disguised[:9])["parrot_rank1"] is None


def test_edited_photos_of_one_person_are_linked(disguised):
    again = [
        pair(100 + n, one.before, one.after + 0.01, person=one.person)
        for n, one in enumerate(disguised)
    ]
    assert attacks.parrot([*disguised, *again])["linked_rank1"] == 1
    # A person is found by any of their originals.
    told = in_gallery([*disguised, *again])
    assert told["rank1_chance"] == 0.025


def test_a_network_that_learns_undoes_what_can_be_undone(monkeypatch):
    monkeypatch.setattr(attacks, "STEPS", 40)
    monkeypatch.setattr(attacks, "_read", lambda pictures, pairs, models: np.eye(len(pairs)))
    random = np.random.default_rng(1)
    pairs = []
    for n in range(12):
        small = random.integers(0, 255, (4, 4, 3)).astype(np.uint8)
        picture = np.kron(small, np.ones((16, 16, 1), np.uint8))
        one = np.eye(12)[n]
        pairs.append(pair(n, one, one, picture=picture, edited=255 - picture))
    told = attacks.reconstruct(pairs, ModelStore(), lambda _: None)
    assert told["reconstruction_psnr"] > told["edited_psnr"] + 2
    assert told["reconstruction_rank1"] == 1
    assert set(attacks.reconstruct(pairs[:3], ModelStore(), print).values()) == {None}


def test_the_kernel_distance_tells_other_faces_from_the_same(disguised):
    same = realism(disguised)
    assert abs(same["kernel_distance"]) < abs(same["kernel_distance_floor"]) + 0.2
    brighter = [
        pair(n, one.before, one.after, second=one.second[0] + 2) for n, one in enumerate(disguised)
    ]
    assert realism(brighter)["kernel_distance"] > 10 * abs(same["kernel_distance"]) + 1


def test_groups_add_up_and_search_everybody(disguised):
    told = by_groups(disguised)
    genders = [told["read as female"]["faces"], told["read as male"]["faces"]]
    assert genders == [20, 20]
    thirds = [
        told[f"{name} third of skin tones"]["faces"] for name in ("darkest", "middle", "lightest")
    ]
    assert sum(thirds) == 40
    ages = [
        figures["faces"] for name, figures in told.items() if "as below" in name or "50" in name
    ]
    assert sum(ages) == 40
    mean = np.mean([told[f"read as {who}male"]["distance_mean"] for who in ("", "fe")])
    assert mean == pytest.approx(of_pairs(disguised)["distance_mean"], abs=0.002)
