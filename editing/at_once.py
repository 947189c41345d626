"""Work that is done two at a time, in threads that share what was loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue

import numpy as np
import torch
from numpy.typing import NDArray

from editing.progress import Cancelled, Progress, part

AT_ONCE = 2

Job = Callable[[Progress], None]
_Told = tuple[Progress, float, str, NDArray[np.uint8] | None]


@contextmanager
def one_thread_of_torch() -> Iterator[None]:
    """Let torch work in the caller's thread alone: where as much is done at once as there are cores, more
    threads would wait for one another.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def run_at_once(jobs: Sequence[tuple[Job, Progress, tuple[float, float]]]) -> None:
    """Run the jobs, AT_ONCE at a time, and tell how far each is, in the caller's thread.

    Each has a reporter, and from where to where in all the work it reaches. What is told never falls: one
    that is behind another is as far as the other.

    Raises:
        Cancelled: a reporter asked to stop; so do, then, all jobs.
        Exception: what a job raised first.
    """
    told: SimpleQueue[_Told | None] = SimpleQueue()
    stopped = False

    def relayed(progress: Progress) -> Progress:
        def report(
            fraction: float, note: str = "", preview: NDArray[np.uint8] | None = None
        ) -> None:
            if stopped:
                raise Cancelled
            told.put((progress, fraction, note, preview))

        return report

    def ended(_: Future[None]) -> None:
        told.put(None)

    running, highest = len(jobs), 0.0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [pool.submit(job, part(relayed(told_to), *share)) for job, told_to, share in jobs]
        for future in futures:
            future.add_done_callback(ended)
        try:
            while running:
                item = told.get()
                if item is None:
                    running -= 1
                    _raise_first(futures)
                    continue
                progress, fraction, note, preview = item
                highest = max(highest, fraction)
                progress(highest, note, preview)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            stopped = True
            raise


def _raise_first(futures: Sequence[Future[None]]) -> None:
    """Raise what a job that has ended raised."""
    for future in futures:
        if future.done() and not future.cancelled() and (error := future.exception()) is not None:
            raise error
