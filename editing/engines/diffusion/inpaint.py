"""Inpainting by a text-guided pipeline: a square around the mask is cut out, repainted, put back."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.engines.diffusion.load import load_pipeline, pipeline_weights
from editing.engines.diffusion.painter import Painter, Wish
from editing.faces import parts
from editing.faces.align import FaceFrame
from editing.faces.hair import hair_of
from editing.faces.paste import FaceEdit
from editing.models import ModelStore
from editing.operations.base import Operation, Params
from editing.operations.inpaint import InpaintParams
from editing.pretrained import Pretrained
from editing.progress import Progress
from editing.report import WeightReport

STEPS = 30
LEAST_NOISE = 0.35
AROUND = 2.2  # sides of the mask's box that the square has, so that there is something to go by

FloatMap = NDArray[np.float32]

# What the picture shows once the change is made; a change that is not here is said in its own words.
PROMPTS: dict[tuple[str, str], str] = {
    ("mask", "restore"): "a photo of a person's face",
    ("mouth", "smile"): "a photo of a person smiling, natural teeth",
    ("mouth", "neutral"): "a photo of a person with a closed mouth, neutral expression",
    ("mouth", "fuller"): "a photo of a person with fuller lips",
    ("mouth", "thinner"): "a photo of a person with thin lips",
    ("eyes", "open"): "a photo of a person with wide open eyes",
    ("moustache", "remove"): "a photo of a person, clean-shaven upper lip",
    ("moustache", "add"): "a photo of a person with a moustache",
    ("beard", "remove"): "a photo of a person, clean-shaven",
    ("beard", "add"): "a photo of a person with a beard",
    ("glasses", "remove"): "a photo of a person without glasses",
    ("skin", "spots"): "a photo of a person with clear, natural skin",
    ("skin", "shine"): "a photo of a person with matte, natural skin",
    ("hair", "grey"): "a photo of a person with grey hair",
}


def inpaint_prompt(params: InpaintParams) -> str:
    """Return the prompt of a change."""
    if params.attribute == "color":
        return f"a photo of a person with {params.region} of the colour {params.color}"
    usual = f"a photo of a person's {params.region}, {params.attribute}"
    if params.attribute == "restore":
        usual = f"a photo of a person's face, natural {params.region}"
    return PROMPTS.get((params.region, params.attribute), usual)


class DiffusionInpaint:
    """Repaints a region with the pipeline that ``MIEN_INPAINT_DIFFUSION`` names."""

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
        """Return the edit.

        Raises:
            MaskInvalid: the mask lies beside the face's frame.
        """
        assert isinstance(params, InpaintParams)
        progress(0.0, "loading the pipeline")
        key = f"pipeline:{self.source.name}"
        painter: Painter = models.keep(key, lambda: Painter(load_pipeline(self.source, models)))
        mask, picture = _mask(frame, params, models), frame.picture()
        where = _square(mask)
        cut, hole = (_resized(values[where], painter.size) for values in (picture, mask))

        def on_step(step: int, steps: int, shown: FloatMap | None) -> None:
            preview = None
            if shown is not None:
                seen = _put_back(picture, mask, where, shown)
                preview = np.round(np.clip(seen, 0, 1) * 255).astype(np.uint8)
            progress(0.1 + 0.85 * step / steps, f"step {step} of {steps}", preview)

        wish = Wish(
            prompt=inpaint_prompt(params),
            noise=LEAST_NOISE + (1 - LEAST_NOISE) * params.strength,
            steps=STEPS,
            guidance=1.0,
            seed=seed,
        )
        progress(0.1, "painting")
        painted = painter.paint(cut, hole, wish, on_step)
        soft = parts.feathered(mask, params.fade)
        after = _put_back(picture, np.ones_like(mask), where, painted)
        progress(1.0, "painted")
        return FaceEdit(soft, gain=np.zeros_like(after), difference=after)


def _mask(frame: FaceFrame, params: InpaintParams, models: ModelStore) -> FloatMap:
    if params.region == "skin":
        return parts.skin(frame.landmarks, frame.size)
    if params.region == "hair":
        return (hair_of(frame, models) > 0.3).astype(np.float32)
    if params.region == "mask":
        return frame.covered()
    return parts.hole_of(params.region, frame.landmarks, frame.size)


def _square(mask: FloatMap) -> tuple[slice, slice]:
    """Return rows and columns of the square around the mask, as large as the frame at most."""
    size = mask.shape[0]
    rows, columns = (np.flatnonzero(np.asarray(mask.any(axis=axis))) for axis in (1, 0))
    if not len(rows):
        return slice(0, size), slice(0, size)
    longest = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    side = min(size, round(AROUND * int(longest)))

    def span(found: NDArray[np.intp]) -> slice:
        middle = (int(found[0]) + int(found[-1]) + 1) // 2
        start = int(np.clip(middle - side // 2, 0, size - side))
        return slice(start, start + side)

    return span(rows), span(columns)


def _put_back(
    picture: FloatMap, mask: FloatMap, where: tuple[slice, slice], painted: FloatMap
) -> FloatMap:
    """Return the picture with the square painted, as far as the mask lets it through."""
    whole = picture.copy()
    side = where[0].stop - where[0].start
    share = mask[where][..., None]
    whole[where] += share * (_resized(painted, side) - whole[where])
    return whole


def _resized(values: FloatMap, size: int) -> FloatMap:
    if values.shape[0] == size:
        return values
    method = cv2.INTER_AREA if values.shape[0] > size else cv2.INTER_CUBIC
    return np.clip(cv2.resize(values, (size, size), interpolation=method), 0, 1).astype(np.float32)
