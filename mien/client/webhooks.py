"""Receiving webhooks: whether a delivery is from our Mien, and what it says.

Signatures are those of Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over
``id.timestamp.body`` with the secret that was shown once, when the webhook was made.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from mien.client.errors import SignatureInvalid

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
TOLERANCE_SECONDS = 300.0


def verify_signature(
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    tolerance: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> Any:
    """Return the JSON of a delivery that our Mien signed.

    Args:
        secret: as it was shown, ``whsec_...``.
        headers: of the request, in any case.
        body: as it came, not parsed and written again.
        tolerance: seconds that its time may be off; an older one may be played back by somebody.
        now: seconds since 1970; the clock's when not given.

    Raises:
        SignatureInvalid: a header is missing, the time is off, no signature fits, or the body is
            not JSON. Answer 400, and do nothing else.
    """
    told = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in (ID, TIMESTAMP, SIGNATURE) if not told.get(name)]
    if missing:
        raise SignatureInvalid(f"the delivery has no {', '.join(missing)}")
    stamp = told[TIMESTAMP]
    if not stamp.isdecimal():
        raise SignatureInvalid(f"{TIMESTAMP} {stamp[:40]!r} is not a number of seconds")
    off = abs((time.time() if now is None else now) - int(stamp))
    if off > tolerance:
        raise SignatureInvalid(f"the delivery is {off:.0f} s off; {tolerance:g} are allowed")
    wanted = sign(secret, told[ID], int(stamp), body)
    # Several, apart by spaces, while a secret is being changed.
    given = told[SIGNATURE].split()
    if not any(hmac.compare_digest(one.encode(), wanted.encode()) for one in given):
        raise SignatureInvalid("no signature of the delivery fits the secret")
    try:
        return json.loads(body)
    except ValueError as error:
        raise SignatureInvalid("the body is not JSON") from error


def sign(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a delivery, ``v1,`` and base64.

    Raises:
        SignatureInvalid: the secret is not ``whsec_`` and base64.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise SignatureInvalid("the secret is not whsec_ and base64") from error
    digest = hmac.new(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
