"""What an operation is. No torch here: the web process reads these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

Box = tuple[int, int, int, int]  # x0, y0, x1, y1, half-open, pixels of the photo


def strength_field(description: str) -> Any:
    """Return the field ``strength``, 0 to 1 and 1 by default, as every operation has it."""
    return Field(
        1.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        title="Strength",
        description=description,
        json_schema_extra={"step": 0.05},
    )


class Params(BaseModel):
    """The settings of one operation. One class is the validation, the API's schema and the form.

    Defaults are neutral or the sensible choice. Unknown names are refused. A field's ``title``,
    ``description``, bounds and ``json_schema_extra`` ({"step": ..., "group": ...}) shape its input.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    def is_neutral(self) -> bool:
        """Return whether these settings ask for no change at all."""
        return False

    def needs_mask(self) -> bool:
        """Return whether these settings mean nothing without a mask."""
        return False

    def added_faces(self) -> tuple[Box, ...]:
        """Return the boxes of faces that no detector found and a person points at."""
        return ()

    def notes(self) -> tuple[str, ...]:
        """Return sentences that a person should read before using the result."""
        return ()

    @classmethod
    def secrets(cls) -> frozenset[str]:
        """Return the names of the settings that nobody is told again."""
        return frozenset(n for n, f in cls.model_fields.items() if f.annotation is SecretStr)

    def wanted_id_photo(self) -> WantedIdPhoto | None:
        """Return what photo for a passport is to be cut from the result; None where none is."""
        return None

    def variations(self) -> tuple[Variation, ...]:
        """Return what is asked for besides each other; empty where the result is one photo."""
        return ()


@dataclass(frozen=True, slots=True)
class WantedIdPhoto:
    """``size`` is a name of ``idphoto.sizes``; ``plain`` is whether its background becomes plain."""

    size: str
    plain: bool


@dataclass(frozen=True, slots=True)
class Variation:
    """What one of several results of a request is made with.

    ``label`` is short, fit for a file's name, and no other of the request has it. ``params`` ask
    for one result. ``seed_step`` is added to the seed of the request.
    """

    label: str
    params: Params
    seed_step: int = 0


@dataclass(frozen=True, slots=True)
class EngineDeclaration:
    """An engine that can do the operation, and the weights of ours that it loads.

    ``setting`` is the environment variable that names the pipeline of others which it needs.
    """

    name: Literal["native", "diffusion"]
    weights: tuple[str, ...] = ()
    setting: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be done to a face, declared apart from how it is done.

    ``largest_frame`` bounds the side of the frame that the engines get, in pixels.
    ``keeps_person`` is whether the result shall show the same person; where it does not, a note in
    the report says so. ``strips_metadata`` is whether names, places, dates and all else that the file
    told of the person go from it. Beyond ``warned_yaw`` degrees of the head's turn the report warns.
    """

    name: str
    version: str
    title: str
    summary: str
    params: type[Params]
    region: str
    measures: tuple[str, ...]
    engines: tuple[EngineDeclaration, ...]
    default_faces: Literal["all", "largest"] = "largest"
    digital_source_type: str = "compositeWithTrainedAlgorithmicMedia"
    largest_frame: int = 1024
    keeps_person: bool = True
    strips_metadata: bool = False
    warned_yaw: float | None = None


def reasons_by_field(error: ValidationError) -> dict[str, list[str]]:
    """Return pydantic's refusals as field name -> sentences."""
    fields: dict[str, list[str]] = {}
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        name = str(item["loc"][0]) if item["loc"] else ""
        fields.setdefault(name, []).append(str(item["msg"]))
    return fields
