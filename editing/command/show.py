"""``operations`` and ``faces``: what is there, as JSON on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from editing.availability import refusal
from editing.command.source import open_models, read_photo
from editing.errors import NoFace, WeightsUnavailable
from editing.operations import OPERATIONS
from editing.operations.base import EngineDeclaration, Operation
from editing.weights import read_card


def show_operations() -> None:
    """Print what can be done: a list of operations."""
    print_json([describe_operation(_told(operation)) for operation in OPERATIONS.values()])


def show_faces(path: Path) -> None:
    """Print the faces of the photo, the largest first.

    Raises:
        PhotoRefused: the photo cannot be read.
        NoFace: there is none.
    """
    photo = read_photo(path)

    from editing.faces.detect import detect_faces

    faces = detect_faces(photo, open_models())
    if not faces:
        raise NoFace("no face was found in the photo")
    print_json([describe_face(face.index, face.box, face.pose) for face in faces])


class _Pose(Protocol):
    """Degrees."""

    @property
    def yaw(self) -> float: ...
    @property
    def pitch(self) -> float: ...
    @property
    def roll(self) -> float: ...


def describe_face(index: int, box: Iterable[int], pose: _Pose) -> dict[str, Any]:
    """Return a face as it is printed."""
    degrees = {"yaw": pose.yaw, "pitch": pose.pitch, "roll": pose.roll}
    return {
        "index": index,
        "box": list(box),
        "pose": {name: round(value, 1) for name, value in degrees.items()},
    }


def print_json(told: list[dict[str, Any]]) -> None:
    """Print a list, indented."""
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


def describe_operation(told: dict[str, Any]) -> dict[str, Any]:
    """Return an operation as it is printed, of what is known of it, here or on a server."""
    engines = [_describe_engine(engine) for engine in told["engines"]]
    licences = {weight["licence"] for engine in engines for weight in engine["weights"]}
    return {
        **{name: told[name] for name in ("name", "title", "summary", "params")},
        "engines": engines,
        "licences": sorted(licences - {None}),
    }


def _describe_engine(told: dict[str, Any]) -> dict[str, Any]:
    """Return an engine, whether it can be used, and what the licences of its weights allow.

    What cannot be known of weights that are not there is None.
    """
    weights = [
        {name: weight[name] for name in ("name", "licence", "commercial_use")}
        for weight in told["weights"]
    ]
    return {
        **{name: told[name] for name in ("name", "available", "reason")},
        "commercial_use": all(weight["commercial_use"] for weight in weights),
        "weights": weights,
    }


def _told(operation: Operation) -> dict[str, Any]:
    return {
        "name": operation.name,
        "title": operation.title,
        "summary": operation.summary,
        "params": operation.params.model_json_schema(),
        "engines": [_engine(engine) for engine in operation.engines],
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
        return {"name": name, "licence": None, "commercial_use": None}
    return {"name": name, "licence": card.licence, "commercial_use": card.commercial_use}
