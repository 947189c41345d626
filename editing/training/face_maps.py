"""Every labelled face laid on the canonical map, cut once and kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from editing.faces.canonical import canonical_face
from editing.faces.maps import canonical_mesh, laid_on_map
from editing.models import ModelStore
from editing.training.frames import SIDE, Frames


def read_maps(frames: Frames, folder: Path, models: ModelStore, size: int) -> NDArray[np.uint8]:
    """Return uint8 (N, size, size, 3), RGB: what ``faces.maps.places`` would look up, of each."""
    file = folder / f"maps{size}.npy"
    if not file.is_file():
        mesh = canonical_mesh(canonical_face(models), SIDE)
        laid = [
            laid_on_map(picture, landmarks, mesh, size)
            for picture, landmarks in zip(frames.pictures, frames.landmarks, strict=True)
        ]
        np.save(file, np.stack(laid))
    return np.load(file, mmap_mode="r")
