"""One POST to an address of a stranger: judged when it is resolved, bounded in time and bytes.

The name is resolved once and the connection goes to the very address that was judged, so a name
that answers otherwise the second time (DNS rebinding) gains nothing. Redirects are not followed.
Proxies of the environment are not used.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from time import monotonic

from django.conf import settings
from django.utils import timezone

from webapp.webhooks.addresses import AddressRefused, Target, is_private, read_url
from webapp.webhooks.claims import Outcome

CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 15.0
EXCERPT_BYTES = 2048


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
    """Send the body; every way in which that can go wrong is an outcome."""
    at, started = timezone.now(), monotonic()

    def gone() -> int:
        return round((monotonic() - started) * 1000)

    try:
        target = read_url(url)
        with contextlib.closing(_open(target)) as opened:
            status, excerpt = _exchange(opened, target, body, headers)
    except AddressRefused as error:
        return Outcome(at, gone(), error=str(error))
    except TimeoutError:
        return Outcome(at, gone(), error="No answer in time.")
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        return Outcome(at, gone(), error=f"{type(error).__name__}: {error}")
    why = "Redirects are not followed." if 300 <= status < 400 else ""
    return Outcome(at, gone(), status, excerpt, why)


def _open(target: Target) -> socket.socket:
    """Return a connection to the first address of the host that may be spoken to and answers.

    Raises:
        AddressRefused: all of its addresses are this machine's or its network's.
        OSError: it has no address, or none answers.
    """
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    allowed = [
        entry
        for entry in found
        if settings.WEBHOOKS_ALLOW_PRIVATE or not is_private(str(entry[4][0]))
    ]
    if not allowed:
        raise AddressRefused(f"{target.host} is this machine or its network")
    failure: OSError | None = None
    for family, kind, protocol, _, address in allowed:
        opened = socket.socket(family, kind, protocol)
        opened.settimeout(CONNECT_SECONDS)
        try:
            opened.connect(address)
            if target.secure:
                context = ssl.create_default_context()
                return context.wrap_socket(opened, server_hostname=target.host)
            return opened
        except OSError as error:
            opened.close()
            failure = error
    assert failure is not None
    raise failure


def _exchange(
    opened: socket.socket, target: Target, body: bytes, headers: Mapping[str, str]
) -> tuple[int, str]:
    """Return the status and how the answer begins.

    Raises:
        TimeoutError: the whole took too long, even if bytes came all the time.
        OSError, HTTPException: the other side does not speak HTTP or broke off.
    """
    opened.settimeout(WHOLE_SECONDS)
    late = threading.Event()

    def cut_off() -> None:
        late.set()
        with contextlib.suppress(OSError):
            opened.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(WHOLE_SECONDS, cut_off)
    timer.daemon = True
    timer.start()
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.default_port = 443 if target.secure else 80  # Host names only another one
    connection.sock = opened
    try:
        connection.request("POST", target.path, body, dict(headers))
        answer = connection.getresponse()
        excerpt = answer.read(EXCERPT_BYTES).decode("utf-8", "replace").replace("\0", "")
    except ValueError as error:  # what ssl says of a connection that was cut off under its hands
        raise OSError(str(error)) from error
    finally:
        timer.cancel()
        if late.is_set():  # what was read until then may be half an answer
            raise TimeoutError
    return answer.status, excerpt
