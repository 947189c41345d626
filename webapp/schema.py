"""What the OpenAPI document says beyond what the views tell it."""

from __future__ import annotations

from typing import Any

from webapp.errors import CONTENT_TYPE, all_codes

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details; code is ours and does not change.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": all_codes()},
        "detail": {"type": "string"},
        "fields": {"type": "object", "description": "Refused fields and why."},
    },
    "required": ["type", "title", "status", "code", "detail"],
}
HEADERS = {
    "If-None-Match": "The entity tag that you have; 304 if it still stands.",
    "Range": "bytes=FIRST-LAST: only this part of the file, 206.",
    "If-Range": "Send the part only if the file still has this entity tag.",
}
STREAMED = frozenset({"application/zip", "text/csv"})  # made while they are sent: no tag, no parts
ETAG = {"ETag": {"schema": {"type": "string"}, "description": "Stands for exactly this answer."}}
Told = dict[str, Any]


def add_problems(result: Told, generator: Any, **_: Any) -> Told:
    """Say of every operation that it may answer with a problem (a drf-spectacular hook)."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in result["paths"].values():
        for operation in path.values():
            operation["responses"]["default"] = {"description": "A problem", "content": content}
    return result


def add_conditions(result: Told, generator: Any, **_: Any) -> Told:
    """Say of every GET but streams that it has an entity tag, and of files that parts can be had (a hook)."""
    for path in result["paths"].values():
        operation = path.get("get")
        answer = operation and operation["responses"].get("200")
        if not answer or STREAMED.intersection(answer.get("content", {})):
            continue
        answer["headers"] = ETAG | answer.get("headers", {})
        operation["responses"]["304"] = {"description": "You have it already.", "headers": ETAG}
        is_file = "image/*" in answer.get("content", {})
        for name in HEADERS if is_file else ("If-None-Match",):
            operation.setdefault("parameters", []).append(_header(name))
        if is_file:
            operation["responses"]["206"] = {
                **answer,
                "description": "The part that was asked for.",
            }
    return result


def _header(name: str) -> Told:
    return {
        "in": "header",
        "name": name,
        "schema": {"type": "string"},
        "description": HEADERS[name],
    }
