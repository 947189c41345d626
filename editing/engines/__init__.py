"""How an operation is done: which engines there are, and which one takes a request."""

from __future__ import annotations

from editing.availability import refusal
from editing.engines.base import Engine
from editing.engines.native.expression import NativeExpression
from editing.errors import EngineUnavailable
from editing.models import ModelStore
from editing.operations.base import Operation

ENGINES: dict[tuple[str, str], Engine] = {("expression", "native"): NativeExpression()}


def choose_engine(operation: Operation, name: str, models: ModelStore) -> Engine:
    """Return the engine ``name`` for the operation; "auto" takes the first that can run here.

    Raises:
        EngineUnavailable: there is none; names every refusal.
    """
    declared = {engine.name: engine for engine in operation.engines}
    wanted = list(declared) if name == "auto" else [name]
    refusals = []
    for candidate in wanted:
        if candidate not in declared:
            refusals.append(f"{candidate}: does not do {operation.name}")
            continue
        engine = ENGINES.get((operation.name, candidate))
        if engine is None:
            refusals.append(f"{candidate}: this version of Mien has no such engine yet")
            continue
        reason = refusal(declared[candidate], models.folder) or engine.unavailable(models)
        if reason is None:
            return engine
        refusals.append(f"{candidate}: {reason}")
    raise EngineUnavailable(f"no engine for {operation.name}: {'; '.join(refusals)}")
