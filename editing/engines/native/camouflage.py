"""Camouflage by descent through a recogniser (``disguise``)."""

from __future__ import annotations

from editing.engines.native.disguise import disguised
from editing.faces.align import FaceFrame
from editing.faces.paste import FaceEdit
from editing.models import ModelStore
from editing.operations.base import Operation, Params
from editing.operations.camouflage import CamouflageParams
from editing.progress import Progress

# What the face is to read as, by ``networks.fill.ATTRIBUTES``.
ASKED: dict[str, dict[str, float]] = {
    "random": {},
    "younger": {"age": 22.0},
    "older": {"age": 68.0},
    "woman": {"gender": 0.0},
    "man": {"gender": 1.0},
    "bearded": {"beard": 1.0},
}


class NativeCamouflage:
    """The engine that needs no GPU."""

    name = "native"

    def run(
        self,
        operation: Operation,
        frame: FaceFrame,
        params: Params,
        seed: int,
        models: ModelStore,
        progress: Progress,
    ) -> FaceEdit:
        """Return the edit; the seed draws whom the person is to look like."""
        assert isinstance(params, CamouflageParams)
        edit = disguised(frame, models, seed, params.strength, ASKED[params.appearance], progress)
        progress(1.0, "edited")
        return edit
