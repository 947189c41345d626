"""Expression: a smile and six further movements of the face, each both ways, and presets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from editing.operations.base import EngineDeclaration, Operation, Params

UNITS = ("smile", "mouth_open", "mouth_width", "pucker", "brow_raise", "brow_furrow", "eyes_open")

Preset = Literal["none", "happy", "surprised", "sad", "angry", "wink"]

# A preset fills in the units that were left at 0. "wink" closes the subject's left eye.
PRESETS: dict[str, dict[str, float]] = {
    "none": {},
    "happy": {"smile": 0.9, "brow_raise": 0.2},
    "surprised": {"mouth_open": 0.7, "brow_raise": 0.9, "eyes_open": 0.7},
    "sad": {"smile": -0.7, "brow_furrow": 0.6, "brow_raise": 0.25, "eyes_open": -0.25},
    "angry": {"brow_furrow": 1.0, "smile": -0.35, "eyes_open": 0.2, "mouth_width": -0.2},
    "wink": {"smile": 0.4},
}

Unit = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False, json_schema_extra={"step": 0.05})]


def _tell_presets(schema: dict[str, Any]) -> None:
    """Put into the JSON schema where each preset moves the units, so that a form can show it."""
    schema["presets"] = PRESETS


class ExpressionParams(Params):
    """Every unit is -1 to 1 and 0 leaves it as it is."""

    preset: Preset = Field(
        "none",
        title="Preset",
        description="A starting point for the sliders.",
        json_schema_extra=_tell_presets,
    )
    smile: Unit = Field(0.0, title="Smile", description="Mouth corners up, or down below zero.")
    mouth_open: Unit = Field(0.0, title="Mouth open", description="Jaw down, or lips together.")
    mouth_width: Unit = Field(0.0, title="Mouth width", description="Corners apart, or together.")
    pucker: Unit = Field(
        0.0, title="Pucker", description="Lips forward as for a kiss, or drawn in."
    )
    brow_raise: Unit = Field(0.0, title="Brows raised", description="Brows up, or down.")
    brow_furrow: Unit = Field(0.0, title="Brows furrowed", description="Brows together, or apart.")
    eyes_open: Unit = Field(0.0, title="Eyes open", description="Lids apart, or closed.")

    def amounts(self) -> dict[str, float]:
        """Return the amount of each unit, the preset filled in where a unit was left at 0."""
        preset = PRESETS[self.preset]
        return {unit: getattr(self, unit) or preset.get(unit, 0.0) for unit in UNITS}

    def is_neutral(self) -> bool:
        return self.preset == "none" and not any(self.amounts().values())


EXPRESSION = Operation(
    name="expression",
    version="1",
    title="Expression",
    summary="Smile, open the mouth, raise the brows: the same person, another expression.",
    params=ExpressionParams,
    region="face",
    measures=(
        "identity_distance",
        "expression_before",
        "expression_after",
        "change_outside_mask",
        "change_inside_mask",
        "sharpness_ratio",
    ),
    engines=(EngineDeclaration("native", weights=("mesh", "landmarks", "expression")),),
)
