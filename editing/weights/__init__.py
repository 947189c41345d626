"""The cards of the weights in this folder. No torch here: the web process shows licences."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from editing.errors import WeightsUnavailable


class Card(BaseModel):
    """What a file of weights is, where it comes from and what may be done with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    sha256: str
    licence: str
    commercial_use: bool
    summary: str
    origin: str
    training_data: list[str]
    recipe: str
    measured: dict[str, float | str]
    limits: list[str]


def weights_folder() -> Path:
    """Return the folder that holds the weights and their cards."""
    return Path(__file__).resolve().parent


@lru_cache(maxsize=64)
def read_card(name: str, folder: Path | None = None) -> Card:
    """Return the card ``NAME.json``.

    Raises:
        WeightsUnavailable: it is not there, or is not a card.
    """
    path = (folder or weights_folder()) / f"{name}.json"
    try:
        return Card.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise WeightsUnavailable(f"the weights {name!r} have no card at {path}") from error
