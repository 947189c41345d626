"""Photos that lie in object storage, S3 or what speaks like it.

Which buckets may be read is a setting of the installation, ``MIEN_BUCKETS``; so are the credentials
and the endpoint, in boto3's own variables (``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL``, ...). Nobody
who asks over the API can name another server.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from django.conf import settings

from editing.errors import PhotoTooLarge, RequestInvalid
from webapp.batches.errors import ArchiveTooLarge, BucketRefused, BucketUnavailable
from webapp.batches.unpacking import LONGEST_PATH, Member, is_left_by_system

SCHEME = "s3://"
CONNECT_SECONDS = 5
READ_SECONDS = 30


@lru_cache(maxsize=1)
def client() -> Any:
    """Return the one client of this process. boto3 is loaded by the first who needs it."""
    import boto3
    from botocore.config import Config

    patience = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"max_attempts": 2, "mode": "standard"},
    )
    return boto3.client("s3", config=patience)


def list_prefix(address: Any) -> list[Member]:
    """Return the files whose keys begin with a prefix, their paths counted from there.

    Raises:
        BucketRefused: it is no ``s3://bucket/prefix``, or of a bucket that may not be read.
        BucketUnavailable: the storage does not answer, or not to us.
        ArchiveTooLarge: too many files.
        RequestInvalid: there is none.
    """
    bucket, prefix = _read_address(address)
    members: list[Member] = []
    with _told():
        pages = client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            for found in page.get("Contents", ()):
                path = _path_below(found["Key"], prefix)
                if not path or path.endswith("/") or is_left_by_system(path):
                    continue
                members.append(
                    Member(path, {"bucket": bucket, "key": found["Key"], "size": found["Size"]})
                )
            if len(members) > settings.MAX_BATCH_ITEMS:
                raise ArchiveTooLarge(
                    f"more than {settings.MAX_BATCH_ITEMS:,} files begin with {address}"
                )
    if not members:
        raise RequestInvalid(f"prefix: no file begins with {address}")
    for member in members:
        if len(member.path) > LONGEST_PATH:
            raise RequestInvalid(f"prefix: a key is longer than {LONGEST_PATH} letters")
    return members


def read_object(place: dict[str, Any]) -> bytes:
    """Return the bytes of one object, no more than a photo may have.

    Raises:
        PhotoTooLarge: it has more.
        BucketUnavailable: the storage does not answer, or has it no longer.
    """
    most = settings.MAX_UPLOAD_BYTES
    if place["size"] > most:
        raise PhotoTooLarge(f"the file has {place['size']:,} bytes; {most:,} are allowed")
    with _told():
        found = client().get_object(Bucket=place["bucket"], Key=place["key"])
        with found["Body"] as body:
            data: bytes = body.read(most + 1)
    if len(data) > most:
        raise PhotoTooLarge(f"the file has more than the {most:,} bytes that are allowed")
    return data


def _read_address(address: Any) -> tuple[str, str]:
    if not isinstance(address, str) or not address.startswith(SCHEME):
        raise BucketRefused("prefix: send s3://bucket/prefix")
    bucket, _, prefix = address.removeprefix(SCHEME).partition("/")
    if bucket not in settings.BUCKETS:
        raise BucketRefused(f"prefix: the bucket {bucket[:80]!r} is not in MIEN_BUCKETS")
    return bucket, prefix


def _path_below(key: str, prefix: str) -> str:
    """Return the key from the last folder of the prefix on."""
    return key[prefix.rfind("/") + 1 :]


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Let what boto3 raises inside the block be a ``BucketUnavailable``."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise BucketUnavailable(f"the object storage refuses: {error}") from error
