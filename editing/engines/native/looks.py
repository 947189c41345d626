"""What two pictures of a face look like to people and to a recogniser, in torch, to descend along."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from editing.faces.canonical import fit_similarity
from editing.faces.face import Box
from editing.networks.recogniser import CHIP

# Where dlib's chip has the outer and inner corner of the left eye, those of the right one, and the
# base of the nose, in sides of the face's square; and the landmarks that lie there.
CHIP_SHAPE = np.array(
    [[0.8596, 0.2135], [0.6461, 0.2290], [0.1206, 0.2137], [0.3341, 0.2291], [0.4901, 0.6278]],
    np.float32,
)  # fmt: skip
CHIP_PADDING = 0.25
CHIP_LANDMARKS = (263, 362, 33, 133, 2)
GREY = (0.299, 0.587, 0.114)

COARSE = 256  # side of the face's box where its coarse look is compared
COARSE_SIGMA = COARSE / 40
WINDOW = 7  # of the structural similarity
STABLE = (0.01**2, 0.03**2)  # its constants, for colours in [0, 1]


def chip(picture: Tensor, points: NDArray[np.float32]) -> Tensor:
    """Return the face (1, 3, 150, 150) as dlib's recogniser wants it.

    Args:
        picture: (1, 3, H, W), RGB in [0, 1], about as large as the chip shows it.
        points: (478, 2), pixels.
    """
    wanted = (CHIP_PADDING + CHIP_SHAPE) / (1 + 2 * CHIP_PADDING) * CHIP
    laid = fit_similarity(wanted, points[list(CHIP_LANDMARKS)])
    pixels = np.stack(np.meshgrid(np.arange(CHIP), np.arange(CHIP)), axis=2).astype(np.float32)
    places = torch.from_numpy(laid.apply(pixels))
    side = torch.tensor(picture.shape[:1:-1])
    grid = ((places + 0.5) * 2 / side - 1).to(picture.device)[None]
    return F.grid_sample(picture, grid, align_corners=False, padding_mode="border")


def coarse(picture: Tensor, box: Box) -> Tensor:
    """Return what people see of a face from afar: grey and blurred, (1, 1, 256, 256) in [0, 1].

    Args:
        picture: (1, 3, H, W), RGB in [0, 1].
        box: of the face, (x0, y0, x1, y1).
    """
    x0, y0, x1, y1 = box
    weights = torch.tensor(GREY, device=picture.device)[:, None, None]
    grey = (picture[:, :, y0:y1, x0:x1] * weights).sum(1, keepdim=True)
    grey = F.interpolate(grey, (COARSE, COARSE), mode="bilinear", antialias=True)
    return blurred(grey, COARSE_SIGMA)


def blurred(values: Tensor, sigma: float) -> Tensor:
    """Return (N, C, H, W) after a Gaussian of ``sigma`` pixels."""
    radius = int(3 * sigma)
    kernel = cv2.getGaussianKernel(2 * radius + 1, sigma, cv2.CV_32F)
    line = torch.from_numpy(kernel).to(values.device).view(1, 1, 1, -1)
    channels = values.shape[1]
    line = line.expand(channels, 1, 1, -1)
    values = F.pad(values, (radius,) * 4, mode="reflect")
    values = F.conv2d(values, line, groups=channels)
    return F.conv2d(values, line.transpose(2, 3), groups=channels)


def alike(a: Tensor, b: Tensor) -> Tensor:
    """Return the mean structural similarity of two (1, 1, H, W) in [0, 1].

    Wang et al., IEEE TIP 2004, with a flat window, as scikit-image has it by default.
    """

    def mean(values: Tensor) -> Tensor:
        return F.avg_pool2d(values, WINDOW, 1)

    sample = WINDOW**2 / (WINDOW**2 - 1)
    mean_a, mean_b = mean(a), mean(b)
    spread_a, spread_b, shared = (
        sample * (mean(u * v) - mean_u * mean_v)
        for u, v, mean_u, mean_v in (
            (a, a, mean_a, mean_a), (b, b, mean_b, mean_b), (a, b, mean_a, mean_b)
        )
    )  # fmt: skip
    light = (2 * mean_a * mean_b + STABLE[0]) / (mean_a**2 + mean_b**2 + STABLE[0])
    return (light * (2 * shared + STABLE[1]) / (spread_a + spread_b + STABLE[1])).mean()
