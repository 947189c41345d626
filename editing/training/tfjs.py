"""Arrays as TensorFlow.js keeps them: a manifest in JSON beside files of numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor


def read_arrays(path: Path, manifest: list[dict[str, Any]]) -> dict[str, Tensor]:
    """Return the arrays of a TensorFlow.js manifest, whose files lie beside ``path``, by name."""
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
