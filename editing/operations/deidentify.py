"""De-identify: no machine and no stranger recognises the person, and the picture stays a photo."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, field_validator

from editing.operations.base import Box, EngineDeclaration, Operation, Params, strength_field

Hiding = Literal["blur", "mosaic", "solid"]  # no face is seen; the others draw another one
Method = Literal["surrogate", "ksame", Hiding]
Gender = Literal["same", "woman", "man"]
Age = Literal["same", "young", "middle", "old"]
FEWEST, MOST = 2, 50
MOST_BY_HAND = 50

# What each method promises, and what it does not: part of every report.
PROMISES: dict[str, str] = {
    "surrogate": (
        "Surrogate: the face is of nobody. Hair, ears, dark glasses, body, clothes, tattoos, voice,"
        " gait and the place can still give a person away. dlib's recogniser was asked while it was drawn;"
        " second_identity_distance is the independent measure."
    ),
    "ksame": (
        "k-Same: the face is the average of at least {k} synthetic people, and the same for"
        " everybody who falls into their group: a guess among them is right at most once in {k}."
        " This holds of the face's surface; its surroundings stay."
    ),
    "blur": "Blur: the face is hidden, and looks it. What is around the face stays.",
    "mosaic": "Mosaic: the face is hidden, and looks it. What is around the face stays.",
    "solid": "Solid: nothing of the face is left. What is around the face stays.",
}


class DeidentifyParams(Params):
    """A method, and how strongly; the rest is for the methods it is named with."""

    method: Method = Field(
        "surrogate",
        title="Method",
        description="Another face, an average one, or none.",
        json_schema_extra={
            "labels": {"surrogate": "Another face", "ksame": "Average face"},
        },
    )
    strength: float = strength_field("Less than 1 protects less; 0 leaves the photo as it is.")
    k: int = Field(
        10,
        ge=FEWEST,
        le=MOST,
        title="k",
        description="How many people are averaged, at least.",
        json_schema_extra={"step": 1, "when": {"method": ["ksame"]}},
    )
    gender: Gender = Field(
        "same",
        title="Gender of the other face",
        description="As it looks now, or another.",
        json_schema_extra={"when": {"method": ["surrogate"]}},
    )
    age: Age = Field(
        "same",
        title="Age of the other face",
        description="As it looks now, or another.",
        json_schema_extra={"when": {"method": ["surrogate"]}},
    )
    key: SecretStr = Field(
        SecretStr(""),
        max_length=200,
        title="Key",
        description="With the same key the same person gets the same face in every photo.",
        json_schema_extra={"when": {"method": ["surrogate"]}},
    )

    also: tuple[Box, ...] = Field(
        (),
        max_length=MOST_BY_HAND,
        title="Also",
        description="Boxes (x0, y0, x1, y1) of faces that were not found, pixels of the photo.",
        json_schema_extra={"hidden": True},
    )

    @field_validator("also")
    @classmethod
    def _are_boxes(cls, also: tuple[Box, ...]) -> tuple[Box, ...]:
        for x0, y0, x1, y1 in also:
            if not (0 <= x0 < x1 and 0 <= y0 < y1):
                raise ValueError(f"({x0}, {y0}, {x1}, {y1}) is no box: x0 < x1 and y0 < y1, from 0")
        return also

    def hiding(self) -> Hiding | None:
        """Return the method where no face is to be seen, None where another one is drawn."""
        return None if self.method == "surrogate" or self.method == "ksame" else self.method

    def added_faces(self) -> tuple[Box, ...]:
        return self.also

    def is_neutral(self) -> bool:
        return self.strength == 0

    def notes(self) -> tuple[str, ...]:
        return (PROMISES[self.method].format(k=self.k),)


DEIDENTIFY = Operation(
    name="deidentify",
    version="1",
    title="De-identify",
    summary="Nobody recognises the person: another face, an average one, or none.",
    params=DeidentifyParams,
    region="face",
    measures=(
        "identity_distance",
        "second_identity_distance",
        "age_before",
        "age_after",
        "yaw_before",
        "yaw_after",
        "expression_before",
        "expression_after",
        "change_outside_mask",
        "change_inside_mask",
        "sharpness_ratio",
    ),
    engines=(
        EngineDeclaration(
            "native",
            weights=(
                "mesh",
                "landmarks",
                "head",
                "face_prior",
                "surrogate",
                "recogniser",
            ),
        ),
    ),
    default_faces="all",
    keeps_person=False,
    strips_metadata=True,
)
