"""Writing weights and the card that goes with them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from safetensors.torch import save
from torch import Tensor

from editing.weights import Card

COMMERCIAL = {"CC-BY-4.0": True, "CC-BY-NC-SA-4.0": False, "MIT": True}


def write_weights(
    folder: Path,
    name: str,
    tensors: dict[str, Tensor],
    *,
    licence: str,
    summary: str,
    training_data: list[str],
    measured: dict[str, float | str],
    limits: list[str],
    origin: str = "trained by the Mien project",
) -> Card:
    """Write ``NAME.safetensors`` and ``NAME.json`` and return the card.

    Raises:
        KeyError: the licence is none of those our data allow.
    """
    data = save({key: value.contiguous() for key, value in tensors.items()})
    card = Card(
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        licence=licence,
        commercial_use=COMMERCIAL[licence],
        summary=summary,
        origin=origin,
        training_data=training_data,
        recipe=f"python -m editing.training {name}",
        measured=measured,
        limits=limits,
    )
    (folder / f"{name}.safetensors").write_bytes(data)
    (folder / f"{name}.json").write_text(card.model_dump_json(indent=2) + "\n")
    return card
