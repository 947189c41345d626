"""How an operation is done: which engines there are, and which one takes a request."""

from __future__ import annotations

from editing.availability import Refusal, refusal, refused, wanted_engines
from editing.engines.base import Engine
from editing.engines.diffusion.age import DiffusionAge
from editing.engines.diffusion.inpaint import DiffusionInpaint
from editing.engines.native.age import NativeAge
from editing.engines.native.camouflage import NativeCamouflage
from editing.engines.native.deidentify import NativeDeidentify
from editing.engines.native.expression import NativeExpression
from editing.engines.native.inpaint import NativeInpaint
from editing.engines.native.normalize import NativeNormalize
from editing.models import ModelStore
from editing.operations import age, inpaint
from editing.operations.base import Operation
from editing.pretrained import Pretrained

NO_ENGINE_YET = "this version of Mien has no such engine yet"
ENGINES: dict[tuple[str, str], Engine] = {
    ("expression", "native"): NativeExpression(),
    ("age", "native"): NativeAge(),
    ("age", "diffusion"): DiffusionAge(Pretrained(age.PIPELINE_SETTING)),
    ("inpaint", "native"): NativeInpaint(),
    ("inpaint", "diffusion"): DiffusionInpaint(Pretrained(inpaint.PIPELINE_SETTING)),
    ("camouflage", "native"): NativeCamouflage(),
    ("deidentify", "native"): NativeDeidentify(),
    ("normalize", "native"): NativeNormalize(),
}


def choose_engine(operation: Operation, name: str, models: ModelStore) -> Engine:
    """Return the engine ``name`` for the operation; "auto" takes the first that can run here.

    Raises:
        EngineUnavailable: there is none; names every refusal.
        LicenceRefused: as ``EngineUnavailable``, where the licence setting is a reason.
    """
    refusals = []
    for declared in wanted_engines(operation, name):
        told = refusal(declared, models.folder)
        if told is not None:
            refusals.append(told)
            continue
        engine = ENGINES.get((operation.name, declared.name))
        if engine is not None:
            return engine
        refusals.append(Refusal(declared.name, NO_ENGINE_YET))
    raise refused(operation, refusals)
