"""The C2PA signature of a video; ``editing.signing`` says what it covers."""

from __future__ import annotations

from editing.provenance import describe_edit
from editing.report import VideoReport
from editing.signing import Signer, SigningFailed, sign

SIGNED = {".mp4": "video/mp4"}  # what C2PA has room in


def sign_clip(
    data: bytes, suffix: str, report: VideoReport, signer: Signer
) -> tuple[bytes, str | None]:
    """Return the file with its signature and None, or as it is and the reason."""
    if suffix not in SIGNED:
        return data, f"{suffix} has no place for a signature"
    try:
        return sign(data, SIGNED[suffix], describe_edit(report).action(), signer), None
    except SigningFailed as error:
        return data, str(error)
