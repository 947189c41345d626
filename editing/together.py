"""Networks that several edits go through at once, as one batch.

A graphics card is hardly busy with one face. Where edits run in several threads, what they ask of
one network at about the same time is put together, run once, and handed back to each.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

PATIENCE_SECONDS = 0.004  # for which a call waits for company; about what a small network needs


class Company:
    """Who edits at the same time: ``size`` is how many threads do."""

    def __init__(self) -> None:
        self.size = 0
        self._lock = threading.Lock()

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Be one of them."""
        with self._lock:
            self.size += 1
        try:
            yield
        finally:
            with self._lock:
                self.size -= 1


@dataclass(slots=True, eq=False)
class _Call:
    inputs: tuple[Tensor, ...]
    answer: Tensor | None = None
    error: Exception | None = None
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def kind(self) -> tuple[object, ...]:
        """Return what calls share that can be put together: all but the number of rows."""
        return tuple((t.shape[1:], t.dtype, t.device) for t in self.inputs)


class Together(nn.Module):
    """A network, whose calls from the threads of a company run as one batch.

    The network takes tensors (N, ...) and returns a tensor (N, ...), each row of which depends on
    the same row of its inputs alone. Calls that want gradients, and those of who is alone, run by
    themselves; so do all of a batch that failed, and only the guilty one has its error.
    """

    def __init__(self, network: nn.Module, company: Company) -> None:
        super().__init__()
        self.network = network
        self.company = company
        self.largest = 1  # calls that ever ran together
        self._waiting: dict[tuple[object, ...], list[_Call]] = {}
        self._lock = threading.Lock()

    def forward(self, *inputs: Tensor) -> Tensor:
        if self.company.size < 2 or torch.is_grad_enabled():
            return self.network(*inputs)
        call = _Call(inputs)
        with self._lock:
            waiting = self._waiting.setdefault(call.kind, [])
            waiting.append(call)
            calls = self._waiting.pop(call.kind) if len(waiting) >= self.company.size else []
        if not calls and not call.over.wait(PATIENCE_SECONDS):
            with self._lock:
                if call in self._waiting.get(call.kind, ()):
                    calls = self._waiting.pop(call.kind)
        if calls:
            self._run(calls)
        call.over.wait()
        if call.error is not None:
            raise call.error
        assert call.answer is not None
        return call.answer

    def _run(self, calls: list[_Call]) -> None:
        """Answer the calls, of which the caller's own is one."""
        try:
            rows = [torch.cat(tensors) for tensors in zip(*(c.inputs for c in calls), strict=True)]
            answers = self.network(*rows).split([len(c.inputs[0]) for c in calls])
            for call, answer in zip(calls, answers, strict=True):
                call.answer = answer
            self.largest = max(self.largest, len(calls))
        except Exception:
            for call in calls:
                self._run_alone(call)
        finally:
            for call in calls:
                call.over.set()

    def _run_alone(self, call: _Call) -> None:
        try:
            call.answer = self.network(*call.inputs)
        except Exception as error:
            call.error = error
