"""How close an edited neutral photo comes to the person's own smile.

The yardstick is a folder of pairs, ``ID_neutral.jpg`` and ``ID_smiling.jpg``, of the same person in
the same light. The real smile is laid over the neutral photo by points that no smile moves, and
the error inside the face is compared: once for the edited photo, once for the neutral photo as it
was. The difference in dB is what the edit gained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.canonical import fit_similarity
from editing.faces.topology import FACE_OVAL, LEFT_IRIS, RIGHT_IRIS

# Corners of the eyes and the bridge of the nose.
STABLE = (33, 133, 362, 263, 168, 6, 197, 195)

# The comparison is made where the irises lie this far apart, so that the number does not depend on
# the photo's resolution: 128 px is half of that of a 1024-px portrait in the FFHQ frame.
IRIS_DISTANCE = 128.0

Pixels = NDArray[np.uint8]
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SmilePair:
    """One person's two photos."""

    person: str
    neutral: Path
    smiling: Path


@dataclass(frozen=True, slots=True)
class SmileComparison:
    """Peak signal-to-noise ratios to the real smile, inside the face, in dB; higher is closer."""

    neutral_psnr: float
    edited_psnr: float

    @property
    def gain(self) -> float:
        return self.edited_psnr - self.neutral_psnr


def find_pairs(folder: Path) -> list[SmilePair]:
    """Return the pairs in ``folder``, by person; empty when it holds none."""
    pairs = []
    for neutral in sorted(folder.glob("*_neutral.*")):
        person = neutral.name.rsplit("_neutral.", 1)[0]
        smiling = neutral.with_name(f"{person}_smiling{neutral.suffix}")
        if smiling.is_file():
            pairs.append(SmilePair(person, neutral, smiling))
    return pairs


def compare_with_smile(
    neutral: Pixels,
    edited: Pixels,
    smiling: Pixels,
    neutral_landmarks: Points,
    smiling_landmarks: Points,
) -> SmileComparison:
    """Return how close ``edited`` and ``neutral`` are to the real smile.

    Args:
        neutral: uint8 (H, W, 3), RGB: the photo that was edited.
        edited: uint8 (H, W, 3), RGB: what became of it.
        smiling: uint8 (any size, 3), RGB: the same person's real smile.
        neutral_landmarks: (478, 2 or 3), pixels of ``neutral``.
        smiling_landmarks: (478, 2 or 3), pixels of ``smiling``.

    Raises:
        ValueError: ``edited`` has not the size of ``neutral``.
    """
    if edited.shape != neutral.shape:
        raise ValueError(f"the edited photo is {edited.shape}, the neutral one {neutral.shape}")
    frame_from_neutral, size = _frame(neutral_landmarks, smiling_landmarks)
    frame_from_smiling = frame_from_neutral @ similarity_2d(smiling_landmarks, neutral_landmarks)
    target = _resample(smiling, frame_from_smiling, size)
    neutral_oval = _oval(neutral_landmarks, frame_from_neutral, size)
    inside = neutral_oval | _oval(smiling_landmarks, frame_from_smiling, size)
    # The real smile may reach beyond its own photo; nothing is known there.
    seen = np.full(smiling.shape[:2], 255, np.uint8)
    inside &= _resample(seen, frame_from_smiling, size) == 255
    return SmileComparison(
        neutral_psnr=psnr(_resample(neutral, frame_from_neutral, size), target, inside),
        edited_psnr=psnr(_resample(edited, frame_from_neutral, size), target, inside),
    )


def similarity_2d(source: Points, destination: Points) -> NDArray[np.float64]:
    """Return the 3 x 3 ``destination_from_source`` that fits the stable points best."""
    stable = list(STABLE)
    fit = fit_similarity(source[stable, :2], destination[stable, :2])
    matrix = np.eye(3)
    matrix[:2, :2] = fit.scale * fit.rotation
    matrix[:2, 2] = fit.shift
    return matrix


def psnr(picture: Pixels, target: Pixels, inside: NDArray[np.bool_]) -> float:
    """Return the peak signal-to-noise ratio over the pixels of ``inside``, in dB, peak 255."""
    difference = picture[inside].astype(np.float32) - target[inside].astype(np.float32)
    error = float(np.mean(np.square(difference, dtype=np.float64)))
    return float("inf") if error == 0 else float(10 * np.log10(255.0**2 / error))


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval from resampling people, its median and its lowest value."""

    mean: float
    low: float
    high: float
    median: float
    worst: float


def summarize(values: Sequence[float], seed: int = 0) -> Interval:
    """Return the summary of one number per person, where higher is better.

    Raises:
        ValueError: there are none.
    """
    if not values:
        raise ValueError("nothing to summarize")
    drawn = np.asarray(values, np.float64)
    chosen = np.random.default_rng(seed).integers(0, len(drawn), (2000, len(drawn)))
    low, high = np.percentile(drawn[chosen].mean(axis=1), [2.5, 97.5])
    return Interval(
        mean=float(drawn.mean()),
        low=float(low),
        high=float(high),
        median=float(np.median(drawn)),
        worst=float(drawn.min()),
    )


def _frame(
    neutral_landmarks: Points, smiling_landmarks: Points
) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Return frame_from_neutral (a scale and a shift, no turn) and the frame's (width, height).

    The frame holds both face ovals.
    """
    scale = IRIS_DISTANCE / _iris_distance(neutral_landmarks)
    oval = list(FACE_OVAL)
    laid_over = _apply(similarity_2d(smiling_landmarks, neutral_landmarks), smiling_landmarks)
    both = np.concatenate([neutral_landmarks[oval, :2], laid_over[oval]])
    low = np.floor(both.min(axis=0) - 2)
    width, height = np.ceil((both.max(axis=0) - low + 2) * scale).astype(int)
    # Pixel centres are whole numbers, so the corner of the frame's first pixel is at -0.5.
    matrix = np.diag([scale, scale, 1.0])
    matrix[:2, 2] = -(low - 0.5) * scale - 0.5
    return matrix, (int(width), int(height))


def _iris_distance(landmarks: Points) -> float:
    right, left = (landmarks[list(iris), :2].mean(axis=0) for iris in (RIGHT_IRIS, LEFT_IRIS))
    return float(np.linalg.norm(right - left))


def _apply(matrix: NDArray[np.float64], points: Points) -> NDArray[np.float64]:
    return points[:, :2] @ matrix[:2, :2].T + matrix[:2, 2]


def _oval(
    landmarks: Points, frame_from_picture: NDArray[np.float64], size: tuple[int, int]
) -> NDArray[np.bool_]:
    """Return (H, W), true inside the face oval."""
    outline = _apply(frame_from_picture, landmarks)[list(FACE_OVAL)]
    mask = np.zeros(size[::-1], np.uint8)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 1, shift=4)
    return mask.astype(bool)


def _resample(
    picture: Pixels, frame_from_picture: NDArray[np.float64], size: tuple[int, int]
) -> Pixels:
    """Return the picture in the frame, low-passed first where the frame is coarser."""
    scale = float(np.sqrt(np.linalg.det(frame_from_picture[:2, :2])))
    if scale < 1:
        # A Gaussian of this width leaves next to nothing above the frame's own limit.
        sigma = 0.5 * np.sqrt(1 / scale**2 - 1)
        picture = cv2.GaussianBlur(picture, (0, 0), sigma) if sigma > 0.2 else picture
    warped: Pixels = cv2.warpAffine(
        picture,
        frame_from_picture[:2],
        size,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return warped
