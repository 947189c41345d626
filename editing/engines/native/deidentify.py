"""De-identification: a face of nobody, an average of many, or none at all."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
from numpy.typing import NDArray

from editing.engines.native.obscure import obscured
from editing.engines.native.surrogate import identity_of, replaced
from editing.faces.align import FaceFrame
from editing.faces.paste import FaceEdit
from editing.models import ModelStore
from editing.operations.base import Operation, Params
from editing.operations.deidentify import DeidentifyParams
from editing.progress import Progress

AGES = {"young": 25.0, "middle": 45.0, "old": 68.0}
ANCHORS = 256  # faces that a key can give: the more, the rarer two people share one


class NativeDeidentify:
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
        """Return the edit. The seed draws the surrogate, unless a key does."""
        assert isinstance(params, DeidentifyParams)
        hiding = params.hiding()
        if hiding is not None:
            progress(0.3, "hiding the face")
            edit = obscured(frame, hiding, params.strength)
            assert edit.difference is not None
            progress(0.9, "hidden", (edit.difference * 255).astype(np.uint8))
        else:
            key = params.key.get_secret_value()
            if key and params.method == "surrogate":
                if "identity" not in frame.memo:
                    frame.memo["identity"] = identity_of(frame, models)
                seed = keyed_seed(key, frame.memo["identity"])
            k = params.k if params.method == "ksame" else None
            edit = replaced(frame, models, seed, params.strength, _asked(params), progress, k)
        progress(1.0, "edited")
        return edit


def keyed_seed(key: str, identity: NDArray[np.float32]) -> int:
    """Return the seed of the surrogate that a key gives to a person.

    The key draws anchors among identities, and the nearest one names the surrogate: photos of one
    person fall to the same anchor, mostly, and without the key nobody knows the anchors.

    Args:
        identity: (D,), standard deviations.
    """
    digest = hmac.new(key.encode(), b"anchors", hashlib.sha256).digest()
    random = np.random.default_rng(list(digest))
    anchors = random.standard_normal((ANCHORS, len(identity)))
    nearest = int((anchors @ identity / np.linalg.norm(anchors, axis=1)).argmax())
    named = hmac.new(key.encode(), f"surrogate {nearest}".encode(), hashlib.sha256).digest()
    return int.from_bytes(named[:4], "big")


def _asked(params: DeidentifyParams) -> dict[str, float]:
    asked = {}
    if params.gender != "same":
        asked["gender"] = 1.0 if params.gender == "man" else 0.0
    if params.age != "same":
        asked["age"] = AGES[params.age]
    return asked
