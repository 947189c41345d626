"""Requests as data, and what their answers mean: the half that needs no network.

The clients, one that waits and one for asyncio, only send these.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from mien.client.errors import AnswerUnreadable, Problem, problem_class
from mien.client.retries import read_retry_after
from mien.client.uploads import Source, Upload, read_upload

API = "/api/v1/"
PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``key`` is drawn once, with the call, and goes with every attempt of a POST."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)
    key: str = field(default_factory=lambda: uuid.uuid4().hex)

    def arguments(self, opened: ExitStack) -> dict[str, Any]:
        """Return what httpx sends; files are opened anew and belong to ``opened``."""
        told: dict[str, Any] = {
            "method": self.method,
            "url": API + self.path,
            "params": dict(self.query),
            "headers": {"Idempotency-Key": self.key} if self.method == "POST" else {},
        }
        if self.files:
            told["data"] = dict(self.fields)
            told["files"] = {
                name: (file.name, opened.enter_context(file.open()))
                for name, file in self.files.items()
            }
        elif self.body is not None:
            told["json"] = self.body
        return told


def upload_photo(source: Source, name: str | None, key: str | None = None) -> Call:
    file = {"file": read_upload(source, name)}
    return Call("POST", "photos/", files=file, key=key or uuid.uuid4().hex)


def read_faces(faces: str | Sequence[int] | None) -> str | list[int] | None:
    """Return the faces as JSON has them."""
    return faces if faces is None or isinstance(faces, str) else list(faces)


def create_edit(
    photo: str | None,
    operation: str | None,
    params: Mapping[str, Any],
    *,
    faces: str | Sequence[int] | None = None,
    engine: str | None = None,
    seed: int | None = None,
    parent: str | None = None,
    mask: Source | None = None,
    preset: str | None = None,
    key: str | None = None,
) -> Call:
    """Ask for an edit: JSON, or multipart where a mask goes with it. What is None is not sent."""
    asked: dict[str, Any] = {
        "photo": photo,
        "operation": operation,
        "params": dict(params),
        "faces": read_faces(faces),
        "engine": engine,
        "seed": seed,
        "parent": parent,
        "preset": preset,
    }
    asked = {name: value for name, value in asked.items() if value is not None}
    key = key or uuid.uuid4().hex
    if mask is None:
        return Call("POST", "edits/", body=asked, key=key)
    file = {"mask": read_upload(mask, "mask.png")}
    return Call("POST", "edits/", fields=as_form(asked), files=file, key=key)


def ask_batch(
    operation: str | None,
    params: Mapping[str, Any],
    recipe: Sequence[Mapping[str, Any]] | None,
    faces: str | Sequence[int] | None,
    engine: str | None,
    seed: int | None,
    name: str | None,
) -> dict[str, Any]:
    """Return what shall be done with every photo of a batch, as JSON has it."""
    return {
        "operation": operation,
        "params": dict(params) if operation is not None else None,
        "recipe": None if recipe is None else [dict(step) for step in recipe],
        "faces": read_faces(faces),
        "engine": engine,
        "seed": seed,
        "name": name,
    }


def create_batch(
    photos: Sequence[str] | None,
    archive: Upload | None,
    asked: Mapping[str, Any],
    overrides: Source | None = None,
    key: str | None = None,
) -> Call:
    """Ask for a batch of photos that are there (JSON), or of the files in a ZIP (multipart)."""
    told = {name: value for name, value in asked.items() if value is not None}
    if photos is not None:
        told["photos"] = list(photos)
    key = key or uuid.uuid4().hex
    files = {} if archive is None else {"archive": archive}
    if overrides is not None:
        files["overrides"] = read_upload(overrides, "overrides.csv")
    if not files:
        return Call("POST", "batches/", body=told, key=key)
    return Call("POST", "batches/", fields=as_form(told), files=files, key=key)


def as_form(asked: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a form: texts as they are, everything else as JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in asked.items()
    }


def edit_events(id: str, since: int) -> Call:
    return Call("GET", f"edits/{id}/events/", {"since": str(since)})


def edit_result(id: str, label: str | None) -> Call:
    return Call("GET", f"edits/{id}/result/" if label is None else f"edits/{id}/results/{label}/")


def next_page(path: str, query: Mapping[str, str], told: Mapping[str, Any]) -> Call | None:
    """Return the call of the next page. Its host is ours, whatever a proxy made of it."""
    following = told.get("next")
    if not following:
        return None
    return Call("GET", path, {**query, **dict(parse_qsl(urlsplit(str(following)).query))})


def read_json(answer: httpx.Response) -> Any:
    """Return the JSON of an answer.

    Raises:
        AnswerUnreadable: it is none.
    """
    try:
        return answer.json()
    except ValueError as error:
        kind = answer.headers.get("content-type", "nothing")
        raise AnswerUnreadable(
            f"{answer.request.url} answered {answer.status_code} with {kind}, not JSON: "
            "is this the address of a Mien?"
        ) from error


def read_problem(answer: httpx.Response) -> Problem | None:
    """Return the refusal that an answer is, or None. The body must have been read."""
    if answer.is_success:
        return None
    told: dict[str, Any] = {}
    if answer.headers.get("content-type", "").startswith(PROBLEM):
        try:
            read = answer.json()
        except ValueError:
            read = None
        told = read if isinstance(read, dict) else {}
    status = answer.status_code
    title = str(told.get("title") or answer.reason_phrase or "No reason was given")
    code = str(told.get("code") or f"http_{status}")
    detail = str(told.get("detail") or f"{answer.request.url} answered {status} {title}")
    fields = told.get("fields")
    return problem_class(status, code)(
        status,
        code,
        title,
        detail,
        fields if isinstance(fields, dict) else None,
        read_retry_after(answer.headers.get("retry-after")),
    )
