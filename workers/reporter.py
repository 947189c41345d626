"""What a running edit tells: progress, previews, signs of life. And where it can be stopped."""

from __future__ import annotations

import logging
import threading
from functools import partial
from io import BytesIO
from time import monotonic
from types import TracebackType

import numpy as np
from django.conf import settings
from django.db import DatabaseError, connection
from numpy.typing import NDArray
from PIL import Image

from editing.progress import Cancelled, Progress
from webapp import media
from webapp.edits import claims
from webapp.edits.claims import Claim
from webapp.edits.models import EditEvent

log = logging.getLogger(__name__)

PROGRESS_EVERY_SECONDS = 0.1
PREVIEW_EVERY_SECONDS = 0.25
PREVIEW_SIDE = 1024
QUIET_EVERY_SECONDS = 1.0
QUIET_LOOK_SECONDS = 0.25
ETA_FROM_FRACTION = 0.05


class LeaseLost(Cancelled):
    """The edit is no longer ours: somebody else works on it, or it was deleted."""


class Reporter:
    """Writes the progress of one claimed edit; a context manager that keeps its lease alive.

    Each call looks whether the edit is still ours and still wanted. Events are written at most
    every ``PROGRESS_EVERY_SECONDS``, previews every ``PREVIEW_EVERY_SECONDS``; the first of each
    at once. A ``quiet`` one, for edits that nobody watches, shows no previews, first tells after
    ``QUIET_EVERY_SECONDS``, and looks every ``QUIET_LOOK_SECONDS``.
    """

    def __init__(self, claim: Claim, folder: str, quiet: bool = False) -> None:
        self.claim = claim
        self.folder = folder
        self.quiet = quiet
        self.started = monotonic()
        self.icc: bytes | None = None  # of the photo, whose colours the previews have
        self.fraction = 0.0
        self.previews = 0
        self._every = QUIET_EVERY_SECONDS if quiet else PROGRESS_EVERY_SECONDS
        self._told_at = self.started if quiet else -PROGRESS_EVERY_SECONDS
        self._looked_at = self.started
        self._shown_at: dict[str, float] = {}  # of each label
        self._over = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Reporter:
        self._heart.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._heart.join()

    def of_variant(self, label: str) -> Progress:
        """Return a reporter whose previews are told apart by ``label``."""
        return partial(self, label=label)

    def __call__(
        self,
        fraction: float,
        note: str = "",
        preview: NDArray[np.uint8] | None = None,
        *,
        label: str = "",
    ) -> None:
        """Report ``fraction`` in [0, 1]; see ``editing.progress.Progress``.

        ``label`` names the one of several results that the preview is of.

        Raises:
            Cancelled: somebody asked to stop.
            LeaseLost: the edit is no longer ours.
        """
        now = monotonic()
        if not self.quiet or now - self._looked_at >= QUIET_LOOK_SECONDS:
            self._looked_at = now
            self._look()
        self.fraction = max(self.fraction, min(1.0, float(fraction)))
        shown_at = self._shown_at.get(label, -PREVIEW_EVERY_SECONDS)
        due = now - shown_at >= PREVIEW_EVERY_SECONDS and not self.quiet
        if preview is not None and due:
            self._shown_at[label] = now
            self._show(preview, label)
        if now - self._told_at >= self._every:
            self._told_at = now
            self._tell(note)

    def _look(self) -> None:
        cancelled = claims.is_cancelled(self.claim)
        if cancelled is None:
            raise LeaseLost
        if cancelled:
            raise Cancelled

    def _tell(self, note: str) -> None:
        data = {"fraction": round(self.fraction, 4), "note": note, "eta": self._eta()}
        if not claims.report(self.claim, EditEvent.Kind.PROGRESS, data):
            raise LeaseLost

    def _eta(self) -> float | None:
        """Return the seconds that are left if all goes on as it went; None while that is a guess."""
        if self.fraction < ETA_FROM_FRACTION:
            return None
        gone = monotonic() - self.started
        return round(gone * (1 - self.fraction) / self.fraction, 1)

    def _show(self, preview: NDArray[np.uint8], label: str) -> None:
        picture = Image.fromarray(preview)
        picture.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
        data = BytesIO()
        picture.save(data, "JPEG", quality=80, icc_profile=self.icc)
        self.previews += 1
        name = f"preview-{self.claim.attempt}-{self.previews}"
        media.write(f"{self.folder}/{name}.jpg", data.getvalue())
        address = f"/api/v1/edits/{self.claim.edit}/previews/{name}/"
        shown = {"url": address} | ({"label": label} if label else {})
        if not claims.report(self.claim, EditEvent.Kind.PREVIEW, shown):
            raise LeaseLost

    def _beat(self) -> None:
        """Extend the lease while the edit computes without reporting."""
        try:
            while not self._over.wait(settings.LEASE_SECONDS / 4):
                try:
                    claims.extend_lease(self.claim)
                except DatabaseError as error:
                    log.warning("no sign of life for edit %s: %s", self.claim.edit, error)
        finally:
            connection.close()
