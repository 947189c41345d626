"""One POST to a stranger: judged by the address it resolves to, bounded in time and bytes."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from tests.services.receiver import receive
from workers import posting
from workers.posting import post

URL = "http://receiver.example/"


def resolves_to(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> list[Any]:
    asked: list[Any] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

    monkeypatch.setattr(posting.socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.5", "169.254.169.254", "0.0.0.0"])
def test_a_name_that_leads_inside_is_refused_when_it_is_sent(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    with receive() as receiver:
        port = int(receiver.url.rsplit(":", 1)[1].rstrip("/"))
        resolves_to(monkeypatch, (address, port))
        told = post(URL, b"{}", {})
        assert (told.status, receiver.received) == (None, [])
        assert "this machine or its network" in told.error


def test_it_goes_to_the_very_address_that_was_judged(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    with receive() as receiver:
        port = int(receiver.url.rsplit(":", 1)[1].rstrip("/"))
        monkeypatch.setattr(posting, "is_private", lambda address: address != "127.0.0.1")
        asked = resolves_to(monkeypatch, ("10.0.0.5", port), ("127.0.0.1", port))
        told = post(URL, b'{"a": 1}', {"webhook-id": "7"})
        assert (told.status, told.excerpt, asked) == (200, "thank you", ["receiver.example"])
        ((headers, body),) = receiver.received
        assert (headers["host"], headers["webhook-id"], body) == (
            "receiver.example",
            "7",
            b'{"a": 1}',
        )


def test_nobody_there(settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        told = post(f"http://127.0.0.1:{free.getsockname()[1]}/", b"", {})
    assert told.status is None
    assert "refused" in told.error


def serve(answer: bytes, then: threading.Event, drip: bool = False) -> int:
    """Answer one connection with these bytes and say no more until ``then``."""
    server = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        connection, _ = server.accept()
        with server, connection:
            connection.sendall(answer)
            while not then.wait(0.05):
                if drip:
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

    threading.Thread(target=run, daemon=True).start()
    return int(server.getsockname()[1])


@pytest.mark.parametrize("drip", [False, True], ids=["silent", "a byte now and then"])
def test_who_takes_too_long_is_cut_off(
    settings: Any, monkeypatch: pytest.MonkeyPatch, drip: bool
) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    monkeypatch.setattr(posting, "WHOLE_SECONDS", 0.5)
    over = threading.Event()
    told = post(f"http://127.0.0.1:{serve(b'HTTP/1.1 200', over, drip)}/", b"", {})
    over.set()
    assert (told.status, told.error) == (None, "No answer in time.")
    assert told.milliseconds < 3000


def test_only_the_beginning_of_an_answer_is_read(settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    over = threading.Event()
    over.set()
    answer = b"HTTP/1.1 200 OK\r\n\r\n" + b"a\0" * 100_000
    told = post(f"http://127.0.0.1:{serve(answer, over)}/", b"", {})
    assert told.status == 200
    assert told.excerpt == "a" * (posting.EXCERPT_BYTES // 2)


def test_what_is_no_http_is_told(settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    over = threading.Event()
    over.set()
    told = post(f"http://127.0.0.1:{serve(b'SSH-2.0-nothing' + bytes(9), over)}/", b"", {})
    assert told.status is None
    assert told.error
