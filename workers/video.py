"""What a worker does with an edit of a video: minutes, in which people are served in between."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from editing.request import EditRequest
from editing.signing import Signer
from editing.video import written_as
from editing.video.edit import edit_video
from editing.video.signature import sign_clip
from webapp import media
from webapp.edits import claims
from webapp.edits.claims import Claim, Outcome
from webapp.edits.models import Edit
from workers.reporter import LeaseLost, Reporter
from workers.store import process_models

log = logging.getLogger(__name__)

SERVE_EVERY_SECONDS = 0.5


def run_clip(
    claim: Claim,
    edit: Edit,
    request: EditRequest,
    reporter: Reporter,
    signer: Signer,
    between: Callable[[], None],
) -> None:
    """Edit the video and make the edit done. What is finished of it stays in the edit's folder until
    then: an attempt that was stopped or died is gone on with by the next. ``between`` is called
    every now and then.
    """
    served = monotonic()

    def tell(fraction: float, note: str = "", preview: NDArray[np.uint8] | None = None) -> None:
        nonlocal served
        reporter(fraction, note, preview)
        if monotonic() - served > SERVE_EVERY_SECONDS:
            between()
            served = monotonic()

    source = media.path_of(edit.photo.file)
    suffix = written_as(source.suffix)
    pieces = f"{edit.folder}/pieces"
    name = f"{edit.folder}/result-{claim.attempt}{suffix}"
    kept = False
    try:
        out = media.path_of(name)
        out.parent.mkdir(parents=True, exist_ok=True)
        report = edit_video(source, out, request, process_models(), media.path_of(pieces), tell)
        data, refused = sign_clip(out.read_bytes(), suffix, report, signer)
        if refused is not None:
            log.warning("the result %s is not signed: %s", name, refused)
        media.write(name, data)
        digest = hashlib.sha256(data).hexdigest()
        kept = claims.finish_done(claim, Outcome(name, digest, report.model_dump(mode="json")))
    finally:
        if not kept:
            media.delete(name)
    if kept:
        media.delete_folder(pieces)
    elif not claims.finish_cancelled(claim):
        raise LeaseLost
