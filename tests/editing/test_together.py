"""Several edits at once ask a network together, and each gets its own answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from editing import together
from editing.models import ModelStore
from editing.networks.fill import FillNet
from editing.networks.landmarks import LandmarkNet, fused
from editing.photo import Photo
from editing.pipeline import edit_photo
from editing.request import EditRequest
from editing.together import Company, Together


class Twice(nn.Module):
    """Doubles what is not below nought; keeps how many rows each run had."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[int] = []

    def forward(self, numbers: Tensor) -> Tensor:
        self.rows.append(len(numbers))
        if (numbers < 0).any():
            raise RuntimeError("none below nought")
        return numbers * 2


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls wait for company as long as it takes."""
    monkeypatch.setattr(together, "PATIENCE_SECONDS", 20.0)


def at_once(calls: list[Callable[[], Any]], company: Company) -> list[Any]:
    """Return what each call gave, or raised, each in a thread of its own; all begin together."""
    meet = threading.Barrier(len(calls), timeout=20)

    def call(it: Callable[[], Any]) -> Any:
        with torch.inference_mode(), company.joined():
            meet.wait()
            try:
                return it()
            except RuntimeError as error:
                return error

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(call, calls))


def test_each_gets_its_own_rows(patient: None) -> None:
    network = Twice()
    gathered = Together(network, Company())
    inputs = [torch.full((rows, 2), float(rows)) for rows in (1, 2, 3)]
    answers = at_once([lambda it=it: gathered(it) for it in inputs], gathered.company)
    assert [a.tolist() for a in answers] == [(i * 2).tolist() for i in inputs]
    assert network.rows == [6]
    assert gathered.largest == 3


def test_what_differs_in_size_is_not_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "PATIENCE_SECONDS", 1.0)
    network = Twice()
    gathered = Together(network, Company())
    inputs = [torch.ones(1, side) for side in (2, 3, 2, 3)]
    answers = at_once([lambda it=it: gathered(it) for it in inputs], gathered.company)
    assert [a.shape[1] for a in answers] == [2, 3, 2, 3]
    assert network.rows == [2, 2]


def test_who_is_left_alone_goes_alone() -> None:
    """Two are there, and only one asks."""
    network = Twice()
    gathered = Together(network, Company())
    with torch.inference_mode(), gathered.company.joined(), gathered.company.joined():
        assert gathered(torch.ones(1, 2)).tolist() == [[2, 2]]
    assert network.rows == [1]


def test_who_is_alone_does_not_wait(patient: None) -> None:
    gathered = Together(Twice(), Company())
    started = time.monotonic()
    with torch.inference_mode(), gathered.company.joined():
        gathered(torch.ones(1, 2))
    assert time.monotonic() - started < together.PATIENCE_SECONDS / 2


def test_who_wants_gradients_goes_alone(patient: None) -> None:
    numbers = torch.ones(1, 2, requires_grad=True)
    gathered = Together(Twice(), Company())
    with gathered.company.joined(), gathered.company.joined():
        gathered(numbers).sum().backward()
    assert numbers.grad is not None
    assert numbers.grad.tolist() == [[2, 2]]


def test_only_the_guilty_one_fails(patient: None) -> None:
    network = Twice()
    gathered = Together(network, Company())
    inputs = [torch.ones(1, 2), torch.full((1, 2), -1.0), torch.ones(1, 2)]
    one, guilty, other = at_once([lambda it=it: gathered(it) for it in inputs], gathered.company)
    assert one.tolist() == other.tolist() == [[2, 2]]
    assert str(guilty) == "none below nought"


def test_what_only_one_may_use_is_another_in_each_thread() -> None:
    models = ModelStore()

    def ask() -> tuple[object, object]:
        return models.own("it", object), models.own("it", object)

    (one, again), (other, _) = at_once([ask, ask], models.company)
    assert one is again
    assert one is not other


def test_edits_at_once_are_what_they_are_alone(astronaut_photo: Photo, patient: None) -> None:
    request = EditRequest(operation="inpaint", params={"region": "mouth"}, seed=3)
    alone = edit_photo(astronaut_photo, request, ModelStore()).photo.pixels
    models = ModelStore()
    edit = lambda: edit_photo(astronaut_photo, request, models).photo.pixels  # noqa: E731
    for pixels in at_once([edit] * 3, models.company):
        assert np.abs(pixels.astype(int) - alone).max() <= 2
    for gathered in (
        models.batched("landmarks", LandmarkNet, fused),
        models.batched("fill", FillNet),
    ):
        assert gathered.largest == 3
