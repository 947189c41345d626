"""Reporting progress is where a job can be stopped: a reporter may raise ``Cancelled``."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


class Cancelled(Exception):
    """The person no longer wants the result. Not an error: nothing went wrong."""


class Progress(Protocol):
    """Called with a rising fraction in [0, 1], a short note and sometimes a preview.

    ``preview`` is uint8 (H, W, 3), sRGB: the photo as it would look now, possibly smaller.

    Raises:
        Cancelled: the work shall stop here; the caller lets it pass.
    """

    def __call__(
        self, fraction: float, note: str = "", preview: NDArray[np.uint8] | None = None
    ) -> None: ...


def silent(fraction: float, note: str = "", preview: NDArray[np.uint8] | None = None) -> None:
    """Report to nobody."""


def part(progress: Progress, start: float, end: float) -> Progress:
    """Return a reporter whose 0 to 1 is ``start`` to ``end`` of ``progress``."""

    def report(fraction: float, note: str = "", preview: NDArray[np.uint8] | None = None) -> None:
        progress(start + (end - start) * fraction, note, preview)

    return report


@runtime_checkable
class TellsVariants(Protocol):
    """A reporter that tells the results of one request apart."""

    def of_variant(self, label: str) -> Progress:
        """Return a reporter of the same work, whose previews are of the variant ``label``."""
        ...


def of_variant(progress: Progress, label: str) -> Progress:
    """Return the reporter of one variant; a reporter that does not tell them apart is its own."""
    return progress.of_variant(label) if isinstance(progress, TellsVariants) else progress
