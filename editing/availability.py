"""Why an engine cannot be used here, as far as the cards of its weights tell. No torch here."""

from __future__ import annotations

from pathlib import Path

from editing.errors import WeightsUnavailable
from editing.operations.base import EngineDeclaration
from editing.weights import read_card


def refusal(engine: EngineDeclaration, folder: Path | None = None) -> str | None:
    """Return why the engine cannot be used, in one sentence, or None.

    ``folder`` holds the weights and their cards; None is this installation's own.
    """
    missing = [name for name in engine.weights if not _is_there(name, folder)]
    if missing:
        return f"the weights {', '.join(repr(name) for name in missing)} are not there"
    return None


def _is_there(name: str, folder: Path | None) -> bool:
    try:
        read_card(name, folder)
    except WeightsUnavailable:
        return False
    return True
