"""Inpaint: change one part of the face, or what a mask covers, and leave the rest."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from editing.attributes import added_attributes
from editing.operations.base import EngineDeclaration, Operation, Params, Variation, strength_field

PIPELINE_SETTING = "MIEN_INPAINT_DIFFUSION"
MOST_VARIANTS = 8

Region = Literal[
    "mask", "mouth", "eyes", "brows", "nose", "moustache", "beard", "glasses", "skin", "hair"
]
Way = Literal["fill", "warp", "colour", "draw"]
# What each region can be made, and the way it is done: painted anew, moved, coloured, or drawn on it.
ATTRIBUTES: dict[str, dict[str, Way]] = {
    "mask": {"restore": "fill"},
    "mouth": {
        "restore": "fill", "smile": "warp", "neutral": "warp", "fuller": "warp", "thinner": "warp",
        "color": "colour",
    },
    "eyes": {"restore": "fill", "open": "warp", "color": "colour"},
    "brows": {"restore": "fill", "thicker": "warp", "thinner": "warp", "color": "colour"},
    "nose": {"restore": "fill", "narrower": "warp", "wider": "warp"},
    "moustache": {"restore": "fill", "remove": "fill", "add": "draw"},
    "beard": {"restore": "fill", "remove": "fill", "add": "draw"},
    "glasses": {"restore": "fill", "remove": "fill"},
    "skin": {"spots": "colour", "shine": "colour"},
    "hair": {"color": "colour", "grey": "colour"},
}  # fmt: skip
for _added in added_attributes().values():
    ATTRIBUTES[_added.region].setdefault(_added.name, "fill")


def _tell_attributes(schema: dict[str, Any]) -> None:
    """Say in the JSON schema which attributes belong to which region, and how each is done."""
    schema["enum"] = list(dict.fromkeys(name for known in ATTRIBUTES.values() for name in known))
    schema["by"] = {"region": ATTRIBUTES}


class InpaintParams(Params):
    """A region of the face, or ``mask`` for the one that comes with the request."""

    region: Region = Field(
        "mouth",
        title="Region",
        description="Which part of the face, or the mask that you paint.",
        json_schema_extra={"brush": "mask"},
    )
    attribute: str = Field(
        "restore",
        title="Change",
        description="What is to become of it.",
        json_schema_extra=_tell_attributes,
    )
    strength: float = strength_field(
        "How much of the change is applied; 0 leaves the photo as it is."
    )
    color: str = Field(
        "#7a4b2a",
        pattern=re.compile(r"^#[0-9a-fA-F]{6}$"),
        title="Colour",
        description="For changes of colour.",
        json_schema_extra={"format": "color", "when": {"attribute": ["color"]}},
    )
    feather: float = Field(
        0.1,
        ge=0,
        le=1,
        allow_inf_nan=False,
        title="Feather",
        description="How softly the region fades, as a share of its half width; a mask fades where"
        " it is grey.",
        json_schema_extra={"step": 0.05},
    )
    variants: int = Field(
        1,
        ge=1,
        le=MOST_VARIANTS,
        title="Proposals",
        description="How many to choose from, each drawn anew; for what is painted anew.",
        json_schema_extra={"step": 1},
    )

    @field_validator("attribute")
    @classmethod
    def _fits(cls, attribute: str, info: ValidationInfo) -> str:
        known = ATTRIBUTES.get(info.data.get("region", ""), {})
        if known and attribute not in known:
            region = info.data["region"]
            raise ValueError(f"the region {region!r} can be {', '.join(known)}, not {attribute!r}")
        return attribute

    @field_validator("variants")
    @classmethod
    def _differ(cls, variants: int, info: ValidationInfo) -> int:
        way = ATTRIBUTES.get(info.data.get("region", ""), {}).get(info.data.get("attribute", ""))
        if variants > 1 and way in ("warp", "colour"):
            raise ValueError("this change has one result: several proposals would be alike")
        return variants

    @property
    def fade(self) -> float:
        """Return the share of a region's half width over which it fades inwards.

        Not of a mask: all that a person covers is to go, and a mask fades where it is grey.
        """
        return 0.0 if self.region == "mask" else self.feather

    @property
    def way(self) -> Way:
        """Return how it is done by the native engine."""
        return ATTRIBUTES[self.region][self.attribute]

    def needs_mask(self) -> bool:
        return self.region == "mask"

    def is_neutral(self) -> bool:
        return self.strength == 0

    def variations(self) -> tuple[Variation, ...]:
        if self.variants == 1:
            return ()
        one = self.model_copy(update={"variants": 1})
        return tuple(Variation(str(n + 1), one, seed_step=n) for n in range(self.variants))


INPAINT = Operation(
    name="inpaint",
    version="1",
    title="Inpaint",
    summary="Change one part of the face, or fill what you paint over, and leave the rest.",
    params=InpaintParams,
    region="mask",
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
            "native", weights=("mesh", "landmarks", "head", "face_prior", "fill", "expression")
        ),
        EngineDeclaration(
            "diffusion", weights=("mesh", "landmarks", "head"), setting=PIPELINE_SETTING
        ),
    ),
    largest_frame=2048,
)
