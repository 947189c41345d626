"""Age by a text-guided pipeline, in the manner of FADING, without any network of ours.

After Chen and Lathuiliere, "Face Aging via Diffusion-based Editing", BMVC 2023: the prompt names the
age. The picture is not inverted but taken part of the way back to noise (Meng et al., "SDEdit", ICLR
2022), inside a mask of head and hair. Whom the result shows is measured afterwards, as of any edit.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.engines.diffusion.head import head_mask
from editing.engines.diffusion.load import load_pipeline, pipeline_weights
from editing.engines.diffusion.painter import Painter, Wish
from editing.errors import ParamsInvalid
from editing.faces.align import FaceFrame
from editing.faces.paste import FaceEdit
from editing.models import ModelStore
from editing.operations.age import AgeParams, age_label
from editing.operations.base import Operation, Params
from editing.pretrained import Pretrained
from editing.progress import Progress
from editing.report import WeightReport

FloatMap = NDArray[np.float32]

STEPS = 30
# How far back towards noise: at full strength features may change, at none hardly anything.
LEAST_NOISE, MOST_NOISE = 0.2, 0.6
LEAST_GUIDANCE = 0.6


def age_prompt(age: float) -> str:
    """Return the prompt. It says nothing of the person that the photo does not show better."""
    return f"a photo of a person, {age_label(round(age))} years old"


class DiffusionAge:
    """Repaints head and hair with the pipeline that ``MIEN_AGE_DIFFUSION`` names."""

    name = "diffusion"

    def __init__(self, source: Pretrained) -> None:
        self.source = source

    def weights(self, models: ModelStore) -> list[WeightReport]:
        return [pipeline_weights(self.source, models)]

    def run(
        self,
        operation: Operation,
        frame: FaceFrame,
        params: Params,
        seed: int,
        models: ModelStore,
        progress: Progress,
    ) -> FaceEdit:
        if not isinstance(params, AgeParams) or isinstance(params.target_age, tuple):
            raise ParamsInvalid("one age at a time is painted")
        progress(0.0, "loading the pipeline")
        key = f"pipeline:{self.source.name}"
        painter: Painter = models.keep(key, lambda: Painter(load_pipeline(self.source, models)))
        size = painter.size
        picture = _resized(frame.picture(), size)
        points = (frame.landmarks[:, :2] + 0.5) * (size / frame.size) - 0.5
        mask = head_mask(points.astype(np.float32), size, with_hair=not params.keep_hair)

        def on_step(step: int, steps: int, shown: FloatMap | None) -> None:
            preview = None if shown is None else _laid_in(picture, mask, shown)
            progress(0.1 + 0.85 * step / steps, f"step {step} of {steps}", preview)

        wish = Wish(
            prompt=age_prompt(params.target_age),
            noise=LEAST_NOISE + (MOST_NOISE - LEAST_NOISE) * params.strength,
            steps=STEPS,
            guidance=LEAST_GUIDANCE + (1 - LEAST_GUIDANCE) * params.strength,
            seed=seed,
        )
        progress(0.1, "painting")
        if "reconstruction" not in frame.memo:
            frame.memo["reconstruction"] = painter.reconstruct(picture)
        after = painter.paint(picture, mask, wish, on_step)
        # What the autoencoder cannot hold, such as pores, stays the photo's own.
        difference = after - frame.memo["reconstruction"]
        progress(1.0, "painted")
        if size > frame.size:
            difference, mask = _resized(difference, frame.size), _resized(mask, frame.size)
        return FaceEdit(mask, difference=difference)


def _resized(values: FloatMap, size: int) -> FloatMap:
    if values.shape[0] == size:
        return values
    method = cv2.INTER_AREA if values.shape[0] > size else cv2.INTER_CUBIC
    return np.clip(cv2.resize(values, (size, size), interpolation=method), -1, 1).astype(np.float32)


def _laid_in(picture: FloatMap, mask: FloatMap, shown: FloatMap) -> NDArray[np.uint8]:
    """Return uint8 (s, s, 3): what is painted so far in its mask, the picture around it."""
    side = shown.shape[0]
    around, inside = _resized(picture, side), _resized(mask, side)[..., None]
    blended = np.clip(around + inside * (shown - around), 0, 1)
    return np.round(blended * 255).astype(np.uint8)
