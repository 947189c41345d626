"""Recipes of several steps, and what single files have otherwise."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from editing.operations import OPERATIONS
from editing.operations.base import Params
from editing.operations.expression import EXPRESSION
from editing.request import EditRequest
from tests.archives import small_jpeg
from tests.batches import fail, finish, post_archive, queued, states, told
from webapp.accounts.models import User
from webapp.batches.errors import OverridesInvalid
from webapp.batches.feeding import feed, go_on, next_steps
from webapp.batches.models import Batch, Item
from webapp.batches.recipe import read_overrides, step_of_item
from webapp.batches.services import cancel_batch, pause_batch, resume_batch, retry_batch
from webapp.batches.upkeep import sweep_batches
from webapp.edits.models import Edit

pytestmark = pytest.mark.django_db
JPEG = small_jpeg()
SMILE = {"operation": "expression", "params": {"smile": 0.5}}
BROWS = {"operation": "expression", "params": {"brow_raise": 0.5}, "seed": 7, "faces": "all"}


class BlurParams(Params):
    amount: float = 0.5


@pytest.fixture
def blur(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second operation, with a param of its own name."""
    from dataclasses import replace

    monkeypatch.setitem(OPERATIONS, "blur", replace(EXPRESSION, name="blur", params=BlurParams))


@pytest.fixture
def make_batch(api: Client, owner: User) -> Callable[..., Batch]:
    def make(*names: str, recipe: Any = (SMILE, BROWS), **fields: Any) -> Batch:
        files = dict.fromkeys(names or ("a.jpg",), JPEG)
        answer = post_archive(
            api, files, operation=None, params=None, recipe=json.dumps(recipe), **fields
        )
        assert answer.status_code == 202, answer.content
        return Batch.objects.get(pk=answer.json()["id"])

    return make


def advance(batch: Batch) -> None:
    for item in list(next_steps(batch.pk)):
        go_on(item)


def test_each_step_goes_on_from_the_one_before(make_batch: Any, api: Client) -> None:
    batch = make_batch("a.jpg", "b.jpg")
    feed(batch.pk)
    first, other = queued(batch)
    finish(first, b"one")
    assert told(api, batch)["counts"]["running"] == 1
    advance(batch)
    advance(batch)  # a second worker that looks at the same moment
    second = next(edit for edit in queued(batch) if edit.pk != other.pk)
    assert (second.parent, second.params, second.seed, second.faces) == (
        first, {"brow_raise": 0.5}, 7, "all",
    )  # fmt: skip
    assert second.batch == batch
    finish(second, b"two")
    finish(other)
    advance(batch)
    finish(queued(batch)[0])
    assert states(batch) == ["done", "done"]
    assert told(api, batch)["status"] == "done"
    assert Item.objects.get(path="a.jpg").edit == second
    assert Edit.objects.count() == 4


def test_the_sweep_goes_on_where_a_worker_died(make_batch: Any) -> None:
    batch = make_batch()
    feed(batch.pk)
    finish(queued(batch)[0])
    assert queued(batch) == []
    sweep_batches()
    assert len(queued(batch)) == 1


def test_retry_goes_on_from_the_last_step_that_is_done(make_batch: Any) -> None:
    batch = make_batch()
    feed(batch.pk)
    (first,) = queued(batch)
    finish(first)
    advance(batch)
    (second,) = queued(batch)
    fail(second)
    assert states(batch) == ["failed"]
    retry_batch(batch)
    feed(batch.pk)
    (again,) = queued(batch)
    assert (again.parent, again.params) == (first, second.params)
    finish(again)
    assert states(batch) == ["done"]


def test_pause_between_steps(make_batch: Any) -> None:
    batch = make_batch("a.jpg", "b.jpg")
    feed(batch.pk)
    one, two = queued(batch)
    finish(one)
    advance(batch)
    finish(two)
    pause_batch(batch)  # one waits for its second step, the other is between
    advance(batch)
    assert queued(batch) == []
    assert states(batch) == ["waiting", "running"]
    resume_batch(batch)
    advance(batch)
    feed(batch.pk)
    for edit in queued(batch):
        finish(edit)
    assert states(batch) == ["done", "done"]
    assert {item.edit.parent_id for item in Item.objects.all()} == {one.pk, two.pk}


def test_no_step_is_queued_after_a_pause(make_batch: Any) -> None:
    """The worker has listed what goes on when the pause comes."""
    batch = make_batch()
    feed(batch.pk)
    finish(queued(batch)[0])
    (between,) = list(next_steps(batch.pk))
    pause_batch(batch)
    assert not go_on(between)
    assert queued(batch) == []
    resume_batch(batch)
    assert go_on(between)
    assert len(queued(batch)) == 1


def test_cancel_between_steps(make_batch: Any, api: Client) -> None:
    batch = make_batch()
    feed(batch.pk)
    finish(queued(batch)[0])
    cancel_batch(batch)
    assert told(api, batch)["counts"]["cancelled"] == 1


def test_a_csv_changes_single_files(make_batch: Any) -> None:
    table = "file,smile,2.brow_raise,faces,seed\nd/a.jpg,-1,,0,5\nb.jpg,,0.25,,\n"
    batch = make_batch(
        "d/a.jpg", "b.jpg", "c.jpg",
        recipe=[SMILE, {**BROWS, "params": {"brow_raise": 0.5, "pucker": 0.1}}],
        overrides=io.BytesIO("\ufeff".encode() + table.replace("smile", "1.smile").encode()),
    )  # fmt: skip
    feed(batch.pk)
    first = {edit.photo.name: edit for edit in queued(batch)}
    assert first["a.jpg"].params == {"smile": -1}
    assert (first["a.jpg"].faces, first["a.jpg"].seed) == ([0], 5)
    assert first["b.jpg"].params == first["c.jpg"].params == {"smile": 0.5}
    for edit in first.values():
        finish(edit)
    advance(batch)
    second = {edit.photo.name: edit for edit in queued(batch)}
    assert second["a.jpg"].params == {"brow_raise": 0.5, "pucker": 0.1}
    assert second["b.jpg"].params == {"brow_raise": 0.25, "pucker": 0.1}
    assert (second["a.jpg"].seed, second["b.jpg"].seed) == (5, 7)


def steps(*asked: Any) -> list[EditRequest]:
    return [EditRequest.model_validate(one) for one in asked]


def test_a_column_belongs_to_the_step_that_has_it(blur: None) -> None:
    both = steps(SMILE, {"operation": "blur"})
    found = read_overrides(b"file,amount,preset\na.jpg,0.7,happy\n", both)
    assert found == {"a.jpg": [{"params": {"preset": "happy"}}, {"params": {"amount": 0.7}}]}
    recipe = [step.model_dump(mode="json") for step in both]
    assert step_of_item(recipe, found["a.jpg"], 0).params == {"smile": 0.5, "preset": "happy"}
    assert step_of_item(recipe, None, 1).params == {}


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ("smile\n1\n", "'file'"),
        ("file,file\na,b\n", "'file'"),
        ("file,beard\na.jpg,1\n", "'beard'"),
        ("file,3.smile\na.jpg,1\n", "no step '3'"),
        ("file,0.smile\na.jpg,1\n", "no step '0'"),
        ("file,smile\na.jpg,2\n", "line 2: smile"),
        ("file,smile\na.jpg,wide\n", "line 2: smile"),
        ("file,smile\na.jpg,1\nb.jpg,\na.jpg,0\n", "line 4: 'a.jpg' comes twice"),
        ("file,smile\na.jpg\n", "line 2: it has another number"),
        ("file,smile\na.jpg,1,2\n", "line 2: it has another number"),
        ("file,seed\na.jpg,-1\n", "line 2: seed"),
        ("file,faces\na.jpg,both\n", "line 2: faces"),
        ('file,smile\n"a.jpg,1\n', "line"),
        ("file,smile,smile\na.jpg,1,0\n", "the same name"),
        ("", "'file'"),
    ],
)
def test_a_csv_that_is_wrong_is_told_with_its_line(table: str, word: str) -> None:
    with pytest.raises(OverridesInvalid, match=word):
        read_overrides(table.encode(), steps(SMILE))


def test_a_column_of_two_steps_must_say_which() -> None:
    with pytest.raises(OverridesInvalid, match=r"write 1\.smile"):
        read_overrides(b"file,smile\na.jpg,1\n", steps(SMILE, BROWS))


def test_other_encodings_are_refused() -> None:
    with pytest.raises(OverridesInvalid, match="UTF-8"):
        read_overrides("file\nJürgen.jpg".encode("utf-16"), steps(SMILE))


def test_a_file_that_is_not_there_is_told(api: Client, owner: User, media_folder: Any) -> None:
    answer = post_archive(api, {"a.jpg": JPEG}, overrides=io.BytesIO(b"file,smile\nb.jpg,1\n"))
    assert (answer.status_code, answer.json()["code"]) == (422, "overrides_invalid")
    assert "'b.jpg'" in answer.json()["detail"]
    assert not [path for path in media_folder.rglob("*") if path.is_file()]
