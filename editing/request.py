"""What somebody asks for: one operation with its params, on which faces, by which engine."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from editing.errors import ParamsInvalid, RequestInvalid
from editing.operations import find_operation
from editing.operations.base import Params, reasons_by_field

MAX_SEED = 2**32 - 1


def _indices(value: object) -> object:
    """Read "0,2" as [0, 2]; leave the words and lists alone."""
    if isinstance(value, str) and value not in ("all", "largest"):
        return [part.strip() for part in value.split(",")]
    return value


FaceIndex = Annotated[int, Field(ge=0)]
Faces = Annotated[
    Literal["all", "largest"] | Annotated[list[FaceIndex], Field(min_length=1)],
    BeforeValidator(_indices),
]


class EditRequest(BaseModel):
    """One edit. ``faces`` None means the operation's own default; ``seed`` None draws one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    operation: str
    params: dict[str, Any] = Field(default_factory=dict)
    faces: Faces | None = None
    engine: Literal["auto", "native", "diffusion"] = "auto"
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] | None = None

    def checked_params(self) -> Params:
        """Return the params as the operation's own model.

        Raises:
            OperationUnknown: there is no such operation.
            ParamsInvalid: a param is missing, unknown or out of range; names each.
        """
        return check_params(self.operation, self.params)

    def chosen_faces(self) -> Literal["all", "largest"] | list[int]:
        """Return the faces asked for, or the operation's default."""
        return (
            self.faces if self.faces is not None else find_operation(self.operation).default_faces
        )


def check_params(operation: str, params: dict[str, Any]) -> Params:
    """Return ``params`` as the model of ``operation``.

    Raises:
        OperationUnknown: there is no such operation.
        ParamsInvalid: a param is missing, unknown or out of range; names each.
    """
    model = find_operation(operation).params
    try:
        return model.model_validate(params)
    except ValidationError as error:
        fields = reasons_by_field(error)
        told = "; ".join(f"{name or operation}: {' '.join(why)}" for name, why in fields.items())
        raise ParamsInvalid(told, fields) from error


def read_request(data: dict[str, Any]) -> EditRequest:
    """Return the request that ``data`` describes, its params checked too.

    Raises:
        OperationUnknown, ParamsInvalid: as ``checked_params``.
        RequestInvalid: another field is wrong; names it.
    """
    try:
        request = EditRequest.model_validate(data)
    except ValidationError as error:
        fields = reasons_by_field(error)
        told = "; ".join(f"{name}: {' '.join(why)}" for name, why in fields.items())
        raise RequestInvalid(told) from error
    request.checked_params()
    return request
