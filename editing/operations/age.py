"""Age: the same person at another age, or at several ages at once (a strip)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Field, Tag

from editing.operations.base import EngineDeclaration, Operation, Params, Variation, strength_field

YOUNGEST, OLDEST = 5, 85
LONGEST_STRIP = 12
PIPELINE_SETTING = "MIEN_AGE_DIFFUSION"


def age_label(age: float) -> str:
    """Return the age as it is told in labels and file names: "65", "7.5"."""
    return f"{age:g}"


def _distinct(ages: tuple[float, ...]) -> tuple[float, ...]:
    labels = [age_label(age) for age in ages]
    twice = {label for label in labels if labels.count(label) > 1}
    if twice:
        raise ValueError(f"each age once: {', '.join(sorted(twice, key=float))} comes twice")
    return ages


def _is_strip(value: Any) -> str:
    return "strip" if isinstance(value, list | tuple) else "age"


def _tell_form(schema: dict[str, Any]) -> None:
    """Say in the JSON schema how a form shows it, and that a number or a list of them is taken."""
    schema["anyOf"] = schema.pop("oneOf")
    schema |= {"step": 1, "unit": "years", "strip": [10, 20, 30, 40, 50, 60, 70, 80]}


Age = Annotated[float, Field(ge=YOUNGEST, le=OLDEST, allow_inf_nan=False)]
Strip = Annotated[
    tuple[Age, ...],
    Field(min_length=1, max_length=LONGEST_STRIP, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_distinct),
]
# Told apart by kind, so that a refusal gives the reasons of the one that was meant.
AgeOrStrip = Annotated[
    Annotated[Age, Tag("age")] | Annotated[Strip, Tag("strip")], Discriminator(_is_strip)
]


class AgeParams(Params):
    """One age gives one photo; a list of ages, in any order, a strip of photos."""

    target_age: AgeOrStrip = Field(
        65.0,
        title="Age",
        description="What age to show; several give a strip.",
        json_schema_extra=_tell_form,
    )
    strength: float = strength_field(
        "How much of the change is applied; 0 leaves the photo as it is."
    )
    keep_hair: bool = Field(
        False, title="Keep hair", description="Leave the hair's colour as it is in the photo."
    )

    def is_neutral(self) -> bool:
        return self.strength == 0

    def variations(self) -> tuple[Variation, ...]:
        if not isinstance(self.target_age, tuple):
            return ()
        return tuple(
            Variation(age_label(age), self.model_copy(update={"target_age": age}))
            for age in self.target_age
        )


AGE = Operation(
    name="age",
    version="1",
    title="Age",
    summary="The same person at any age from 5 to 85: shape, skin, brows and hair.",
    params=AgeParams,
    region="head",
    measures=(
        "identity_distance",
        "age_before",
        "age_after",
        "expression_before",
        "expression_after",
        "change_outside_mask",
        "change_inside_mask",
        "sharpness_ratio",
        "face_ssim",
    ),
    engines=(
        EngineDeclaration(
            "native",
            weights=(
                "mesh",
                "landmarks",
                "age",
                "age_change",
                "age_reader",
                "xception_age",
                "head",
            ),
        ),
        EngineDeclaration("diffusion", weights=("mesh", "landmarks"), setting=PIPELINE_SETTING),
    ),
    largest_frame=2048,
)
