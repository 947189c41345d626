"""One picture through a pipeline: its own size, its steps, what it shows on the way."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from editing.errors import ResultRefused

FloatMap = NDArray[np.float32]
OnStep = Callable[[int, int, FloatMap | None], None]

SMALLEST, LARGEST = 64, 1024
PREVIEWS = 8  # decoding a preview costs, so no more of them than one looks at


@dataclass(frozen=True, slots=True)
class Wish:
    """What is painted. ``noise`` in (0, 1] is how far back towards noise the picture is taken,
    ``steps`` how many steps there would be from pure noise, unless the pipeline is used to fewer,
    ``guidance`` the share of the pipeline's own guidance."""

    prompt: str
    noise: float
    steps: int
    guidance: float
    seed: int


class Painter:
    """A loaded pipeline that paints pictures of its own size, one at a time."""

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline
        self._alone = threading.Lock()  # its scheduler counts the steps of one picture
        self.accepted = inspect.signature(pipeline.__call__).parameters
        self.size = _own_size(pipeline)
        vae = getattr(pipeline, "vae", None)
        self.vae = vae if hasattr(getattr(vae, "config", None), "latent_channels") else None

    @torch.no_grad()
    def reconstruct(self, picture: FloatMap) -> FloatMap:
        """Return what the pipeline's autoencoder makes of the picture, float32 (S, S, 3).

        What it loses is no part of any change; held against this, a result tells what is.
        """
        if self.vae is None:
            return picture
        pixels = torch.from_numpy(picture).permute(2, 0, 1)[None] * 2 - 1
        place = self.pipeline._execution_device
        latents = self.vae.encode(pixels.to(place, self.vae.dtype)).latent_dist.mode()
        return _to_picture(self.vae.decode(latents).sample)

    def paint(self, picture: FloatMap, mask: FloatMap, wish: Wish, on_step: OnStep) -> FloatMap:
        """Return the picture as the pipeline repaints it where the mask is 1.

        Args:
            picture: float32 (S, S, 3), RGB in [0, 1], S is ``size``.
            mask: float32 (S, S), 1 where it may be repainted; a pipeline that goes from image to
                image repaints all.
            wish: what is painted.
            on_step: told the step, of how many, and now and then the picture so far. What it
                raises ends the painting.

        Raises:
            ResultRefused: the pipeline's own safety checker refused what was painted.
        """

        def told(_: Any, step: int, __: Any, given: dict[str, Any]) -> dict[str, Any]:
            steps = self._steps(wish)
            shown = None
            if step % max(1, -(-steps // PREVIEWS)) == 0:
                shown = self._glance(given.get("latents"))
            on_step(step + 1, steps, shown)
            return given

        # The mask's soft edge is for pasting; what is repainted has a hard one.
        hard = Image.fromarray(((mask > 0) * 255).astype(np.uint8))
        offered: dict[str, Any] = {
            "prompt": wish.prompt,
            "image": Image.fromarray(np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)),
            "mask_image": hard,
            "height": self.size,
            "width": self.size,
            "strength": wish.noise,
            "num_inference_steps": self._most_steps(wish),
            "generator": torch.Generator("cpu").manual_seed(wish.seed),
            "output_type": "np",
            "callback_on_step_end": told,
        }
        guidance = self.accepted.get("guidance_scale")
        if guidance is not None and isinstance(guidance.default, int | float):
            offered["guidance_scale"] = guidance.default * wish.guidance
        given = {name: value for name, value in offered.items() if name in self.accepted}
        with self._alone:
            painted = self.pipeline(**given)
        if any(getattr(painted, "nsfw_content_detected", None) or ()):
            raise ResultRefused("the pipeline's own safety checker refused the result")
        return np.clip(np.asarray(painted.images[0], np.float32), 0, 1)

    def _most_steps(self, wish: Wish) -> int:
        usual = self.accepted.get("num_inference_steps")
        return min(wish.steps, usual.default) if usual is not None else wish.steps

    def _steps(self, wish: Wish) -> int:
        counted = getattr(self.pipeline, "num_timesteps", None)
        return counted if isinstance(counted, int) and counted > 0 else self._most_steps(wish)

    @torch.no_grad()
    def _glance(self, latents: Tensor | None) -> FloatMap | None:
        """Return the picture that the latents hold so far, at half size; None where it costs much.

        Decoding a quarter of the latents takes a quarter of the time, and averaging calms noise.
        """
        if self.vae is None or latents is None or latents.ndim != 4:
            return None
        if getattr(self.pipeline, "_all_hooks", None):
            return None  # The networks are offloaded: each look would bring them back and forth.
        config = self.vae.config
        if config.get("force_upcast") and latents.dtype == torch.float16:
            return None
        small = F.avg_pool2d(latents[:1].float(), 2).to(self.vae.dtype)
        unscaled = small / config.scaling_factor + (config.get("shift_factor") or 0)
        return _to_picture(self.vae.decode(unscaled).sample)


def _to_picture(sample: Tensor) -> FloatMap:
    values = sample[0].float().cpu().permute(1, 2, 0).numpy() / 2 + 0.5
    return np.clip(np.nan_to_num(values), 0, 1).astype(np.float32)


def _own_size(pipeline: Any) -> int:
    """Return the side in pixels at which the pipeline was trained, as far as it tells."""
    samples = getattr(pipeline, "default_sample_size", None)
    for part in ("unet", "transformer"):
        network = getattr(pipeline, part, None)
        if samples is None and network is not None:
            samples = network.config.get("sample_size")
    factor = getattr(pipeline, "vae_scale_factor", 8)
    side = samples * factor if isinstance(samples, int) else 512
    return int(np.clip(side // 16 * 16, SMALLEST, LARGEST))
