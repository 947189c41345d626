"""Whose turn it is: what people wait for overtakes batches, between any two edits of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.test import Client

from editing.progress import Cancelled
from tests.archives import small_jpeg
from tests.batches import begin, post_archive, queued, states
from webapp.accounts.models import User
from webapp.batches.feeding import feed
from webapp.batches.models import Batch
from webapp.edits import claims
from webapp.edits.models import Edit
from webapp.edits.services import cancel_edit
from webapp.photos.models import FacesState
from webapp.photos.services import keep_faces
from workers import reporter as reporter_module
from workers import run, tasks, turns
from workers.reporter import Reporter

pytestmark = pytest.mark.django_db
Make = Callable[..., Any]


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The ids of the edits and photos that a worker did, in order."""
    order: list[Any] = []

    def edit(id: Any, between: Any = None) -> None:
        claims.finish_done(begin(Edit.objects.get(pk=id)), claims.Outcome("r.jpg", "0" * 64, {}))
        order.append(id)

    def find(id: Any) -> None:
        keep_faces(id, [])
        order.append(id)

    monkeypatch.setattr(run, "run_edit", edit)
    monkeypatch.setattr(run, "find_faces", find)
    return order


@pytest.fixture
def batch(owner: User) -> Batch:
    api = Client(headers={"host": "localhost"})
    names = [f"{n}.jpg" for n in range(20)]
    answer = post_archive(api, dict.fromkeys(names, small_jpeg()))
    return Batch.objects.get(pk=answer.json()["id"])


def test_a_person_overtakes_a_batch(
    batch: Batch, make_edit: Make, make_photo: Make, done: list[Any]
) -> None:
    feed(batch.pk)
    first, second = queued(batch)[:2]
    turns.take_turn(first.pk)
    photo = make_photo(faces=None, faces_state=FacesState.PENDING, faces_sends=1)
    mine = make_edit()
    turns.take_turn(second.pk)
    assert done == [first.pk, photo.pk, mine.pk, second.pk]


def test_a_person_overtakes_the_reading_of_files(
    batch: Batch, make_edit: Make, done: list[Any]
) -> None:
    mine = make_edit()
    tasks.feed_batch(str(batch.pk))
    assert done == [mine.pk]
    assert len(queued(batch)) == 16


def test_an_edit_of_a_person_asks_for_nothing_else(
    batch: Batch, make_edit: Make, done: list[Any]
) -> None:
    feed(batch.pk)
    mine = make_edit()
    tasks.run_edit(str(mine.pk))
    assert done == [mine.pk]


def test_each_turn_sends_one_more(batch: Batch, done: list[Any]) -> None:
    feed(batch.pk)
    assert states(batch).count("waiting") == 4
    tasks.run_edit(str(queued(batch)[0].pk))
    assert (states(batch).count("waiting"), states(batch).count("sent")) == (3, 16)


def test_an_edit_of_a_batch_is_quiet_and_can_be_stopped(
    batch: Batch, media_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporter_module, "QUIET_LOOK_SECONDS", 0)
    feed(batch.pk)
    edit = queued(batch)[0]
    claim = begin(edit)
    with Reporter(claim, edit.folder, quiet=True) as reporter:
        reporter(0.5, "half", np.zeros((8, 8, 3), np.uint8))
        cancel_edit(edit)
        with pytest.raises(Cancelled):
            reporter(0.6)
    assert list(edit.events.values_list("kind", flat=True)) == ["queued", "started"]


def test_who_does_several_at_once_takes_those_of_the_same_operation(
    batch: Batch, done: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(batch.pk)
    first, second, third, fourth = queued(batch)[:4]
    Edit.objects.filter(pk=second.pk).update(operation="age")
    taken: list[list[Any]] = []
    monkeypatch.setattr(turns, "batch_size", lambda: 3)
    monkeypatch.setattr(turns, "run_together", taken.append)
    turns.take_turn(first.pk)
    assert taken == [[first.pk, third.pk, fourth.pk]]


def test_what_a_person_waits_for_is_done_by_itself(
    batch: Batch, make_edit: Make, done: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(batch.pk)
    mine = make_edit()
    monkeypatch.setattr(turns, "batch_size", lambda: 3)
    turns.take_turn(mine.pk)
    assert done == [mine.pk]
