"""Normalise: straight, evenly lit, still the same person."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from editing.idphoto.sizes import SIZES
from editing.operations.base import EngineDeclaration, Operation, Params, WantedIdPhoto

WARNED, REFUSED = 45.0, 60.0  # degrees of yaw: beyond them it is told, and it is not done
FARTHEST = 30.0

Turn = Annotated[
    float,
    Field(
        ge=-FARTHEST,
        le=FARTHEST,
        allow_inf_nan=False,
        json_schema_extra={"step": 1, "group": "head"},
    ),
]


GUESSED = "The colours are guessed from the brightness; those of the photo itself nobody knows."

Skin = Literal["likely", "fair", "light", "medium", "tan", "brown", "dark"]
IdPhoto = Literal["none", "icao", "schengen", "uk", "us", "canada", "china"]


class NormalizeParams(Params):
    """Zero everywhere leaves the photo as it is."""

    pose: float = Field(
        1.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        title="Straighten",
        description="How far the head is turned to the front.",
        json_schema_extra={"step": 0.05},
    )
    light: float = Field(
        1.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        title="Even light",
        description="How far the light on both halves of the face is made alike.",
        json_schema_extra={"step": 0.05},
    )
    white_balance: float = Field(
        0.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        title="White balance",
        description="How far a colour cast is taken from the whole photo, by the whites of the eyes.",
        json_schema_extra={"step": 0.05},
    )
    yaw: Turn = Field(0.0, title="Turn", description="To the right of the picture, degrees.")
    pitch: Turn = Field(0.0, title="Nod", description="Chin up, degrees.")
    roll: Turn = Field(0.0, title="Tilt", description="Clockwise, degrees.")
    light_from: float = Field(
        0.0,
        ge=-90,
        le=90,
        allow_inf_nan=False,
        title="Light from",
        description="The left or the right of the picture, degrees from the front.",
        json_schema_extra={"step": 5, "group": "light"},
    )
    light_strength: float = Field(
        0.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        title="Its strength",
        description="How strongly that light is put in.",
        json_schema_extra={"step": 0.05, "group": "light"},
    )

    color: float = Field(
        0.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        title="Colour",
        description="Of a grey or near infrared face, as it would likely be (experimental).",
        json_schema_extra={"step": 0.05, "group": "colour"},
    )
    skin: Skin = Field(
        "likely",
        title="Skin like",
        description="What the colour of the skin is to be like.",
        json_schema_extra={"group": "colour"},
    )
    id_photo: IdPhoto = Field(
        "none",
        title="ID photo",
        description="Cut to size at 300 dots per inch and checked, beside the whole photo.",
        json_schema_extra={
            "labels": {"none": "None", **{name: size.title for name, size in SIZES.items()}},
            "group": "passport",
        },
    )
    plain_background: bool = Field(
        True,
        title="Plain background",
        description="Of the ID photo: the colour that its country wants behind the person.",
        json_schema_extra={"group": "passport", "when": {"id_photo": list(SIZES)}},
    )

    def notes(self) -> tuple[str, ...]:
        return (GUESSED,) if self.color else ()

    def wanted_id_photo(self) -> WantedIdPhoto | None:
        if self.id_photo == "none":
            return None
        return WantedIdPhoto(self.id_photo, self.plain_background)

    def turns(self) -> bool:
        """Return whether the head is to be moved."""
        return any((self.pose, self.yaw, self.pitch, self.roll))

    def is_neutral(self) -> bool:
        lit = self.light or (self.light_strength and self.light_from)
        return not (
            self.turns() or lit or self.white_balance or self.color or self.wanted_id_photo()
        )


NORMALIZE = Operation(
    name="normalize",
    version="1",
    title="Normalise",
    summary="Straight to the camera and evenly lit, still the same person.",
    params=NormalizeParams,
    region="head",
    measures=(
        "identity_distance",
        "yaw_before",
        "yaw_after",
        "pitch_before",
        "pitch_after",
        "roll_before",
        "roll_after",
        "light_asymmetry_before",
        "light_asymmetry_after",
        "colour_cast_before",
        "colour_cast_after",
        "change_outside_mask",
        "change_inside_mask",
        "sharpness_ratio",
        "face_ssim",
    ),
    engines=(
        EngineDeclaration("native", weights=("mesh", "landmarks", "head", "face_prior", "fill")),
    ),
    largest_frame=2048,
    warned_yaw=WARNED,
)
