"""What the OpenAPI document says of an answer, held against the answer."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

ROOT = "/api/v1/"
# Pages for people, and the document itself.
UNTOLD = (f"{ROOT}docs/", f"{ROOT}schema/")


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """Return the document as the server gives it."""
    told: dict[str, Any] = json.loads(json.dumps(SchemaGenerator().get_schema(public=True)))
    return told


def check_answer(method: str, path: str, status: int, content_type: str, body: bytes) -> None:
    """Fail unless the document foresees this answer: its status, its type and every field of it."""
    path = path.partition("?")[0]
    if not path.startswith(ROOT) or path in UNTOLD or method == "OPTIONS":
        return
    where = f"{method} {path} -> {status}"
    operation = find_operation(path).get("get" if method == "HEAD" else method.lower())
    media_type = content_type.partition(";")[0]
    if status >= 400 and (operation is None or str(status) not in operation["responses"]):
        # Anything may be refused; an address that there is not is told in the same form.
        assert media_type == "application/problem+json", f"{where}: {media_type} is no problem"
        if method != "HEAD":
            told = json.loads(body)
            validate(where, {"$ref": "#/components/schemas/Problem"}, told)
            assert told["status"] == status, where
        return
    assert operation is not None, f"{where}: the document has no such operation"
    response = operation["responses"].get(str(status))
    assert response is not None, f"{where}: the document has no such status"
    content = response.get("content", {})
    if not content or status == 304 or method == "HEAD":
        assert not body, f"{where}: the document has no body"
        return
    schema = next(
        (told["schema"] for name, told in content.items() if fits(name, media_type)), None
    )
    assert schema is not None, f"{where}: {media_type} is none of {list(content)}"
    if media_type == "application/json":
        validate(where, schema, json.loads(body))


def fits(told: str, media_type: str) -> bool:
    return told == media_type or (told.endswith("/*") and media_type.startswith(told[:-1]))


@lru_cache(maxsize=1)
def patterns() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    return [
        (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), operations)
        for path, operations in document()["paths"].items()
    ]


def find_operation(path: str) -> dict[str, Any]:
    """Return the operations at an address, none where there is none."""
    return next((told for pattern, told in patterns() if pattern.fullmatch(path)), {})


@lru_cache(maxsize=1)
def components() -> dict[str, Any]:
    """Return the components, closed: a field that they do not name is an error."""

    def close(part: Any) -> Any:
        if isinstance(part, list):
            return [close(one) for one in part]
        if not isinstance(part, dict):
            return part
        closed = {name: close(one) for name, one in part.items()}
        if isinstance(part.get("properties"), dict) and part.get("type") == "object":
            closed.setdefault("additionalProperties", False)
        return closed

    closed: dict[str, Any] = close(document()["components"])
    return closed


@lru_cache
def validator_of(schema: str) -> Draft202012Validator:
    return Draft202012Validator(
        {**json.loads(schema), "components": components()},
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )


def validate(where: str, schema: dict[str, Any], told: Any) -> None:
    validator = validator_of(json.dumps(schema))
    wrong = [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
        for error in validator.iter_errors(told)
    ]
    assert not wrong, f"{where}: not as the document says: {wrong[:5]}"


def check_every_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make Django's test client hold every answer of the API against the document."""
    ask = Client.request

    def request(self: Client, **asked: Any) -> Any:
        answer = ask(self, **asked)
        if asked["PATH_INFO"].startswith(ROOT):
            body = b"" if answer.streaming else answer.content
            if answer.streaming and answer["Content-Type"] == "application/json":
                body = b"".join(answer)
                answer.streaming_content = [body]
            check_answer(
                asked["REQUEST_METHOD"],
                asked["PATH_INFO"],
                answer.status_code,
                answer.get("Content-Type", ""),
                body,
            )
        return answer

    monkeypatch.setattr(Client, "request", request)
