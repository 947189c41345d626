"""What can be wrong with a batch as a whole; one bad photo in it is not among these.

RequestInvalid
├── ArchiveUnreadable       archive_unreadable
├── ArchiveTooLarge         archive_too_large
├── ArchiveUnsafe           archive_unsafe
├── ArchiveNested           archive_nested
└── OverridesInvalid        overrides_invalid
"""

from __future__ import annotations

from editing.errors import RequestInvalid, Unavailable


class ArchiveUnreadable(RequestInvalid):
    code = "archive_unreadable"


class ArchiveTooLarge(RequestInvalid):
    code = "archive_too_large"


class ArchiveUnsafe(RequestInvalid):
    code = "archive_unsafe"


class ArchiveNested(RequestInvalid):
    code = "archive_nested"


class OverridesInvalid(RequestInvalid):
    code = "overrides_invalid"


class BucketRefused(RequestInvalid):
    code = "bucket_refused"


class BucketUnavailable(Unavailable):
    """Also what becomes of a single file that the storage does not give."""

    code = "bucket_unavailable"
