"""The settings of age: one age or a strip of them, on every surface that reads settings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from editing.command.settings import read_settings
from editing.engines import ENGINES, choose_engine
from editing.errors import EngineUnavailable, ParamsInvalid
from editing.models import ModelStore
from editing.operations.age import AGE, AgeParams
from editing.operations.base import EngineDeclaration
from editing.request import check_params
from webapp.params import form_fields


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("65", 65.0),
        ("7.5", 7.5),
        ("20,40,60", (20.0, 40.0, 60.0)),
        ("[60, 20]", (60.0, 20.0)),
        ("[30]", (30.0,)),
    ],
)
def test_the_command_line_reads_an_age_and_a_strip(text, wanted):
    params = read_settings(AGE, [f"target_age={text}"])
    assert check_params("age", params).target_age == wanted


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (4.9, "greater than or equal to 5"),
        (86, "less than or equal to 85"),
        (float("nan"), "finite"),
        ([], "at least 1 item"),
        (list(range(20, 33)), "at most 12 items"),
        ([20, 40, 20], "20 comes twice"),
        ([20, 90], "less than or equal to 85"),
        ("old", "valid number"),
        (None, "valid number"),
    ],
)
def test_other_ages_are_refused_with_the_reason_of_the_kind_that_was_meant(target, says):
    with pytest.raises(ParamsInvalid, match=says) as caught:
        check_params("age", {"target_age": target})
    assert list(caught.value.fields) == ["target_age"]
    assert len(caught.value.fields["target_age"]) == 1


def test_a_strip_asks_for_each_age_in_its_order():
    params = AgeParams(target_age=[60, 20, 7.5], strength=0.5, keep_hair=True)
    variations = params.variations()
    assert [one.label for one in variations] == ["60", "20", "7.5"]
    assert variations[1].params == AgeParams(target_age=20, strength=0.5, keep_hair=True)
    assert all(one.params.variations() == () for one in variations)
    assert [one.label for one in AgeParams(target_age=[30]).variations()] == ["30"]
    assert AgeParams(target_age=30).variations() == ()


def test_no_strength_is_neutral_and_the_default_is_not():
    assert AgeParams(strength=0).is_neutral()
    assert not AgeParams().is_neutral()


def test_the_form_shows_a_slider_that_may_be_several():
    field = next(one for one in form_fields(AGE) if one.name == "target_age")
    assert (field.input, field.minimum, field.maximum, field.step) == ("slider", 5, 85, 1)
    assert (field.default, field.several) == (65, 12)


def test_an_engine_that_is_declared_but_not_there_is_told_so(monkeypatch):
    monkeypatch.delitem(ENGINES, ("age", "native"), raising=False)
    declared = replace(AGE, engines=(EngineDeclaration("native", weights=("mesh",)),))
    with pytest.raises(EngineUnavailable, match="native: this version of Mien has no such engine"):
        choose_engine(declared, "native", ModelStore())


def test_weights_that_are_not_there_are_named():
    declared = replace(AGE, engines=(EngineDeclaration("native", weights=("mesh", "nothing")),))
    with pytest.raises(EngineUnavailable, match="native: the weights 'nothing' are not there"):
        choose_engine(declared, "native", ModelStore())
