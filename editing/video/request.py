"""What a video can be asked for."""

from __future__ import annotations

from editing.errors import ParamsInvalid, RequestInvalid
from editing.request import EditRequest

OPERATIONS = ("deidentify",)


def check_video_request(request: EditRequest) -> None:
    """Let pass what a video can be asked for.

    Raises:
        RequestInvalid: another operation, strength 0, or boxes of single photos.
    """
    if request.operation not in OPERATIONS:
        raise RequestInvalid(f"{request.operation} edits photos; a video can be de-identified")
    params = request.checked_params()
    if params.is_neutral():
        raise ParamsInvalid("strength 0 leaves a video as it is", {"strength": ["more than 0"]})
    if params.added_faces():
        raise ParamsInvalid("boxes are for photos: in a video faces move", {"also": ["none"]})
