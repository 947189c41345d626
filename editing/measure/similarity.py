"""How alike the face looks before and after, by structural similarity.

Wang et al., "Image quality assessment: from error visibility to structural similarity", IEEE TIP
2004: Gaussian windows of 1.5 px, on grey, of a picture reduced to about what an eye resolves.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from editing.faces.face import Box

LARGEST = 256  # the longer side at which the face box is compared
COARSE = 256  # side of the face box where only its coarse look is compared
COARSE_SIGMA = COARSE / 40


def face_ssim(before: NDArray[np.uint8], after: NDArray[np.uint8], box: Box) -> float | None:
    """Return the mean SSIM in the box: 1 the same, about 0 unrelated. None for a tiny box.

    Args:
        before: uint8 (H, W, 3), RGB.
        after: uint8 (H, W, 3), RGB.
        box: (x0, y0, x1, y1), half-open, pixels.
    """
    x0, y0, x1, y1 = box
    if min(x1 - x0, y1 - y0) < 11:
        return None
    grey = [_reduced(picture[y0:y1, x0:x1]) for picture in (before, after)]
    if min(grey[0].shape) < 11:
        return None
    return float(
        structural_similarity(
            *grey, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
    )


def appearance_ssim(before: NDArray[np.uint8], after: NDArray[np.uint8], box: Box) -> float | None:
    """Return how alike the face looks from afar: SSIM of the grey, blurred box. None where it is tiny.

    Two people have 0.70 in the median, one person who smiles 0.95. Arguments as in ``face_ssim``.
    """
    x0, y0, x1, y1 = box
    if min(x1 - x0, y1 - y0) < 11:
        return None
    seen = []
    for picture in (before, after):
        grey = cv2.cvtColor(np.ascontiguousarray(picture[y0:y1, x0:x1]), cv2.COLOR_RGB2GRAY)
        square = cv2.resize(grey, (COARSE, COARSE), interpolation=cv2.INTER_AREA)
        seen.append(cv2.GaussianBlur(square.astype(np.float32), (0, 0), COARSE_SIGMA))
    return float(structural_similarity(*seen, data_range=255))


def _reduced(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grey: NDArray[np.uint8] = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    scale = LARGEST / max(grey.shape)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return grey
