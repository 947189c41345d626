"""De-identification: a face of nobody, an average of many, or none at all."""

from __future__ import annotations

import hashlib
import hmac

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from editing.engines.native.looks import chip
from editing.engines.native.obscure import obscured
from editing.engines.native.surrogate import identity_of, replaced
from editing.faces.align import FaceFrame, resized
from editing.faces.paste import FaceEdit, in_frame
from editing.models import ModelStore
from editing.networks.recogniser import Recogniser
from editing.operations.base import Operation, Params
from editing.operations.deidentify import DeidentifyParams
from editing.progress import Progress, part

AGES = {"young": 25.0, "middle": 45.0, "old": 68.0}
# How much further from the source a surrogate is drawn at each try, and dlib's distances from which
# on it is far enough: one person is below 0.6.
FURTHER = (1.0, 1.3, 1.6)
FAR, FAR_BY_KEY = 0.7, 0.62
TOLD = ((0.0, 0.6), (0.6, 0.8), (0.8, 1.0))  # from where to where each try is in the progress
SEEN = 320  # pixels a side at which the recogniser looks
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
            edit = _somebody(frame, models, seed, params, progress, k)
        progress(1.0, "edited")
        return edit


def _somebody(
    frame: FaceFrame,
    models: ModelStore,
    seed: int,
    params: DeidentifyParams,
    progress: Progress,
    k: int | None,
) -> FaceEdit:
    """Return the edit; a surrogate that a recogniser still finds alike is drawn again, further away.

    What was chosen is kept in the frame's ``memo``, so that a video shows one person.
    """
    asked, strength = _asked(params), params.strength
    if k is not None or strength < 1:
        return replaced(frame, models, seed, strength, asked, progress, k)
    if "further" in frame.memo:
        further = frame.memo["further"]
        return replaced(frame, models, seed, strength, asked, progress, k, further)
    # Photos of one person are to get one face by a key: only what fails is drawn again.
    wanted = FAR_BY_KEY if params.key.get_secret_value() else FAR
    own = _described(frame.picture(), frame, models)
    tried: list[tuple[float, float, FaceEdit]] = []
    for n, further in enumerate(FURTHER):
        shown = part(progress, *TOLD[n])
        edit = replaced(frame, models, seed, strength, asked, shown, k, further)
        now = _described(in_frame(frame.picture(), edit), frame, models)
        distance = float((now - own).norm())
        tried.append((distance, further, edit))
        if distance >= wanted:
            break
    _, frame.memo["further"], edit = max(tried, key=lambda one: one[0])
    return edit


def _described(picture: NDArray[np.float32], frame: FaceFrame, models: ModelStore) -> Tensor:
    """Return dlib's descriptor of the face, (128,), as its network in torch has it."""
    size = min(frame.size, SEEN)
    small = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    points = resized(frame.landmarks, size / frame.size)[:, :2]
    tensor = torch.from_numpy(small).permute(2, 0, 1)[None].to(models.device)
    network = models.network("recogniser", Recogniser)
    with torch.inference_mode():
        found: Tensor = network(chip(tensor, points))[0]
    return found


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
