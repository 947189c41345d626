"""Pipelines that others made: where a setting says they are, and their licence. No torch here.

A setting is an environment variable that names a folder, or an id of the Hugging Face hub such as
``owner/name``. With ``HF_HUB_OFFLINE=1`` nothing is ever fetched.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

INDEX = "model_index.json"
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
UNKNOWN = "unknown"

# Licences, as model cards spell them, that allow commercial use (OpenRAIL with limits on the use).
COMMERCIAL = frozenset({
    "apache-2.0", "mit", "bsd", "bsd-2-clause", "bsd-3-clause", "isc", "unlicense", "cc0-1.0",
    "cc-by-4.0", "openrail", "openrail++", "creativeml-openrail-m", "bigscience-openrail-m",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pretrained:
    """The pipeline that the environment variable ``setting`` names."""

    setting: str

    @property
    def name(self) -> str:
        """What the setting says, or ""."""
        return os.environ.get(self.setting, "").strip()

    @property
    def is_hub_id(self) -> bool:
        return bool(HUB_ID.fullmatch(self.name)) and not Path(self.name).expanduser().is_dir()

    def folder(self) -> Path | None:
        """Return the folder of the pipeline on this machine; None where it must be fetched."""
        if not self.name:
            return None
        if not self.is_hub_id:
            return Path(self.name).expanduser()
        # Takes half a second to import, and only who names a hub id pays for it.
        from huggingface_hub import try_to_load_from_cache

        index = try_to_load_from_cache(self.name, INDEX)
        return Path(index).parent if isinstance(index, str) else None

    def refusal(self) -> str | None:
        """Return why there is no such pipeline here, in one sentence, or None."""
        if not self.name:
            return f"no pipeline is named: set {self.setting} to a folder or an id of the hub"
        folder = self.folder()
        if folder is None:
            if is_offline():
                return f"{self.name} is not on this machine, and HF_HUB_OFFLINE forbids fetching it"
            return None
        if not folder.is_dir():
            return f"{self.setting}: there is no folder {folder}, and it is no id of the hub"
        return _index_refusal(folder / INDEX)

    def licence(self) -> str:
        """Return the licence that its model card tells, as it spells it; "unknown" without one."""
        folder = self.folder()
        return _card_licence(folder / "README.md") if folder is not None else UNKNOWN


def is_offline() -> bool:
    """Return whether the hub's own switch forbids fetching."""
    return os.environ.get("HF_HUB_OFFLINE", "").strip().upper() in ("1", "ON", "YES", "TRUE")


def _index_refusal(path: Path) -> str | None:
    try:
        index = json.loads(path.read_bytes())
    except OSError:
        return f"the folder {path.parent} holds no pipeline: it has no {INDEX}"
    except ValueError:
        return f"{path} is no JSON"
    if not isinstance(index, dict) or not isinstance(index.get("_class_name"), str):
        return f"{path} names no pipeline"
    return None


def _card_licence(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
        head = re.match(r"---\s*\n(.*?)\n---", text, re.DOTALL)
        told: Any = yaml.safe_load(head.group(1)) if head else None
    except (OSError, ValueError, yaml.YAMLError):
        return UNKNOWN
    licence = told.get("license") if isinstance(told, dict) else None
    if licence == "other":
        licence = told.get("license_name") or licence
    return licence.lower() if isinstance(licence, str) and licence else UNKNOWN
