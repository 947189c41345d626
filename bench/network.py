"""``python -m bench.network``: whether edits gain anything from going through a network together.

First the networks alone, several faces as one batch; then whole edits, several at once in threads
whose calls ``editing.together`` gathers, as a worker does with ``MIEN_BATCH_SIZE``. Sizes are
measured in turns, so that whatever else the machine does hits all of them alike.
"""

from __future__ import annotations

import argparse
import datetime
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import torch
from torch import Tensor

from bench.picture import head_jpeg
from editing.models import ModelStore
from editing.networks.age import READER_CROP, AgeReader
from editing.networks.fill import SEEN, FillNet
from editing.networks.head import HEAD_CROP, HeadNet
from editing.networks.landmarks import CROP, LandmarkNet, fused
from editing.photo import decode_photo
from editing.pipeline import edit_photo
from editing.request import EditRequest

SIZES = (1, 2, 4, 8)
EDITS = 16
HOLE = 64  # about what a mouth takes of the map
HEADER = "| " + " | ".join(f"{size} at once" for size in SIZES) + " |"


def main() -> None:
    """Print both tables: milliseconds per face and per edit."""
    parser = argparse.ArgumentParser(prog="python -m bench.network", description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    repeats = parser.parse_args().repeats
    print(
        f"{datetime.date.today()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}.", end=" "
    )
    print(f"Milliseconds per face, the least (the median) of {repeats}:\n")
    print(f"| network | threads {HEADER}\n{'| --- ' * (len(SIZES) + 2)}|")
    models = ModelStore()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for name, network, inputs in networks(models):
            times = of_network(network, inputs, repeats)
            cells = [f"{min(t):.1f} ({statistics.median(t):.1f})" for t in times]
            print(f"| `{name}` | {threads} | {' | '.join(cells)} |", flush=True)
    torch.set_num_threads(1)
    print(f"\nMilliseconds per edit, {EDITS} of a 512 px photo: put together; each by itself:\n")
    print(f"| operation {HEADER}\n{'| --- ' * (len(SIZES) + 1)}|")
    for operation, params in (("expression", {"smile": 0.6}), ("inpaint", {"region": "mouth"})):
        request = EditRequest(operation=operation, params=params, seed=1)
        cells = [
            f"{of_edits(request, n, True):.0f}; {of_edits(request, n, False):.0f}" for n in SIZES
        ]
        print(f"| `{operation}` | {' | '.join(cells)} |", flush=True)


Inputs = Callable[[int], tuple[Tensor, ...]]


def networks(models: ModelStore) -> list[tuple[str, Callable[..., Tensor], Inputs]]:
    """Return the networks that edits go through, and what makes inputs of N faces for each."""

    def faces(side: int) -> Inputs:
        return lambda n: (torch.rand(n, 3, side, side).to(memory_format=torch.channels_last),)

    def holes(n: int) -> tuple[Tensor, ...]:
        side = (HOLE, HOLE)
        return torch.randn(n, 3, *side), torch.rand(n, SEEN, *side), torch.full((n,), 500)

    return [
        ("landmarks", models.batched("landmarks", LandmarkNet, fused), faces(CROP)),
        ("head", models.batched("head", HeadNet), faces(HEAD_CROP)),
        ("age_reader", models.batched("age_reader", AgeReader), faces(READER_CROP)),
        ("fill", models.batched("fill", FillNet), holes),
    ]


def of_network(network: Callable[..., Tensor], inputs: Inputs, repeats: int) -> list[list[float]]:
    """Return for each of SIZES the milliseconds per face of each repeat."""
    times: list[list[float]] = [[] for _ in SIZES]
    for turn in range(repeats + 2):
        for size, kept in zip(SIZES, times, strict=True):
            given = inputs(size)
            started = time.perf_counter()
            with torch.inference_mode():
                network(*given)
            if turn >= 2:
                kept.append(1000 * (time.perf_counter() - started) / size)
    return times


def of_edits(request: EditRequest, size: int, together: bool) -> float:
    """Return milliseconds per edit with ``size`` threads, which go through networks together or not."""
    models = ModelStore()
    photo = decode_photo(head_jpeg(512))

    def edit(_: int) -> None:
        with models.company.joined() if together else nullcontext():
            edit_photo(photo, request, models)

    with ThreadPoolExecutor(size) as threads:
        list(threads.map(edit, range(2 * size)))
        started = time.perf_counter()
        list(threads.map(edit, range(EDITS)))
        return 1000 * (time.perf_counter() - started) / EDITS


if __name__ == "__main__":
    main()
