"""``python -m bench.network``: whether the landmark network gains anything from several faces at once.

The only network of ours that an edit goes through. Sizes are measured in turns, so that whatever
else the machine does hits all of them alike; the least of each is what the network itself needs.
"""

from __future__ import annotations

import argparse
import datetime
import os
import statistics
import time

import torch

from editing.faces.landmarks import CROP
from editing.models import ModelStore
from editing.networks.landmarks import LandmarkNet, fused

SIZES = (1, 2, 4, 8)
HEADER = "| threads | " + " | ".join(f"{size} at once" for size in SIZES) + " |"


def main() -> None:
    """Print the table: milliseconds per face, the least and the median."""
    parser = argparse.ArgumentParser(prog="python -m bench.network", description=__doc__)
    parser.add_argument("--repeats", type=int, default=40)
    repeats = parser.parse_args().repeats
    models = ModelStore()
    network = fused(models.network("landmarks", LandmarkNet))
    print(
        f"{datetime.date.today()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f};", end=" "
    )
    print(f"milliseconds per face, the least (the median) of {repeats}.\n")
    print(HEADER)
    print("| --- " * (len(SIZES) + 1) + "|")
    for threads in (1, 2):
        torch.set_num_threads(threads)
        times: dict[int, list[float]] = {size: [] for size in SIZES}
        for turn in range(repeats + 3):
            for size in SIZES:
                faces = torch.rand(size, 3, CROP, CROP).to(memory_format=torch.channels_last)
                started = time.perf_counter()
                with torch.inference_mode():
                    network(faces)
                if turn >= 3:
                    times[size].append(1000 * (time.perf_counter() - started) / size)
        cells = [f"{min(t):.1f} ({statistics.median(t):.1f})" for t in times.values()]
        print(f"| {threads} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
