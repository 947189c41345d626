"""Pipelines of others are let go of; what is small is kept."""

from __future__ import annotations

import threading
from time import monotonic, sleep

import pytest

from editing.models import ModelStore
from workers import idle


def test_large_models_go_and_small_ones_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    models = ModelStore()
    loaded = []
    for key in ("pipeline:theirs", "network:ours"):
        models.keep(key, lambda key=key: loaded.append(key))
    monkeypatch.setattr(idle, "process_models", lambda: models)
    monkeypatch.setattr(idle, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(idle, "LOOK_EVERY_SECONDS", 0.01)
    idle.release_when_idle()
    (thread,) = (one for one in threading.enumerate() if one.name == "idle")
    assert thread.daemon
    deadline = monotonic() + 10
    while "pipeline:theirs" in models._kept and monotonic() < deadline:
        sleep(0.01)
    models.keep("network:ours", lambda: loaded.append("again"))
    assert loaded == ["pipeline:theirs", "network:ours"]
    assert "pipeline:theirs" not in models._kept
