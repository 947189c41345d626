"""Recipe of ``xception_age``: the age network of ``@vladmandic/face-api`` as a module of torch.

    npm pack @vladmandic/face-api@1.7.15 && tar xzf vladmandic-face-api-1.7.15.tgz -C var/training

Nothing is trained.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from editing.training.card import write_weights
from editing.training.tfjs import read_arrays

MODEL = Path("package/model/age_gender_model-weights_manifest.json")


def train(out: Path, folder: Path = Path("var/training")) -> None:
    """Write the weights ``xception_age``.

    Raises:
        FileNotFoundError: the package is not in ``folder``.
    """
    arrays = read_arrays(folder / MODEL, __doc__)
    tensors = _convolution("stem", arrays, "entry_flow/conv_in")
    for n in range(2):
        tensors |= _reduction(f"entry.{n}", arrays, f"entry_flow/reduction_block_{n}")
        for m in range(3):
            own = f"middle_flow/main_block_{n}/separable_conv{m}"
            tensors |= _separable(f"middle.{n}.{m}", arrays, own)
    tensors |= _reduction("exit", arrays, "exit_flow/reduction_block")
    tensors |= _separable("last", arrays, "exit_flow/separable_conv")
    tensors |= {"years.weight": arrays["fc/age/weights"].T, "years.bias": arrays["fc/age/bias"]}
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


def _convolution(name: str, arrays: dict[str, Tensor], own: str) -> dict[str, Tensor]:
    weight = arrays[f"{own}/filters"].permute(3, 2, 0, 1)
    return {f"{name}.weight": weight, f"{name}.bias": arrays[f"{own}/bias"]}


def _separable(name: str, arrays: dict[str, Tensor], own: str) -> dict[str, Tensor]:
    return {
        f"{name}.depth.weight": arrays[f"{own}/depthwise_filter"].permute(2, 3, 0, 1),
        f"{name}.point.weight": arrays[f"{own}/pointwise_filter"].permute(3, 2, 0, 1),
        f"{name}.point.bias": arrays[f"{own}/bias"],
    }


def _reduction(name: str, arrays: dict[str, Tensor], own: str) -> dict[str, Tensor]:
    return {
        **_separable(f"{name}.one", arrays, f"{own}/separable_conv0"),
        **_separable(f"{name}.two", arrays, f"{own}/separable_conv1"),
        **_convolution(f"{name}.beside", arrays, f"{own}/expansion_conv"),
    }
