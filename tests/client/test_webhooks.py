"""Signatures of webhooks, as receivers check them."""

from __future__ import annotations

import base64

import pytest

from mien.client import SignatureInvalid, verify_signature
from mien.client.webhooks import sign

# The example of the Standard Webhooks specification's own libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, STAMP = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
HEADERS = {"Webhook-Id": ID, "Webhook-Timestamp": str(STAMP), "Webhook-Signature": SIGNATURE}


def test_the_signature_is_the_one_of_the_standard() -> None:
    assert sign(SECRET, ID, STAMP, BODY) == SIGNATURE
    assert verify_signature(SECRET, HEADERS, BODY, now=STAMP + 10) == {"test": 2432232314}


def test_one_of_several_is_enough() -> None:
    headers = HEADERS | {"Webhook-Signature": f"v1,AAAA v1a,BBBB {SIGNATURE}"}
    assert verify_signature(SECRET, headers, BODY, now=STAMP)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"Webhook-Id": "msg_other"}, "fits"),
        ({"Webhook-Timestamp": str(STAMP + 1)}, "fits"),
        ({"Webhook-Timestamp": "soon"}, "number"),
        ({"Webhook-Timestamp": str(STAMP - 301)}, "off"),
        ({"Webhook-Timestamp": str(STAMP + 301)}, "off"),
        ({"Webhook-Signature": SIGNATURE.replace("v1,", "v2,")}, "fits"),
        ({"Webhook-Signature": "ü"}, "fits"),
        ({"Webhook-Signature": ""}, "webhook-signature"),
    ],
)
def test_what_is_refused(change: dict[str, str], says: str) -> None:
    with pytest.raises(SignatureInvalid, match=says):
        verify_signature(SECRET, HEADERS | change, BODY, now=STAMP)


def test_another_body_or_secret_is_refused() -> None:
    with pytest.raises(SignatureInvalid, match="fits"):
        verify_signature(SECRET, HEADERS, BODY + b" ", now=STAMP)
    other = "whsec_" + base64.b64encode(b"another secret, as long").decode()
    with pytest.raises(SignatureInvalid, match="fits"):
        verify_signature(other, HEADERS, BODY, now=STAMP)
    with pytest.raises(SignatureInvalid, match="base64"):
        verify_signature("whsec_!", HEADERS, BODY, now=STAMP)
    with pytest.raises(SignatureInvalid, match="no webhook-id"):
        verify_signature(SECRET, {}, BODY, now=STAMP)
