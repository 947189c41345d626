"""Which addresses a message may go to.

Whoever may make a webhook could otherwise have this machine ask services that only it can reach:
its own, its network's, the metadata of its cloud. A name is judged by what it resolves to when the
message is sent (``workers/posting.py``), because that may have changed since; here only what can
be seen without asking anybody is refused.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from rest_framework.exceptions import APIException

from webapp.accounts.local import is_loopback

NAT64 = ipaddress.ip_network("64:ff9b::/96")
PORTS = {"http": 80, "https": 443}
LONGEST = 2000


class AddressRefused(APIException):
    """``str(error)`` says why nothing is sent there."""

    status_code = 422

    def __init__(self, why: str) -> None:
        super().__init__(f"url: {why}", "webhook_address_refused")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes: ``path`` has the query in it."""

    secure: bool
    host: str
    port: int
    path: str


def read_url(url: str) -> Target:
    """Return where ``url`` leads.

    Raises:
        AddressRefused: it is no http or https address, holds a name and password or a fragment,
            or plainly leads to this machine or its network, which is not allowed here.
    """
    if not (url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST):
        raise AddressRefused(f"send at most {LONGEST} printable ASCII characters, percent-encoded")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        raise AddressRefused("it is no address") from None
    if parts.scheme not in PORTS or not host:
        raise AddressRefused("it has to begin with https:// or http:// and a host")
    if parts.username is not None or parts.fragment or parts.port == 0:
        raise AddressRefused("it may hold no name, password, fragment or port 0")
    if not settings.WEBHOOKS_ALLOW_PRIVATE and (is_loopback(host) or is_private(host)):
        raise AddressRefused(f"{host} is this machine or its network")
    path = parts.path or "/"
    return Target(
        parts.scheme == "https", host, port, f"{path}?{parts.query}" if parts.query else path
    )


def is_private(host: str) -> bool:
    """Return whether ``host`` is an address, and none that all the world reaches; names are not."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo is not None:
            inner = address.teredo[1]
        if inner is not None:
            return is_private(str(inner))
    return not address.is_global or address.is_multicast
