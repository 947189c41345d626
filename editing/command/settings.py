"""``--set KEY=VALUE``: text turned into the kind of value that the operation's params want."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from editing.errors import ParamsInvalid
from editing.operations.base import Operation

TRUE = ("true", "yes", "on", "1")
FALSE = ("false", "no", "off", "0")


def read_settings(operation: Operation, settings: Iterable[str]) -> dict[str, Any]:
    """Return the params that ``KEY=VALUE`` lines name, typed by the operation's schema.

    Ranges and words are left to the operation's own model to check.

    Raises:
        ParamsInvalid: not KEY=VALUE, no such param, named twice, or not of its kind.
    """
    return read_params(operation.name, operation.params.model_json_schema(), settings)


def read_params(name: str, schema: dict[str, Any], settings: Iterable[str]) -> dict[str, Any]:
    """As ``read_settings``, for an operation of which the name and the JSON schema are known."""
    known = schema["properties"]
    params: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        key = key.strip()
        if not equals or not key:
            raise ParamsInvalid(f"--set {setting}: KEY=VALUE is wanted")
        if key not in known:
            told = f"{name} has no param {key!r}; it has {', '.join(known)}"
            raise ParamsInvalid(told, {key: ["unknown"]})
        if key in params:
            raise ParamsInvalid(f"{key}: set twice", {key: ["set twice"]})
        try:
            params[key] = read_value(text.strip(), known[key], schema.get("$defs", {}))
        except ValueError as error:
            raise ParamsInvalid(f"{key}: {error}", {key: [str(error)]}) from error
    return params


def read_value(text: str, schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    """Return ``text`` as the JSON schema's kind of value.

    Raises:
        ValueError: it is not of that kind; says which is wanted.
    """
    if "$ref" in schema:
        return read_value(text, definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return _read_any(text, choices, definitions)
    kind = schema.get("type")
    if kind == "array":
        return _read_list(text, schema.get("items", {}), definitions)
    if kind == "object":
        return _read_json(text, dict, "a JSON object")
    if kind == "boolean":
        return _read_switch(text)
    if kind == "null":
        return _read_null(text)
    if kind == "integer":
        return _read_number(text, int, "a whole number")
    if kind == "number":
        return _read_number(text, float, "a number")
    return text


def _read_any(text: str, choices: list[dict[str, Any]], definitions: dict[str, Any]) -> Any:
    """Return the first reading that fits; text fits everything, so it is tried last."""
    reasons = []
    for choice in sorted(choices, key=lambda one: one.get("type") == "string"):
        try:
            return read_value(text, choice, definitions)
        except ValueError as error:
            reasons.append(str(error))
    raise ValueError(", or ".join(reasons))


def _read_list(text: str, items: dict[str, Any], definitions: dict[str, Any]) -> list[Any]:
    if text.startswith("["):
        found: list[Any] = _read_json(text, list, "a JSON list")
        return found
    if not text:
        return []
    return [read_value(part.strip(), items, definitions) for part in text.split(",")]


def _read_json(text: str, kind: type, wanted: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not {wanted}") from error
    if not isinstance(value, kind):
        raise ValueError(f"{text!r} is not {wanted}")
    return value


def _read_switch(text: str) -> bool:
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise ValueError(f"{text!r} is neither true nor false")


def _read_null(text: str) -> None:
    if text.lower() not in ("null", "none"):
        raise ValueError(f"{text!r} is not null")


def _read_number(text: str, kind: type[int] | type[float], wanted: str) -> float:
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"{text!r} is not {wanted}") from None
