"""The Python client of Mien's API. It needs httpx and pydantic, and uses websockets where it is.

    from mien.client import Client

    with Client("http://127.0.0.1:8000") as mien:
        mien.edit("a.jpg", "expression", smile=0.8).wait().save("b.jpg")

``AsyncClient`` is the same for asyncio. Errors are drawn in ``mien.client.errors``.
"""

from __future__ import annotations

from mien.client.async_batch import AsyncBatch
from mien.client.async_client import AsyncClient
from mien.client.async_edit import AsyncEdit
from mien.client.errors import (
    AnswerUnreadable,
    BatchCancelled,
    Conflict,
    EditCancelled,
    EditFailed,
    MienError,
    NoFace,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    PhotoRefused,
    Problem,
    RequestInvalid,
    ServerError,
    ServerUnreachable,
    SignatureInvalid,
    TooManyRequests,
    Unavailable,
    Unfinished,
    WaitTimeout,
)
from mien.client.models import (
    BatchItem,
    BatchRow,
    BatchState,
    Delivery,
    EditState,
    Event,
    Face,
    NewToken,
    NewWebhook,
    Operation,
    Photo,
    Preset,
    Report,
    Token,
    Usage,
    VideoReport,
    Webhook,
)
from mien.client.retries import Retries
from mien.client.sync_batch import Batch
from mien.client.sync_client import Client
from mien.client.sync_edit import Edit
from mien.client.webhooks import verify_signature

__all__ = [
    "AnswerUnreadable",
    "AsyncBatch",
    "AsyncClient",
    "AsyncEdit",
    "Batch",
    "BatchCancelled",
    "BatchItem",
    "BatchRow",
    "BatchState",
    "Client",
    "Conflict",
    "Delivery",
    "Edit",
    "EditCancelled",
    "EditFailed",
    "EditState",
    "Event",
    "Face",
    "MienError",
    "NewToken",
    "NewWebhook",
    "NoFace",
    "NotAuthenticated",
    "NotFound",
    "Operation",
    "PermissionDenied",
    "Photo",
    "PhotoRefused",
    "Preset",
    "Problem",
    "Report",
    "RequestInvalid",
    "Retries",
    "ServerError",
    "ServerUnreachable",
    "SignatureInvalid",
    "Token",
    "TooManyRequests",
    "Unavailable",
    "Unfinished",
    "Usage",
    "VideoReport",
    "WaitTimeout",
    "Webhook",
    "verify_signature",
]
