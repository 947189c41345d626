"""Camouflage: people take the person for somebody else, the recogniser at the door does not."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from editing.operations.base import EngineDeclaration, Operation, Params, strength_field

Appearance = Literal["random", "younger", "older", "woman", "man", "bearded"]

# What it promises, and what it does not: part of every report.
PROMISE = (
    "Camouflage: strangers see somebody else, and a face recogniser still sees this person: it is no"
    " de-identification. Whoever knows the person well, or sees hair, clothes or the place, may know"
    " them. dlib's recogniser took part in the making, so identity_distance is no independent measure;"
    " second_identity_distance is."
)


class CamouflageParams(Params):
    """What to look like, and how far to go."""

    strength: float = strength_field(
        "Less than 1 looks more like the person; 0 leaves the photo as it is."
    )
    appearance: Appearance = Field(
        "random",
        title="Appearance",
        description="Whom to look like. The seed draws one of many.",
        json_schema_extra={
            "labels": {"random": "Anybody", "woman": "A woman", "man": "A man"},
        },
    )

    def is_neutral(self) -> bool:
        return self.strength == 0

    def notes(self) -> tuple[str, ...]:
        return (PROMISE,)


CAMOUFLAGE = Operation(
    name="camouflage",
    version="1",
    title="Camouflage",
    summary="People see somebody else; a face recogniser still knows the person.",
    params=CamouflageParams,
    region="face",
    measures=(
        "identity_distance",
        "second_identity_distance",
        "appearance_ssim",
        "yaw_before",
        "yaw_after",
        "change_outside_mask",
        "change_inside_mask",
        "sharpness_ratio",
    ),
    engines=(
        EngineDeclaration(
            "native", weights=("mesh", "landmarks", "face_prior", "surrogate", "recogniser")
        ),
    ),
)
