"""Attributes that were added to ``inpaint`` without retraining anything. No torch here.

Each is a small file beside the frozen ``face_prior``: a row that reads the attribute from the
coefficients of a face. ``python -m editing.training attribute`` makes one of two folders of photos.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

log = logging.getLogger(__name__)

Region = Literal["mouth", "eyes", "brows", "nose", "moustache", "beard", "glasses"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]


class AddedAttribute(BaseModel):
    """One attribute: ``middle`` + ``row`` @ coefficients is 1 where it is there, 0 where not.

    ``doubt`` is the spread of the reading's error, ``told_apart`` the share of the photos that it was
    made of that are read rightly when left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    region: Region
    row: list[float]
    middle: float
    doubt: float = Field(gt=0)
    positive: int
    negative: int
    told_apart: float


def attributes_folder() -> Path:
    """Return the folder of added attributes: ``attributes`` in ``MIEN_DATA``, or in ``var``."""
    default = Path(__file__).resolve().parents[1] / "var"
    return Path(os.environ.get("MIEN_DATA") or default).expanduser().resolve() / "attributes"


def added_attributes() -> dict[str, AddedAttribute]:
    """Return the attributes of the folder by name; a file that is none is logged and left out."""
    found = {}
    for path in sorted(attributes_folder().glob("*.json")):
        try:
            one = AddedAttribute.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            log.warning("%s is no attribute: %s", path, error)
            continue
        found[one.name] = one
    return found
