"""What the OpenAPI document says beyond what the views tell it."""

from __future__ import annotations

from typing import Any

from webapp.errors import CONTENT_TYPE

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details; code is ours and does not change.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "examples": ["no_face", "params_invalid", "photo_too_large"]},
        "detail": {"type": "string"},
        "fields": {"type": "object", "description": "Refused fields and why."},
    },
    "required": ["type", "title", "status", "code", "detail"],
}


def add_problems(result: dict[str, Any], generator: Any, **_: Any) -> dict[str, Any]:
    """Say of every operation that it may answer with a problem (a drf-spectacular hook)."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in result["paths"].values():
        for operation in path.values():
            operation["responses"]["default"] = {"description": "A problem", "content": content}
    return result
