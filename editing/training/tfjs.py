"""Arrays as TensorFlow.js keeps them: a manifest in JSON beside files of numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor


def read_arrays(path: Path, advice: str | None) -> dict[str, Tensor]:
    """Return the arrays by name: of a manifest, or of a graph that has one; their files lie beside it.

    Raises:
        FileNotFoundError: there is no such file; the message goes on with ``advice``.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no network at {path}; {advice}")
    told = json.loads(path.read_text())
    manifest: list[dict[str, Any]] = told if isinstance(told, list) else told["weightsManifest"]
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
