"""What is said about the API is what it does."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.test import Client
from drf_spectacular.validation import validate_schema

from editing.operations import OPERATIONS
from webapp.params import form_fields


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
                model.model_validate({name: value})
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
