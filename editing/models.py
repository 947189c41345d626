"""The one store of weights in a process: verify, load on first use, keep, release when idle."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load
from torch import Tensor, nn

from editing.errors import LicenceRefused, WeightsUnavailable
from editing.licences import commercial_only, refusal_of
from editing.together import Company, Together
from editing.weights import Card, read_card, weights_folder


@dataclass(slots=True)
class Kept:
    """Something that was loaded, and when it was last asked for (monotonic seconds)."""

    value: Any
    used: float = field(default_factory=time.monotonic)


class ModelStore:
    """Loads each model once, checks its digest against its card, and hands it out.

    ``device`` is "cpu", "cuda" or "mps". Safe to use from several threads: what those that
    joined its ``company`` ask of one network is run as one batch.
    """

    def __init__(self, device: str = "cpu", folder: Path | None = None) -> None:
        self.device = torch.device(device)
        self.company = Company()
        self.folder = folder or weights_folder()
        self._kept: dict[str, Kept] = {}
        self._lock = threading.RLock()
        self._own = threading.local()

    def tensors(self, name: str) -> dict[str, Tensor]:
        """Return the tensors of the weights ``name`` as they are stored, on the CPU.

        Raises:
            WeightsUnavailable: they are not there, or their digest is not the card's.
            LicenceRefused: they are not for commercial use, and the setting allows no such weights.
        """
        return self.keep(f"tensors:{name}", lambda: self._read(name))

    def network(self, name: str, build: Callable[[], nn.Module]) -> nn.Module:
        """Return ``build()`` with the weights ``name``, float32, in eval mode, on the device.

        Raises:
            WeightsUnavailable: as ``tensors``, or they do not fit the network.
            LicenceRefused: as ``tensors``.
        """
        return self.keep(f"network:{name}", lambda: self._fill(name, build()))

    def batched(
        self,
        name: str,
        build: Callable[[], nn.Module],
        prepare: Callable[[nn.Module], nn.Module] = lambda network: network,
    ) -> Together:
        """Return ``prepare`` of the network, to be called only, with tensors (N, ...) whose rows do
        not depend on each other: those of a company are run together.

        Raises:
            WeightsUnavailable, LicenceRefused: as ``network``.
        """
        key = f"batched:{name}"
        return self.keep(key, lambda: Together(prepare(self.network(name, build)), self.company))

    def own(self, key: str, load_it: Callable[[], Any]) -> Any:
        """Return what ``load_it`` gave for ``key`` in this thread: for what only one may use at once."""
        kept = self._own.__dict__
        if key not in kept:
            kept[key] = load_it()
        return kept[key]

    def keep(self, key: str, load_it: Callable[[], Any]) -> Any:
        """Return what ``load_it`` gave for ``key``, calling it the first time only."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = Kept(load_it())
            kept = self._kept[key]
            kept.used = time.monotonic()
            return kept.value

    def card(self, name: str) -> Card:
        """Return the card of the weights ``name``.

        Raises:
            WeightsUnavailable: there is none.
        """
        return read_card(name, self.folder)

    def release_idle(self, seconds: float, prefix: str = "") -> int:
        """Let go of what was unused for so long and whose key begins so; return how many."""
        limit = time.monotonic() - seconds
        with self._lock:
            idle = [
                key
                for key, kept in self._kept.items()
                if kept.used < limit and key.startswith(prefix)
            ]
            for key in idle:
                del self._kept[key]
        return len(idle)

    def _read(self, name: str) -> dict[str, Tensor]:
        card = self.card(name)
        if commercial_only() and not card.commercial_use:
            raise LicenceRefused(refusal_of({name: card.licence}))
        path = self.folder / f"{name}.safetensors"
        try:
            data = path.read_bytes()
        except OSError as error:
            raise WeightsUnavailable(f"the weights {name!r} are not at {path}") from error
        if hashlib.sha256(data).hexdigest() != card.sha256:
            raise WeightsUnavailable(f"the weights {name!r} at {path} are not those of their card")
        return load(data)

    def _fill(self, name: str, network: nn.Module) -> nn.Module:
        state = {key: value.float() for key, value in self._read(name).items()}
        missing, unexpected = network.load_state_dict(state, strict=False)
        lacking = [key for key in missing if not key.endswith("num_batches_tracked")]
        if lacking or unexpected:
            raise WeightsUnavailable(f"the weights {name!r} do not fit their network")
        return network.eval().to(self.device)
