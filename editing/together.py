"""Networks that several edits go through at once, as one batch.

A graphics card is hardly busy with one face. Where edits run in several threads, what they ask of
one network at about the same time is put together, run once, and handed back to each.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

PATIENCE_SECONDS = 0.004  # for which a call waits for company; about what a small network needs


@dataclass(slots=True, eq=False)
class _Call:
    inputs: tuple[Tensor, ...]
    answer: Tensor | None = None
    error: BaseException | None = None
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def kind(self) -> tuple[object, ...]:
        """Return what calls share that can be put together: all but the number of rows."""
        return tuple((t.shape[1:], t.dtype, t.device) for t in self.inputs)


class Together(nn.Module):
    """A network, whose calls from up to ``size`` threads run as one batch.

    The network takes tensors (N, ...) and returns a tensor (N, ...), each row of which depends on
    the same row of its inputs alone. Calls that want gradients run by themselves. What goes wrong in
    a batch is raised in each call of it.
    """

    def __init__(self, network: nn.Module, size: int) -> None:
        super().__init__()
        self.network = network
        self.size = size
        self.largest = 0  # calls that ever ran together
        self._waiting: dict[tuple[object, ...], list[_Call]] = {}
        self._lock = threading.Lock()

    def forward(self, *inputs: Tensor) -> Tensor:
        if torch.is_grad_enabled():
            return self.network(*inputs)
        call = _Call(inputs)
        with self._lock:
            company = self._waiting.setdefault(call.kind, [])
            company.append(call)
            full = len(company) >= self.size
            calls = self._waiting.pop(call.kind) if full else []
        if not full and not call.over.wait(PATIENCE_SECONDS):
            with self._lock:
                left_alone = call in self._waiting.get(call.kind, [])
                calls = self._waiting.pop(call.kind) if left_alone else []
        if calls:
            self._run(calls)
        call.over.wait()
        if call.error is not None:
            raise call.error
        assert call.answer is not None
        return call.answer

    def _run(self, calls: list[_Call]) -> None:
        self.largest = max(self.largest, len(calls))
        try:
            rows = [torch.cat(tensors) for tensors in zip(*(c.inputs for c in calls), strict=True)]
            answers = self.network(*rows).split([len(c.inputs[0]) for c in calls])
            for call, answer in zip(calls, answers, strict=True):
                call.answer = answer
        except BaseException as error:
            for call in calls:
                call.error = error
            if not isinstance(error, Exception):
                raise
        finally:
            for call in calls:
                call.over.set()
