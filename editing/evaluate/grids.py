"""Which settings of an operation are tried on every photo. A new operation adds its own here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from editing.operations.camouflage import Appearance
from editing.operations.deidentify import Method
from editing.operations.expression import UNITS
from editing.operations.inpaint import ATTRIBUTES

Aim = Literal["high", "low"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One column of the table. ``aims`` names the measures this setting is to drive, and where to;
    the worst photo is then the one that went least that way."""

    label: str
    params: dict[str, Any]
    aims: dict[str, Aim] = field(default_factory=dict)


def _unit(name: str, amount: float) -> Setting:
    aim: Aim = "high" if amount > 0 else "low"
    return Setting(f"{name} {amount:+g}", {name: amount}, {f"{name}_change": aim})


# The column whose result is held against the person's own smile, where a folder has pairs.
SMILE = _unit("smile", 1.0)

EXPRESSION: tuple[Setting, ...] = (
    _unit("smile", -1.0),
    _unit("smile", 0.5),
    SMILE,
    *(_unit(name, amount) for name in UNITS if name != "smile" for amount in (-1.0, 1.0)),
    *(Setting(name, {"preset": name}) for name in ("happy", "surprised", "sad", "angry", "wink")),
)

INPAINT: tuple[Setting, ...] = tuple(
    Setting(f"{region} {attribute}", {"region": region, "attribute": attribute})
    for region, known in ATTRIBUTES.items()
    for attribute in known
    if region != "mask"
)

CAMOUFLAGE: tuple[Setting, ...] = tuple(
    Setting(appearance, {"appearance": appearance}, {"appearance_ssim": "low"})
    for appearance in get_args(Appearance)
)

DEIDENTIFY: tuple[Setting, ...] = tuple(
    Setting(method, {"method": method}, {"identity_distance": "high"})
    for method in get_args(Method)
)

NORMALIZE: tuple[Setting, ...] = (
    Setting("pose and light", {}),
    Setting("pose", {"light": 0}),
    Setting("light", {"pose": 0}),
    Setting("turned by 20", {"pose": 0, "light": 0, "yaw": 20}),
    Setting("light from 60", {"pose": 0, "light": 0, "light_from": 60, "light_strength": 1}),
)

GRIDS: dict[str, tuple[Setting, ...]] = {
    "expression": EXPRESSION,
    "inpaint": INPAINT,
    "camouflage": CAMOUFLAGE,
    "deidentify": DEIDENTIFY,
    "normalize": NORMALIZE,
}

# What is bad news where a setting has no aim of its own. Signed measures, such as a change of
# yaw, are at their worst where they are farthest from 0.
GOOD: dict[str, Aim] = {
    "identity_distance": "low",
    "change_outside_mask": "low",
    "change_inside_mask": "low",
    "sharpness_ratio": "high",
    "face_ssim": "high",
    "appearance_ssim": "high",
    "seconds": "low",
}


def grid_of(operation: str) -> tuple[Setting, ...]:
    """Return the settings to try; for an operation without a grid, its defaults alone."""
    return GRIDS.get(operation, (Setting("default", {}),))
