"""Jobs that run at once: told in one thread, rising, and all stopped by one."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from editing.at_once import AT_ONCE, run_at_once
from editing.progress import Cancelled, Progress

COUNT = 4


def jobs(work, progress):
    """Return COUNT jobs that are given their number and their reporter, and share the work evenly."""
    return [
        (partial(work, number), progress, (number / COUNT, (number + 1) / COUNT))
        for number in range(COUNT)
    ]


def test_they_meet_and_what_they_tell_rises_in_the_callers_thread():
    met = threading.Barrier(AT_ONCE)
    told: list[float] = []

    def work(number: int, progress: Progress) -> None:
        met.wait(30)  # Nobody gets on who is alone.
        progress(0.5)
        progress(1.0)

    def note(fraction: float, *_: object) -> None:
        assert threading.current_thread() is threading.main_thread()
        told.append(fraction)

    run_at_once(jobs(work, note))
    assert len(told) == 2 * COUNT
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_what_one_raises_comes_out_and_ends_the_others():
    begun: list[int] = []

    def work(number: int, progress: Progress) -> None:
        begun.append(number)
        if number == 0:
            raise LookupError("nothing there")
        while True:
            progress(0.1)

    with pytest.raises(LookupError, match="nothing there"):
        run_at_once(jobs(work, lambda *_: None))
    assert COUNT - 1 not in begun


def test_whoever_is_told_may_stop_all():
    ended: list[str] = []

    def work(number: int, progress: Progress) -> None:
        try:
            while True:
                progress(0.2)
        except Cancelled:
            ended.append("stopped")
            raise

    def stop(*_: object) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        run_at_once(jobs(work, stop))
    assert 1 <= len(ended) <= AT_ONCE
