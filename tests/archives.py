"""ZIPs of small photos, for the tests of batches."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import numpy as np
from PIL import Image

from tests.conftest import encoded


def archive_of(files: Mapping[str, bytes]) -> io.BytesIO:
    """Return a ZIP as a file that can be posted; the same files give the same bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    file.seek(0)
    file.name = "photos.zip"
    return file


def small_jpeg(level: int = 128) -> bytes:
    """Return a photo of one grey, 32 x 24."""
    return encoded(Image.fromarray(np.full((24, 32, 3), level, np.uint8)), "JPEG")
