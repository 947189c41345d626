"""What every engine does: an operation on a frame."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from editing.faces.align import FaceFrame
from editing.faces.paste import FaceEdit
from editing.models import ModelStore
from editing.operations.base import Operation, Params
from editing.progress import Progress
from editing.report import WeightReport


class Engine(Protocol):
    """One way of doing one operation. The same frame, params and seed give the same edit.

    What it needs, its ``EngineDeclaration`` says; ``editing.availability`` looks whether it is there.
    """

    name: str

    def run(
        self,
        operation: Operation,
        frame: FaceFrame,
        params: Params,
        seed: int,
        models: ModelStore,
        progress: Progress,
    ) -> FaceEdit:
        """Return the edit. Previews that it reports are of the frame: uint8 (h, h, 3), RGB.

        Raises:
            Cancelled: the reporter asked to stop.
            WeightsUnavailable: weights are not there.
        """
        ...


@runtime_checkable
class UsesPretrained(Protocol):
    """An engine that goes through a pipeline of others besides the weights it declares."""

    def weights(self, models: ModelStore) -> list[WeightReport]:
        """Return what the report says of that pipeline.

        Raises:
            WeightsUnavailable: it is not on this machine.
        """
        ...
