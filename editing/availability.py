"""Why an engine cannot be used here, as far as cards and settings tell. No torch here.

The web process refuses with this at once what a worker would refuse later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from editing.errors import EngineUnavailable, LicenceRefused, WeightsUnavailable
from editing.licences import commercial_only, refusal_of
from editing.operations.base import EngineDeclaration, Operation
from editing.pretrained import COMMERCIAL, Pretrained
from editing.weights import Card, read_card


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an engine cannot be used, in one sentence, and whether that is a matter of licences."""

    engine: str
    reason: str
    by_licence: bool = False


def refusal(engine: EngineDeclaration, folder: Path | None = None) -> Refusal | None:
    """Return why the engine cannot be used, or None.

    ``folder`` holds the weights and their cards; None is this installation's own.
    """
    cards = {name: _card(name, folder) for name in engine.weights}
    pretrained = Pretrained(engine.setting) if engine.setting else None
    if commercial_only():
        forbidden = {
            n: c.licence for n, c in cards.items() if c is not None and not c.commercial_use
        }
        if pretrained and pretrained.name and pretrained.licence() not in COMMERCIAL:
            forbidden[pretrained.name] = pretrained.licence()
        if forbidden:
            return Refusal(engine.name, refusal_of(forbidden), by_licence=True)
    missing = [name for name, card in cards.items() if card is None]
    if missing:
        told = ", ".join(repr(name) for name in missing)
        return Refusal(engine.name, f"the weights {told} are not there")
    reason = pretrained.refusal() if pretrained else None
    return None if reason is None else Refusal(engine.name, reason)


def wanted_engines(operation: Operation, name: str) -> list[EngineDeclaration]:
    """Return the engines that ``name`` stands for, in the order in which they are tried.

    Raises:
        EngineUnavailable: the operation has no engine of that name.
    """
    wanted = [engine for engine in operation.engines if name in ("auto", engine.name)]
    if not wanted:
        told = ", ".join(engine.name for engine in operation.engines)
        raise EngineUnavailable(f"{operation.name} has no engine {name!r}; it has {told}")
    return wanted


def check_available(operation: Operation, name: str = "auto") -> None:
    """Let pass what at least one engine can do here, as far as that is known without trying.

    Raises:
        LicenceRefused, EngineUnavailable: as ``refused``; or the operation has no such engine.
    """
    refusals = [refusal(engine) for engine in wanted_engines(operation, name)]
    if all(refusals):
        raise refused(operation, [one for one in refusals if one is not None])


def refused(
    operation: Operation, refusals: Sequence[Refusal]
) -> LicenceRefused | EngineUnavailable:
    """Return the error that names every refusal; the former where one is a matter of licences."""
    told = "; ".join(f"{one.engine}: {one.reason}" for one in refusals)
    message = f"no engine for {operation.name}: {told}"
    if any(one.by_licence for one in refusals):
        return LicenceRefused(message)
    return EngineUnavailable(message)


def _card(name: str, folder: Path | None) -> Card | None:
    try:
        return read_card(name, folder)
    except WeightsUnavailable:
        return None
