"""Several edits at once ask a network together, and each gets its own answer."""

from __future__ import annotations

import threading
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
from editing.together import Together


class Twice(nn.Module):
    """Doubles; keeps how many rows each run had; ``broken`` raises instead."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[int] = []
        self.broken = False

    def forward(self, numbers: Tensor) -> Tensor:
        self.rows.append(len(numbers))
        if self.broken:
            raise RuntimeError("out of memory")
        return numbers * 2


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls wait for company as long as it takes."""
    monkeypatch.setattr(together, "PATIENCE_SECONDS", 20.0)


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Return what each call gave, or raised, each in a thread of its own."""

    def call(it: Callable[[], Any]) -> Any:
        with torch.inference_mode():
            try:
                return it()
            except RuntimeError as error:
                return error

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(call, calls))


def test_each_gets_its_own_rows(patient: None) -> None:
    network = Twice()
    gathered = Together(network, 3)
    inputs = [torch.full((rows, 2), float(rows)) for rows in (1, 2, 3)]
    answers = at_once([lambda it=it: gathered(it) for it in inputs])
    assert [a.tolist() for a in answers] == [(i * 2).tolist() for i in inputs]
    assert network.rows == [6]
    assert gathered.largest == 3


def test_what_differs_in_size_is_not_mixed(patient: None) -> None:
    network = Twice()
    gathered = Together(network, 2)
    inputs = [torch.ones(1, side) for side in (2, 3, 2, 3)]
    answers = at_once([lambda it=it: gathered(it) for it in inputs])
    assert [a.shape[1] for a in answers] == [2, 3, 2, 3]
    assert network.rows == [2, 2]


def test_who_is_alone_goes_alone() -> None:
    network = Twice()
    with torch.inference_mode():
        assert Together(network, 8)(torch.ones(1, 2)).tolist() == [[2, 2]]
    assert network.rows == [1]


def test_who_wants_gradients_goes_alone(patient: None) -> None:
    numbers = torch.ones(1, 2, requires_grad=True)
    Together(Twice(), 8)(numbers).sum().backward()
    assert numbers.grad is not None
    assert numbers.grad.tolist() == [[2, 2]]


def test_an_error_is_told_to_all(patient: None) -> None:
    network = Twice()
    network.broken = True
    gathered = Together(network, 2)
    answers = at_once([lambda: gathered(torch.ones(1, 2))] * 2)
    assert [str(a) for a in answers] == ["out of memory"] * 2
    network.broken = False
    assert [a.tolist() for a in at_once([lambda: gathered(torch.ones(1, 2))] * 2)] == [[[2, 2]]] * 2


def test_what_only_one_may_use_is_another_in_each_thread() -> None:
    models = ModelStore()
    meet = threading.Barrier(2, timeout=20)

    def ask() -> tuple[object, object]:
        meet.wait()
        return models.own("it", object), models.own("it", object)

    (one, again), (other, _) = at_once([ask, ask])
    assert one is again
    assert one is not other


def test_edits_at_once_are_what_they_are_alone(astronaut_photo: Photo, patient: None) -> None:
    request = EditRequest(operation="inpaint", params={"region": "mouth"}, seed=3)
    alone = edit_photo(astronaut_photo, request, ModelStore()).photo.pixels
    models = ModelStore(together=3)
    edit = lambda: edit_photo(astronaut_photo, request, models).photo.pixels  # noqa: E731
    for pixels in at_once([edit] * 3):
        assert np.abs(pixels.astype(int) - alone).max() <= 2
    for gathered in (
        models.batched("landmarks", LandmarkNet, fused),
        models.batched("fill", FillNet),
    ):
        assert isinstance(gathered, Together)
        assert gathered.largest == 3
