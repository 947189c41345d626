"""``operations`` and ``faces``: what is there, as JSON on stdout."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from editing.availability import refusal
from editing.command.source import open_models, read_photo
from editing.errors import NoFace, WeightsUnavailable
from editing.operations import OPERATIONS
from editing.operations.base import EngineDeclaration, Operation
from editing.weights import read_card


def show_operations() -> None:
    """Print what can be done: a list of operations."""
    _print_json([_operation(operation) for operation in OPERATIONS.values()])


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
    told = [
        {
            "index": face.index,
            "box": list(face.box),
            "pose": {
                "yaw": round(face.pose.yaw, 1),
                "pitch": round(face.pose.pitch, 1),
                "roll": round(face.pose.roll, 1),
            },
        }
        for face in faces
    ]
    _print_json(told)


def _print_json(told: list[dict[str, Any]]) -> None:
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


def _operation(operation: Operation) -> dict[str, Any]:
    engines = [_engine(engine) for engine in operation.engines]
    licences = {weight["licence"] for engine in engines for weight in engine["weights"]}
    return {
        "name": operation.name,
        "title": operation.title,
        "summary": operation.summary,
        "params": operation.params.model_json_schema(),
        "engines": engines,
        "licences": sorted(licences - {None}),
    }


def _engine(engine: EngineDeclaration) -> dict[str, Any]:
    """Return an engine, whether it can be used, and what the licences of its weights allow.

    What cannot be known of weights that are not there is None.
    """
    refused = refusal(engine)
    weights = [_weight(name) for name in engine.weights]
    return {
        "name": engine.name,
        "available": refused is None,
        "reason": refused.reason if refused else None,
        "commercial_use": all(weight["commercial_use"] for weight in weights),
        "weights": weights,
    }


def _weight(name: str) -> dict[str, Any]:
    try:
        card = read_card(name)
    except WeightsUnavailable:
        return {"name": name, "licence": None, "commercial_use": None}
    return {"name": name, "licence": card.licence, "commercial_use": card.commercial_use}
