"""De-identification: a face of nobody, an average of many, or none at all."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
import torch
from numpy.typing import NDArray

from editing.engines.native.looks import chip
from editing.engines.native.obscure import obscured
from editing.engines.native.people import people
from editing.engines.native.surrogate import (
    Nobody,
    average,
    glimpse,
    look_at,
    nobodies,
    read_source,
    replaced,
)
from editing.faces.align import FaceFrame, reduced
from editing.faces.paste import FaceEdit
from editing.models import ModelStore
from editing.networks.recogniser import Recogniser
from editing.operations.base import Operation, Params
from editing.operations.deidentify import DeidentifyParams
from editing.progress import Progress, part

AGES = {"young": 0.25, "middle": 0.45, "old": 0.68}  # centuries
# How much of the source's own shape is turned into its opposite, in each of the faces that are looked at,
# and dlib's distance from which on the best so far is far enough: one person is below 0.6.
TRIES = ((0.0, 0.72),) * 3 + ((0.4, 0.72),) * 5 + ((0.8, 0.72),) * 8 + ((1.1, 0.66),) * 8
# Photos of one person are to get one face by a key, so that there only what fails is drawn again.
FAR_BY_KEY = 0.64
SEEN = 256  # pixels a side at which the recogniser looks
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
            edit = _somebody(frame, models, seed, params, progress)
        progress(1.0, "edited")
        return edit


def _somebody(
    frame: FaceFrame,
    models: ModelStore,
    seed: int,
    params: DeidentifyParams,
    progress: Progress,
) -> FaceEdit:
    """Return the edit; where a recogniser still finds the two alike, the next of the drawn is taken.

    Who was chosen is kept in the frame's ``memo``, so that a video shows one person.
    """
    strength, memo = params.strength, frame.memo
    progress(0.02, "reading the face")
    if "source" not in memo:
        memo["source"] = read_source(frame, models)
    source = memo["source"]
    seen = look_at(frame, source, models)
    if params.method == "ksame":
        if "nobody" not in memo:
            memo["nobody"] = average(source.code, params.k, people(models))
        return replaced(frame, models, source, seen, memo["nobody"], strength, progress, even=True)
    if "nobody" in memo:
        return replaced(frame, models, source, seen, memo["nobody"], strength, progress)
    key = params.key.get_secret_value()
    if key:
        seed = keyed_seed(key, source.shape)
    small = reduced(frame, SEEN, models)
    own = _described(small.picture(), small, models)
    drawn = nobodies(
        source, _asked(params), np.random.default_rng(seed), people(models), None if key else own
    )
    best: tuple[float, Nobody | None] = (-1.0, None)
    for n, ((opposed, far), drawn_one) in enumerate(zip(TRIES, drawn, strict=False)):
        progress(0.05 + 0.3 * n / len(TRIES), "looking for somebody who is not alike")
        nobody = drawn_one.further(source, opposed)
        shown = glimpse(small, models, source, seen, nobody)
        distance = float(np.linalg.norm(_described(shown, small, models) - own))
        best = max(best, (distance, nobody), key=lambda one: one[0])
        if best[0] >= (FAR_BY_KEY if key else far):
            break
    memo["nobody"] = best[1]
    return replaced(frame, models, source, seen, memo["nobody"], strength, part(progress, 0.4, 1.0))


def _described(
    picture: NDArray[np.float32], frame: FaceFrame, models: ModelStore
) -> NDArray[np.float32]:
    """Return dlib's descriptor of the face, (128,), as its network in torch has it."""
    tensor = torch.from_numpy(picture).permute(2, 0, 1)[None].to(models.device)
    network = models.network("recogniser", Recogniser)
    with torch.inference_mode():
        found = network(chip(tensor, frame.landmarks[:, :2]))[0]
    return np.asarray(found.cpu())


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
