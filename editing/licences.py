"""The setting that refuses weights which are not for commercial use. No torch here."""

from __future__ import annotations

import os
from collections.abc import Mapping

SETTING = "MIEN_COMMERCIAL_ONLY"
OFF = ("", "0", "false", "no", "off")

# Every operation finds the points of a face with these, so without them nothing can be done.
FOR_EVERYTHING = "landmarks"


def commercial_only() -> bool:
    """Return whether this installation refuses weights that are not for commercial use."""
    return os.environ.get(SETTING, "").strip().lower() not in OFF


def refusal_of(licences: Mapping[str, str]) -> str:
    """Return the sentence that refuses weights; ``licences`` maps their names to their licences."""
    told = ", ".join(f"{name!r} ({licence})" for name, licence in licences.items())
    sentence = f"{SETTING} is set, and these weights are not for commercial use: {told}"
    if FOR_EVERYTHING in licences:
        sentence += (
            f"; every operation needs {FOR_EVERYTHING!r} to find faces, so with this setting"
            " nothing can be edited"
        )
    return sentence
