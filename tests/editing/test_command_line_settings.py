"""``--set``: text becomes what the schema of the params wants, or is refused with a reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from pydantic import Field

from editing.command.settings import read_settings
from editing.errors import ParamsInvalid
from editing.operations.base import Params
from editing.operations.expression import EXPRESSION


class AllKinds(Params):
    amount: float = 0.0
    count: int = 1
    keep: bool = False
    method: Literal["blur", "solid"] = "blur"
    points: list[float] = Field(default_factory=list)
    names: list[str] = Field(default_factory=list)
    limit: int | None = 3
    side: float | Literal["auto"] = "auto"
    label: str = ""


OPERATION = replace(EXPRESSION, params=AllKinds)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("amount=-0.5", -0.5),
        ("amount= 1e-1 ", 0.1),
        ("count=12", 12),
        ("keep=true", True),
        ("keep=Off", False),
        ("method=solid", "solid"),
        ("points=1,2.5,-3", [1.0, 2.5, -3.0]),
        ("points=[1, 2.5]", [1, 2.5]),
        ("points=", []),
        ("names=a, b", ["a", "b"]),
        ("limit=null", None),
        ("limit=4", 4),
        ("side=auto", "auto"),
        ("side=0.25", 0.25),
        ("label=a=b", "a=b"),
    ],
)
def test_text_becomes_a_value_of_its_kind(setting, value):
    key = setting.partition("=")[0]
    params = read_settings(OPERATION, [setting])
    assert params == {key: value}
    assert type(params[key]) is type(value)
    assert getattr(AllKinds.model_validate(params), key) == value


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (["amount=much"], "not a number"),
        (["count=1.5"], "not a whole number"),
        (["keep=perhaps"], "neither true nor false"),
        (["points=1,x"], "'x' is not a number"),
        (["points=[1,"], "not a JSON list"),
        (["limit=many"], "not a whole number, or"),
        (["amount"], "KEY=VALUE"),
        (["=1"], "KEY=VALUE"),
        (["amonut=1"], "no param 'amonut'; it has amount, count"),
        (["amount=1", "amount=2"], "set twice"),
    ],
)
def test_text_of_another_kind_is_refused(settings, says):
    with pytest.raises(ParamsInvalid, match=says) as caught:
        read_settings(OPERATION, settings)
    assert str(caught.value)
