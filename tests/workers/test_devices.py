"""What of the machine each worker process uses."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from workers import devices, store
from workers.supervisor import worker_command


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Any:
    """Set cores, graphics cards, ``MIEN_WORKERS`` and ``MIEN_DEVICE``."""

    def have(cores: int, cards: int, workers: int = 0, device: str = "") -> None:
        settings.WORKERS, settings.DEVICE = workers, device
        monkeypatch.setattr(devices, "cores", lambda: cores)
        found = [f"nvidia{n}" for n in range(cards)]
        monkeypatch.setattr(devices.Path, "glob", lambda self, pattern: found)

    return have


@pytest.mark.parametrize(
    ("machine_has", "processes", "threads"),
    [
        ({"cores": 8, "cards": 0}, 1, 8),
        ({"cores": 8, "cards": 0, "workers": 3}, 3, 2),
        ({"cores": 2, "cards": 0, "workers": 4}, 4, 1),
        ({"cores": 8, "cards": 2}, 2, 4),
        ({"cores": 8, "cards": 2, "device": "cpu"}, 1, 8),
        ({"cores": 8, "cards": 2, "device": "cuda"}, 2, 4),
    ],
)
def test_the_cores_are_shared(machine: Any, machine_has: Any, processes: int, threads: int) -> None:
    machine(**machine_has)
    assert (devices.process_count(), devices.threads_per_process()) == (processes, threads)
    command = worker_command()
    assert command[command.index("--concurrency") + 1] == str(processes)


def test_each_process_has_a_card_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for number, device in enumerate(("cuda:0", "cuda:1", "cuda:0")):
        monkeypatch.setattr(store, "process_number", lambda number=number: number)
        assert store.best_device() == device
