"""One params schema, the pydantic model of an operation, shown as form fields and as OpenAPI."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from editing.availability import refusal
from editing.errors import WeightsUnavailable
from editing.operations import OPERATIONS
from editing.operations.base import EngineDeclaration, Operation
from editing.weights import read_card

Input = Literal["slider", "choice", "switch", "number", "text"]


@dataclass(frozen=True, slots=True)
class FormField:
    """One input of an operation's form. A slider has both bounds, a choice has choices.

    ``several`` is the most values that a list of them may have where one or a list is taken. ``by``
    is, for a choice that hangs on another input, that one's name and what each of its values offers.
    """

    name: str
    title: str
    description: str
    input: Input
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple[Any, ...] = ()
    group: str = ""
    several: int | None = None
    by: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)


def form_fields(operation: Operation) -> list[FormField]:
    """Return the inputs of the operation's form, in the order in which its params are declared."""
    schema = params_schema(operation)
    return [_field(name, told) for name, told in schema["properties"].items()]


def params_schema(operation: Operation) -> dict[str, Any]:
    """Return the JSON schema (2020-12) of the operation's params."""
    return operation.params.model_json_schema()


def _field(name: str, told: dict[str, Any]) -> FormField:
    choices = told.get("anyOf") or told.get("oneOf") or []
    single = next((one for one in choices if one.get("type") in ("number", "integer")), {})
    several = next((one for one in choices if one.get("type") == "array"), {})
    schema = {**single, **told}
    return FormField(
        name=name,
        title=schema.get("title", name),
        description=schema.get("description", ""),
        input=_input(schema),
        default=schema.get("default"),
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        step=schema.get("step"),
        choices=tuple(schema.get("enum", ())),
        group=schema.get("group", ""),
        several=several.get("maxItems"),
        by=schema.get("by", {}),
    )


def _input(schema: dict[str, Any]) -> Input:
    if "enum" in schema:
        return "choice"
    kind = schema.get("type")
    if kind == "boolean":
        return "switch"
    if kind in ("number", "integer"):
        return "slider" if "minimum" in schema and "maximum" in schema else "number"
    return "text"


def describe_operation(operation: Operation) -> dict[str, Any]:
    """Return all that a client needs to know to offer the operation."""
    engines = [_engine(engine) for engine in operation.engines]
    refused = None if any(one["available"] for one in engines) else engines[0]["reason"]
    return {
        "name": operation.name,
        "version": operation.version,
        "title": operation.title,
        "summary": operation.summary,
        "available": refused is None,
        "reason": refused,
        "params": params_schema(operation),
        "engines": engines,
        "measures": list(operation.measures),
        "default_faces": operation.default_faces,
    }


def _engine(engine: EngineDeclaration) -> dict[str, Any]:
    refused = refusal(engine)
    return {
        "name": engine.name,
        "available": refused is None,
        "reason": refused.reason if refused else None,
        "weights": [_weight(name) for name in engine.weights],
    }


def _weight(name: str) -> dict[str, Any]:
    try:
        card = read_card(name)
    except WeightsUnavailable:
        return {
            "name": name,
            "available": False,
            "licence": None,
            "commercial_use": None,
            "summary": "",
        }
    return {
        "name": name,
        "available": True,
        "licence": card.licence,
        "commercial_use": card.commercial_use,
        "summary": card.summary,
    }


def schema_name(operation: Operation) -> str:
    """Return the name of the operation's params among OpenAPI's components."""
    return operation.params.__name__


@extend_schema_field({"$ref": "#/components/schemas/Params"})
class ParamsField(serializers.JSONField):
    """Params of any operation. ``editing.request`` checks them, so that every surface agrees."""


def add_params_schemas(result: dict[str, Any], generator: Any, **_: Any) -> dict[str, Any]:
    """Put each operation's params into the OpenAPI document (a drf-spectacular hook)."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    for operation in OPERATIONS.values():
        schema = operation.params.model_json_schema(
            ref_template=f"#/components/schemas/{schema_name(operation)}/$defs/{{model}}"
        )
        schemas[schema_name(operation)] = schema
    schemas["Params"] = {
        "description": "The params of the operation that is asked for.",
        "anyOf": [
            {"$ref": f"#/components/schemas/{schema_name(one)}"} for one in OPERATIONS.values()
        ],
    }
    return result
