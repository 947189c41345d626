"""Everything that can go wrong in an edit, as a tree; each leaf has a code that all surfaces show.

    EditingError
    ├── RequestInvalid          the caller asked for something that cannot be           exit 2
    │   ├── OperationUnknown        operation_unknown
    │   ├── ParamsInvalid           params_invalid
    │   ├── FaceUnknown             face_unknown
    │   ├── MaskInvalid             mask_invalid
    │   └── OutputUnwritable        output_unwritable
    ├── PhotoRefused            the photo cannot be worked on                           exit 3
    │   ├── PhotoTooLarge           photo_too_large
    │   ├── PhotoTooSmall           photo_too_small
    │   ├── PhotoUnreadable         photo_unreadable
    │   ├── PhotoUnsupported        photo_unsupported
    │   ├── PoseRefused             pose_refused
    │   ├── VideoTooLarge           video_too_large
    │   └── VideoUnreadable         video_unreadable
    ├── ResultRefused               result_refused                                      exit 3
    ├── NoFace                      no_face                                             exit 4
    └── Unavailable             what is needed is not on this machine                   exit 5
        ├── EngineUnavailable       engine_unavailable
        ├── WeightsUnavailable      weights_unavailable
        └── LicenceRefused          licence_refused

``Cancelled`` (editing.progress) is not an error and is not in the tree.
"""

from __future__ import annotations

from typing import ClassVar


class EditingError(Exception):
    """An edit that cannot be done. ``str(error)`` is one sentence for a person."""

    code: ClassVar[str] = "editing_error"
    exit_status: ClassVar[int] = 70


class RequestInvalid(EditingError):
    code = "request_invalid"
    exit_status = 2


class OperationUnknown(RequestInvalid):
    code = "operation_unknown"


class ParamsInvalid(RequestInvalid):
    """Params that the operation's schema refuses.

    ``fields`` maps the name of each refused param to its reasons; the empty name stands for
    the params as a whole.
    """

    code = "params_invalid"

    def __init__(self, message: str, fields: dict[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}


class FaceUnknown(RequestInvalid):
    code = "face_unknown"


class MaskInvalid(RequestInvalid):
    code = "mask_invalid"


class OutputUnwritable(RequestInvalid):
    code = "output_unwritable"


class PhotoRefused(EditingError):
    code = "photo_refused"
    exit_status = 3


class PhotoTooLarge(PhotoRefused):
    code = "photo_too_large"


class PhotoTooSmall(PhotoRefused):
    code = "photo_too_small"


class PhotoUnreadable(PhotoRefused):
    code = "photo_unreadable"


class PhotoUnsupported(PhotoRefused):
    code = "photo_unsupported"


class PoseRefused(PhotoRefused):
    """The head is turned too far to the side for what was asked."""

    code = "pose_refused"


class PartMissing(PhotoRefused):
    """What is to be changed is not on this face."""

    code = "part_missing"


class VideoTooLarge(PhotoRefused):
    code = "video_too_large"


class VideoUnreadable(PhotoRefused):
    code = "video_unreadable"


class ResultRefused(EditingError):
    """A pipeline's own safety checker refused what the pipeline made."""

    code = "result_refused"
    exit_status = 3


class NoFace(EditingError):
    code = "no_face"
    exit_status = 4


class Unavailable(EditingError):
    code = "unavailable"
    exit_status = 5


class EngineUnavailable(Unavailable):
    code = "engine_unavailable"


class WeightsUnavailable(Unavailable):
    code = "weights_unavailable"


class LicenceRefused(Unavailable):
    """``MIEN_COMMERCIAL_ONLY`` is set, and the licence of weights does not allow commercial use."""

    code = "licence_refused"


def error_of_code(code: str) -> type[EditingError] | None:
    """Return the class of the error with this code, or None."""
    waiting: list[type[EditingError]] = [EditingError]
    while waiting:
        kind = waiting.pop()
        if kind.code == code:
            return kind
        waiting += kind.__subclasses__()
    return None


def exit_status_of(code: str) -> int:
    """Return the exit status of the error with this code; 70 for one that nobody knows."""
    return (error_of_code(code) or EditingError).exit_status
