"""A tiny server that answers by a script: refuses, drops the line, breaks off, then serves."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. ``drop`` closes the line instead; ``short`` keeps that many bytes back."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    short: int = 0


def told(value: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def refused(status: int, code: str = "some_code", **headers: str) -> Answer:
    problem = {"title": "Told", "status": status, "code": code, "detail": "because", "fields": {"a": ["b"]}}  # fmt: skip
    kind = {"Content-Type": "application/problem+json"}
    return Answer(status, json.dumps(problem).encode(), kind | headers)


DROP = Answer(drop=True)


@dataclass(slots=True)
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Scripted:
    """The last answer of the script is given for ever."""

    url: str
    answers: list[Answer]
    seen: list[Seen] = field(default_factory=list)

    @property
    def keys(self) -> list[str | None]:
        return [one.headers.get("idempotency-key") for one in self.seen]


@contextmanager
def scripted(*answers: Answer) -> Iterator[Scripted]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with lock:
                script.seen.append(Seen(self.command, self.path, headers, body))
                one = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
            if one.drop:
                self.close_connection = True
                return
            self.send_response(one.status)
            for name, value in one.headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(one.body)))
            self.end_headers()
            self.wfile.write(one.body[: len(one.body) - one.short])
            self.close_connection = self.close_connection or bool(one.short)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 (http.server's names)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script = Scripted(f"http://127.0.0.1:{server.server_port}", list(answers))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
