"""Synthetic people: how shapes of faces differ, and what their faces look like in an even light.

Features are logarithms of colours on the close map without their light (``faces.close.parted``):
principal components of them, and a gallery of people by their coefficients. A mixture of a few is a
face of nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.canonical import CanonicalFace, canonical_face
from editing.faces.close import HEIGHT, WIDTH, oval_on_close
from editing.faces.topology import POINTS
from editing.models import ModelStore

WIDEST = 2.5  # standard deviations that a drawn or read shape may have
FOLD = 4  # pixels a side of the close map that share one hue
BANDS = (1.0, 2.0, 4.0)  # sigmas of the Gaussians that part detail, pixels of the close map
EDGE = 0.02  # of the oval's soft border from which on a pixel belongs to it
# What is known of each person of the gallery: as ``networks.fill.ATTRIBUTES``, and the colour of the
# skin in its own photo, logarithms: how bright, and how much redder than blue.
TRAITS = ("age", "gender", "smile", "mouth_open", "beard", "bright", "warm")

FloatMap = NDArray[np.float32]
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class People:
    """What is known of synthetic people.

    ``effect`` (3, 1434): the mean shape, and what smile and open mouth do to it. ``basis`` (S, 1434)
    and ``spread`` (S,): what is left between people.

    ``mean`` (D,) and ``texture`` (K, D): features, as ``features`` unpacks them. Of each of N people
    ``codes`` (N, K), ``shapes`` (N, S) in standard deviations, ``descriptors`` (N, 128) of dlib's
    network, and ``traits`` (N, T) in the order of TRAITS. ``gains`` (BANDS, HEIGHT, WIDTH): by how much
    fainter the detail of mixtures is, in each of ``bands``. ``oval`` is ``inside``.
    """

    effect: NDArray[np.float32]
    basis: NDArray[np.float32]
    spread: NDArray[np.float32]
    mean: NDArray[np.float32]
    texture: NDArray[np.float32]
    codes: NDArray[np.float32]
    shapes: NDArray[np.float32]
    descriptors: NDArray[np.float32]
    traits: NDArray[np.float32]
    gains: NDArray[np.float32]
    oval: NDArray[np.bool_]

    def apart(self) -> float:
        """Return how far the features of people are, in the median, from those most like them."""
        powers = (self.codes**2).sum(axis=1)
        count = len(self.codes) // 2
        squares = powers[:count, None] + powers[None] - 2 * self.codes[:count] @ self.codes.T
        # Neither oneself nor one's own mirror image counts.
        same = np.arange(count)
        squares[same, same] = squares[same, same + count] = np.inf
        return float(np.median(np.sqrt(squares.min(axis=1))))

    def own(
        self, shape: Points, smile: float, mouth_open: float, mirror: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return (S,), standard deviations: what is a person's own in a canonical shape (478, 3)."""
        straight = (shape + shape[mirror] * np.array([-1, 1, 1], np.float32)) / 2
        usual = np.array([1, smile, mouth_open], np.float32) @ self.effect
        return np.clip((straight.ravel() - usual) @ self.basis.T / self.spread, -WIDEST, WIDEST)

    def shape(self, code: NDArray[np.float32]) -> Points:
        """Return (478, 3): the part of a canonical shape that is a person's own."""
        return ((code * self.spread) @ self.basis).reshape(POINTS, 3).astype(np.float32)

    def features(self, code: NDArray[np.float32]) -> FloatMap:
        """Return the features (HEIGHT, WIDTH, 3) of a mixture's coefficients (K,), whose detail is as
        strong as that of one face; 0 outside the oval."""
        features = unpacked(self.mean + code @ self.texture, self.oval)
        faint = bands(features.mean(axis=2))
        lost = sum((gain - 1) * band for gain, band in zip(self.gains, faint, strict=True))
        return features + np.asarray(lost, np.float32)[..., None]

    def code(self, features: FloatMap) -> NDArray[np.float32]:
        """Return the coefficients (K,) of features (HEIGHT, WIDTH, 3), such as people have."""
        code = (packed(features, self.oval) - self.mean) @ self.texture.T
        most = WIDEST * self.codes.std(axis=0)
        return np.clip(code, -most, most).astype(np.float32)


def people(models: ModelStore) -> People:
    """Return the weights ``surrogate``.

    Raises:
        WeightsUnavailable: they are not there.
    """

    def read() -> People:
        stored = {
            name: value.float().numpy() for name, value in models.tensors("surrogate").items()
        }
        stored["texture"] = stored["texture"] * stored.pop("step")[:, None]
        stored["gains"] = np.stack([_grown(gain) for gain in stored["gains"]])
        return People(**stored, oval=inside(canonical_face(models)))

    found: People = models.keep("people", read)
    return found


def bands(grey: FloatMap) -> list[FloatMap]:
    """Return what (HEIGHT, WIDTH) shows at each of BANDS and not at the next."""
    levels = [grey, *(cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in BANDS)]
    return [(fine - coarse).astype(np.float32) for fine, coarse in pairwise(levels)]


def inside(canonical: CanonicalFace) -> NDArray[np.bool_]:
    """Return bool (HEIGHT, WIDTH): the pixels of the close map that have features."""
    return oval_on_close(canonical) > EDGE


def packed(features: FloatMap, oval: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return features (HEIGHT, WIDTH, 3) as a row (D,): each pixel's grey, and hues of every FOLD."""
    grey = features.mean(axis=2)
    hue = np.stack([features[..., 0] - features[..., 1], features[..., 2] - features[..., 1]], 2)
    coarse = (WIDTH // FOLD, HEIGHT // FOLD)
    hue = cv2.resize(hue, coarse, interpolation=cv2.INTER_AREA)
    return np.concatenate([grey[oval], 2 * hue[_coarse(oval)].ravel()]).astype(np.float32)


def unpacked(row: NDArray[np.float32], oval: NDArray[np.bool_]) -> FloatMap:
    """Return what ``packed`` was given, (HEIGHT, WIDTH, 3), 0 outside the oval."""
    count = int(oval.sum())
    grey = np.zeros((HEIGHT, WIDTH), np.float32)
    grey[oval] = row[:count]
    places = _coarse(oval)
    hue = np.zeros((*places.shape, 2), np.float32)
    hue[places] = row[count:].reshape(-1, 2) / 2
    hue = cv2.resize(hue, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    green = grey - hue.sum(axis=2) / 3
    return np.stack([green + hue[..., 0], green, green + hue[..., 1]], 2).astype(np.float32)


def _grown(values: FloatMap) -> FloatMap:
    return cv2.resize(values, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR).astype(np.float32)


def _coarse(oval: NDArray[np.bool_]) -> NDArray[np.bool_]:
    coarse = (WIDTH // FOLD, HEIGHT // FOLD)
    found: NDArray[np.bool_] = (
        cv2.resize(oval.astype(np.float32), coarse, interpolation=cv2.INTER_AREA) > EDGE
    )
    return found
