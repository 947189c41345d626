"""What is said about the API is what it does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from drf_spectacular.validation import validate_schema

from editing.operations import OPERATIONS
from tests.openapi import check_answer, document
from webapp.params import form_fields

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
def test_the_schema_is_openapi_3_1_and_valid(client: Client) -> None:
    answer = client.get("/api/v1/schema/?format=json", headers={"host": "localhost"})
    schema = answer.json()
    assert schema["openapi"] == "3.1.0"
    validate_schema(schema)
    expression = schema["components"]["schemas"]["ExpressionParams"]
    assert expression["properties"]["smile"]["minimum"] == -1
    assert {"/api/v1/photos/", "/api/v1/edits/{id}/events/", "/api/v1/operations/"} <= set(
        schema["paths"]
    )


def test_the_committed_copy_is_not_stale() -> None:
    committed = json.loads((ROOT / "docs" / "openapi.json").read_text())
    assert committed == document(), "run `make schema` and commit docs/openapi.json"


def test_every_operation_may_answer_with_a_problem_of_ours() -> None:
    codes = document()["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    assert {"no_face", "photo_too_large", "idempotency_conflict", "not_found"} <= set(codes)
    for path, operations in document()["paths"].items():
        for name, operation in operations.items():
            assert "application/problem+json" in operation["responses"]["default"]["content"], (
                path,
                name,
            )


@pytest.mark.parametrize(
    ("status", "content_type", "body", "word"),
    [
        (200, "application/json", b"{}", "required"),
        (200, "application/json", b'{"results": [], "next": null, "previous": null, "x": 1}', "x"),
        (200, "text/plain", b"words", "text/plain"),
        (204, "", b"", "no such status"),
        (404, "application/json", b"{}", "no problem"),
        (404, "application/problem+json", b'{"code": "lost"}', "lost"),
    ],
)
def test_an_answer_that_is_not_documented_is_noticed(
    status: int, content_type: str, body: bytes, word: str
) -> None:
    with pytest.raises(AssertionError, match=word):
        check_answer("GET", "/api/v1/edits/", status, content_type, body)


@pytest.mark.django_db
def test_the_docs_ask_no_other_machine(client: Client) -> None:
    page = client.get("/api/v1/docs/", headers={"host": "localhost"}).content.decode()
    assert "swagger-ui" in page
    assert "https://" not in page


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_form_and_model_agree(operation: object) -> None:
    fields = {field.name: field for field in form_fields(operation)}
    model = operation.params
    assert set(fields) == set(model.model_fields)
    model.model_validate({name: field.default for name, field in fields.items()})
    for name, field in fields.items():
        for value in (field.minimum, field.maximum, *field.choices):
            if value is not None:
                chosen = {
                    other: next(key for key, offered in known.items() if value in offered)
                    for other, known in field.by.items()
                }
                model.model_validate({**chosen, name: value})
        if field.maximum is not None:
            with pytest.raises(ValueError, match=name):
                model.model_validate({name: field.maximum + 1})


def test_the_web_process_never_imports_torch() -> None:
    program = (
        "import sys, webapp.asgi, webapp.urls\n"
        "from django.urls import get_resolver\n"
        "get_resolver().url_patterns\n"
        "heavy = {'torch', 'dlib', 'cv2', 'onnxruntime'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
