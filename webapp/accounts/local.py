"""Which requests may act as the one local owner without credentials.

Any web page in the same browser can send requests to a loopback address, by cross-site posts or
by pointing its own name there (DNS rebinding). So a request counts as the owner's only if it was
sent to a loopback name and, where the browser says who sent it, that is our own page.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit


def host_name(host: str) -> str:
    """Return the name in a ``Host`` header, lower case, without port and brackets; "" if it is bad."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_loopback(name: str) -> bool:
    """Return whether a host name or address means this machine and nothing else."""
    name = name.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def why_refused(headers: Mapping[str, str], client: str | None) -> str | None:
    """Return why a request without credentials is not the local owner's; None if it is.

    ``headers`` have lower-case names; ``client`` is the address that the connection comes from.
    """
    if client is None or not is_loopback(client):
        return "It does not come from this machine."
    if any(name in headers for name in ("forwarded", "x-forwarded-for", "x-forwarded-host")):
        return "It was forwarded by a proxy."
    host = headers.get("host", "")
    if not is_loopback(host_name(host)):
        return f"Its Host {host!r} is not a name of this machine."
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return f"Another site sent it (Sec-Fetch-Site: {site})."
    origin = headers.get("origin")
    if origin is not None and not is_own_origin(origin, host):
        return f"Another site sent it (Origin: {origin})."
    return None


def is_own_origin(origin: str, host: str) -> bool:
    """Return whether ``origin`` is the page that ``host`` serves."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()
