"""The results of one request: each a photo that shares all that it did not change."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from editing.faces.face import Box
from editing.operations.base import Params
from editing.photo import Photo
from editing.report import FaceReport, VariantReport


@dataclass(frozen=True, slots=True)
class Patch:
    """A photo as its source and the one box in which it differs, so that twelve need little memory.

    ``box`` is (x0, y0, x1, y1), half-open; ``pixels`` is uint8 (y1 - y0, x1 - x0, 3).
    """

    source: Photo
    box: Box
    pixels: NDArray[np.uint8]

    def photo(self) -> Photo:
        """Return the whole photo; the source itself where nothing was changed."""
        x0, y0, x1, y1 = self.box
        if x1 <= x0 or y1 <= y0:
            return self.source
        pixels = self.source.pixels.copy()
        pixels[y0:y1, x0:x1] = self.pixels
        return replace(self.source, pixels=pixels)


def unchanged(photo: Photo) -> Patch:
    """Return the patch that changes nothing."""
    return Patch(photo, (0, 0, 0, 0), photo.pixels[:0, :0])


def patch_of(earlier: Patch, after: Photo, region: NDArray[np.bool_]) -> Patch:
    """Return ``after`` as a patch.

    Args:
        earlier: what was edited.
        after: what became of it.
        region: bool (H, W), true where ``after`` may differ from ``earlier``.
    """
    rows, columns = np.nonzero(region.any(axis=1))[0], np.nonzero(region.any(axis=0))[0]
    if len(rows) == 0:
        return earlier
    x0, y0, x1, y1 = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    if earlier.pixels.size:
        left, top, right, bottom = earlier.box
        x0, y0, x1, y1 = min(x0, left), min(y0, top), max(x1, right), max(y1, bottom)
    return Patch(earlier.source, (x0, y0, x1, y1), after.pixels[y0:y1, x0:x1].copy())


@dataclass(frozen=True, slots=True)
class Variant:
    """One of several results of a request, at the photo's own size."""

    label: str
    params: Params
    seed: int
    faces: tuple[FaceReport, ...]
    patch: Patch

    @property
    def photo(self) -> Photo:
        """The photo, put together anew each time."""
        return self.patch.photo()

    def report(self) -> VariantReport:
        """Return what is said of it in the report of the request."""
        return VariantReport(
            label=self.label,
            params=self.params.model_dump(mode="json"),
            seed=self.seed,
            faces=list(self.faces),
        )
