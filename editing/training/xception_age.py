"""Recipe of ``xception_age``: the age network of ``@vladmandic/face-api`` as a module of torch.

    npm pack @vladmandic/face-api@1.7.15 && tar xzf vladmandic-face-api-1.7.15.tgz -C var/training
    mv var/training/package var/training/face-api

Nothing is trained.
"""

from __future__ import annotations

import json
from pathlib import Path

from torch import Tensor

from editing.networks.xception_age import XceptionAge
from editing.training.card import write_weights
from editing.training.tfjs import read_arrays

MODEL = Path("face-api/model/age_gender_model-weights_manifest.json")
# Ours, and theirs.
NAMES = {
    "stem": "entry_flow/conv_in",
    "entry.0": "entry_flow/reduction_block_0",
    "entry.1": "entry_flow/reduction_block_1",
    **{
        f"middle.{n}.{m}": f"middle_flow/main_block_{n}/separable_conv{m}"
        for n in range(2)
        for m in range(3)
    },
    "exit": "exit_flow/reduction_block",
    "last": "exit_flow/separable_conv",
    "years": "fc/age",
}
PARTS = {"one": "separable_conv0", "two": "separable_conv1", "beside": "expansion_conv"}
ARRAYS = {
    "depth.weight": "depthwise_filter",
    "point.weight": "pointwise_filter",
    "point.bias": "bias",
    "weight": "filters",
    "bias": "bias",
}


def train(out: Path, folder: Path = Path("var/training")) -> None:
    """Write the weights ``xception_age``.

    Raises:
        FileNotFoundError: the package is not in ``folder``.
    """
    path = folder / MODEL
    if not path.is_file():
        raise FileNotFoundError(f"no network at {path}; {__doc__}")
    arrays = read_arrays(path, json.loads(path.read_text()))
    network = XceptionAge()
    tensors = {
        name: _fitted(arrays[_theirs(name)], wanted)
        for name, wanted in network.state_dict().items()
    }
    network.load_state_dict(tensors)
    write_weights(
        out,
        "xception_age",
        {key: value.half() for key, value in tensors.items()},
        licence="MIT",
        origin="age_gender_model of @vladmandic/face-api 1.7.15 (MIT)",
        summary="How old somebody is, from 112 pixels of the frame. Beside age_reader it steers the age engine.",
        training_data=[
            "none of ours; by its author's README photographs of people with known ages: UTK, FGNET, Chalearn,"
            " Wiki, IMDB, CACD, MegaAge, MegaAge-Asian"
        ],
        measured={"parameters": float(sum(t.numel() for t in tensors.values()))},
        limits=[
            "An estimate from a picture, and nobody's true age: 4.5 years off in the mean (its author's README).",
            "Several of those collections were published for research; the network itself is MIT.",
        ],
    )


def _theirs(name: str) -> str:
    place = next(
        ours for ours in sorted(NAMES, key=len, reverse=True) if name.startswith(f"{ours}.")
    )
    words = [NAMES[place]]
    rest = name[len(place) + 1 :]
    head, _, tail = rest.partition(".")
    if head in PARTS:
        words.append(PARTS[head])
        rest = tail
    array = ARRAYS[rest]
    return "/".join([*words, "weights" if place == "years" and rest == "weight" else array])


def _fitted(values: Tensor, wanted: Tensor) -> Tensor:
    """Return an array in torch's order: outputs, inputs, rows, columns."""
    if values.dim() == 2:
        return values.T.contiguous()
    if values.dim() == 1:
        return values
    depthwise = values.shape[3] == 1 and wanted.shape[1] == 1
    return values.permute(2, 3, 0, 1) if depthwise else values.permute(3, 2, 0, 1)
