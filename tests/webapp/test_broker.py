"""The broker in a folder: a worker that looks at the wrong moment sees no message, never half of one."""

from __future__ import annotations

import threading
from pathlib import Path
from queue import Empty

import kombu

from webapp import celery
from webapp.broker import Channel

__all__ = ["celery"]  # it chooses the transport


def test_messages_appear_whole(tmp_path: Path) -> None:
    """One thread looks all the time; with kombu's own channel it reads an empty file soon."""
    (tmp_path / "control").mkdir()
    options = {
        "data_folder_in": str(tmp_path),
        "data_folder_out": str(tmp_path),
        "control_folder": str(tmp_path / "control"),
    }
    with kombu.Connection("filesystem://localhost//", transport_options=options) as connection:
        reading, writing = connection.channel(), connection.channel()
        assert isinstance(reading, Channel)
        assert isinstance(writing, Channel)
        taken: list[int] = []
        failed: list[Exception] = []
        sent, all_sent = 400, threading.Event()

        def read() -> None:
            while not failed:
                over = all_sent.is_set()
                try:
                    taken.append(reading._get("batch")["n"])
                except Empty:
                    if over:
                        return
                except Exception as error:
                    failed.append(error)

        reader = threading.Thread(target=read)
        reader.start()
        for n in range(sent):
            writing._put("batch", {"n": n, "filler": "x" * 4000})
        all_sent.set()
        reader.join()
    assert failed == []
    assert sorted(taken) == list(range(sent))
    assert [path.name for path in tmp_path.iterdir()] == ["control"]
