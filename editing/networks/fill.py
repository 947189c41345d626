"""The networks that fill a hole in a face: what is likely there, and what it looks like up close.

Both work on maps of the canonical face (``faces.maps``), so that a mouth is always where a mouth is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from diffusers import DDIMScheduler

PRIOR_MAP = 64
FILL_MAP = 256
COMPONENTS = 320
ATTRIBUTES = ("age", "gender", "smile", "mouth_open", "beard", "spectacles")
RESIDUAL = 0.08  # about the spread of what the prior misses, colours in [0, 1]
INSISTENCE = 0.2  # share of a reading's doubt with which an attribute is asked for
FOLD = 2  # pixels a side that the network sees as channels
CHANNELS = (64, 96, 128)
SEEN = 13  # channels of ``seen_by_network``
MULTIPLE = FOLD * 2 ** (len(CHANNELS) - 1)  # a crop's sides are multiples of it


@dataclass(frozen=True, slots=True)
class Observed:
    """Readings of coefficients: ``rows`` (R, K) times them are ``values`` (R,), give or take
    ``doubts`` (R,)."""

    rows: Tensor
    values: Tensor
    doubts: Tensor


class FacePrior(nn.Module):
    """A Gaussian of faces that completes a face of which a part is missing.

    ``mean`` (3, 64, 64) and ``basis`` (K, 3, 64, 64), in steps of ``step`` (K,), are principal
    components of colours in [0, 1] (gappy PCA: Everson and Sirovich, JOSA A 1995); ``variance``
    (K,) and ``noise`` () what they vary by and what they leave out. ``reading`` (A, K), ``middle``
    (A,) and ``doubt`` (A,) read attributes from coefficients: asking for one is observing it.
    """

    mean: Tensor
    basis: Tensor
    step: Tensor
    variance: Tensor
    noise: Tensor
    reading: Tensor
    middle: Tensor
    doubt: Tensor

    def __init__(self, components: int = COMPONENTS, attributes: int = len(ATTRIBUTES)) -> None:
        super().__init__()
        side = PRIOR_MAP
        self.register_buffer("mean", torch.zeros(3, side, side))
        self.register_buffer("basis", torch.zeros(components, 3, side, side))
        self.register_buffer("step", torch.ones(components))
        self.register_buffer("variance", torch.ones(components))
        self.register_buffer("noise", torch.ones(()))
        self.register_buffer("reading", torch.zeros(attributes, components))
        self.register_buffer("middle", torch.zeros(attributes))
        self.register_buffer("doubt", torch.ones(attributes))

    def coefficients(
        self,
        colours: Tensor,
        known: Tensor,
        observed: Observed | None = None,
        drawn: Tensor | None = None,
    ) -> Tensor:
        """Return the most likely coefficients (K,), or others about as likely.

        Args:
            colours: (3, 64, 64), RGB in [0, 1].
            known: bool (64, 64), where they are to be believed.
            observed: what is known, or asked for, of the face besides.
            drawn: (K,), standard normal numbers: which of the likely faces it is to be; (K, N) for
                N of them, which are then returned as (K, N).
        """
        components = (self.basis * self.step[:, None, None, None])[:, :, known].flatten(1)
        precision = components @ components.T / self.noise + torch.diag(1 / self.variance)
        pull = components @ (colours - self.mean)[:, known].flatten() / self.noise
        if observed is not None and len(observed.rows):
            doubt = observed.doubts * INSISTENCE
            rows = observed.rows / doubt[:, None]
            precision = precision + rows.T @ rows
            pull = pull + rows.T @ (observed.values / doubt)
        root = torch.linalg.cholesky(precision)
        likely = torch.cholesky_solve(pull[:, None], root)[:, 0]
        if drawn is None:
            return likely
        if drawn.ndim == 1:
            return likely + torch.linalg.solve_triangular(root.T, drawn[:, None], upper=True)[:, 0]
        return likely[:, None] + torch.linalg.solve_triangular(root.T, drawn, upper=True)

    def asking(self, values: Mapping[str, float]) -> Observed:
        """Return what it means for a face to have these values of ATTRIBUTES.

        Raises:
            ValueError: one is none of them.
        """
        at = torch.tensor([ATTRIBUTES.index(name) for name in values], dtype=torch.long)
        wanted = torch.tensor(list(values.values()), device=self.middle.device)
        return Observed(self.reading[at], wanted - self.middle[at], self.doubt[at])

    def forward(self, coefficients: Tensor) -> Tensor:
        """Return the colours (3, 64, 64) of coefficients (K,)."""
        return self.mean + torch.einsum("k,kchw->chw", coefficients * self.step, self.basis)

    def attributes(self, coefficients: Tensor) -> Tensor:
        """Return (A,): what the attributes read as."""
        return self.middle + self.reading @ coefficients


def enlarged(colours: Tensor) -> Tensor:
    """Return the prior's colours (3, 64, 64) on the map of the fill, (3, 256, 256)."""
    size = (FILL_MAP, FILL_MAP)
    return F.interpolate(colours[None], size, mode="bicubic", align_corners=False)[0]


class FillNet(nn.Module):
    """Denoises what the prior misses in a hole (DDPM: Ho et al. 2020; v of Salimans and Ho 2022).

    Input: ``noisy`` (N, 3, H, W), the residual picture - prior over RESIDUAL with noise; ``seen``
    (N, 13, H, W) of ``seen_by_network``; ``time`` (N,), 0 to 999. H and W are multiples of
    MULTIPLE. Output: v, (N, 3, H, W).
    """

    def __init__(self) -> None:
        super().__init__()
        from diffusers import UNet2DModel  # It takes seconds to import, which few edits need.

        depth = len(CHANNELS)
        self.unet = UNet2DModel(
            in_channels=(3 + SEEN) * FOLD**2,
            out_channels=3 * FOLD**2,
            layers_per_block=1,
            block_out_channels=CHANNELS,
            down_block_types=("DownBlock2D",) * depth,
            up_block_types=("UpBlock2D",) * depth,
            norm_num_groups=8,
            attention_head_dim=32,
        )

    def forward(self, noisy: Tensor, seen: Tensor, time: Tensor) -> Tensor:
        folded = F.pixel_unshuffle(torch.cat([noisy, seen], 1), FOLD)
        return F.pixel_shuffle(self.unet(folded, time).sample, FOLD)


def seen_by_network(picture: Tensor, prior: Tensor, hole: Tensor) -> Tensor:
    """Return (13, 256, 256): the residual outside the hole and that of the other half of the face,
    where each is missing, the prior, and the place.

    Args:
        picture, prior: (3, 256, 256), RGB in [0, 1].
        hole: (1, 256, 256), 1 where the picture is missing.
    """
    line = torch.linspace(-1, 1, FILL_MAP, device=picture.device)
    y, x = torch.meshgrid(line, line, indexing="ij")
    residual = (picture - prior) / RESIDUAL * (1 - hole)
    other = torch.cat([residual, hole]).flip(2)
    return torch.cat([residual, hole, other, prior * 2 - 1, x[None], y[None]])


def noise_schedule() -> DDIMScheduler:
    """Return the scheduler of ``fill``: v, from nothing but noise on (Lin et al., WACV 2024)."""
    from diffusers import DDIMScheduler

    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
    )
