"""A tiny server of somebody else's that takes webhooks: a real socket, answers as it is told to."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time

from webapp.webhooks.signature import sign

HTTP_OK = 200


@dataclass
class Receiver:
    """``answers`` are the statuses of the next answers, 200 when there are no more."""

    url: str
    answers: list[int] = field(default_factory=list)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.hold.set()

    def is_signed(self, number: int, secret: str) -> bool:
        """Check a message as the standard tells receivers to."""
        headers, body = self.received[number]
        at = int(headers["webhook-timestamp"])
        expected = sign(secret, headers["webhook-id"], at, body)
        return abs(time() - at) < 60 and expected in headers["webhook-signature"].split(" ")


@contextlib.contextmanager
def receive() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append(({k.lower(): v for k, v in self.headers.items()}, body))
            status = receiver.answers.pop(0) if receiver.answers else HTTP_OK
            receiver.hold.wait(30)
            with contextlib.suppress(OSError):
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", f"{receiver.url}elsewhere")
                self.end_headers()
                self.wfile.write(b"thank you")

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.hold.set()
        server.shutdown()
        server.server_close()
