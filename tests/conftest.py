"""What many tests need: real photos out of packages, and their bytes."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import skimage
from PIL import Image

from editing.photo import Photo, decode_photo


def encoded(picture: Image.Image, format: str, **options: object) -> bytes:
    """Return the picture's file as Pillow writes it."""
    out = BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


@pytest.fixture(scope="session")
def astronaut_picture() -> Image.Image:
    """Eileen Collins, 512 x 512, NASA, public domain, as scikit-image carries it."""
    return Image.fromarray(np.array(skimage.data.astronaut()))


@pytest.fixture(scope="session")
def astronaut_jpeg(astronaut_picture: Image.Image) -> bytes:
    return encoded(astronaut_picture, "JPEG", quality=95, subsampling=0)


@pytest.fixture(scope="session")
def astronaut_png(astronaut_picture: Image.Image) -> bytes:
    return encoded(astronaut_picture, "PNG")


@pytest.fixture(scope="session")
def astronaut_photo(astronaut_png: bytes) -> Photo:
    return decode_photo(astronaut_png)


@pytest.fixture(scope="session")
def grace_hopper_path() -> Path:
    """Grace Hopper, 512 x 600 JPEG, US Navy, public domain, as matplotlib carries it."""
    return Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"


@pytest.fixture(scope="session")
def grace_hopper_jpeg(grace_hopper_path: Path) -> bytes:
    return grace_hopper_path.read_bytes()


@pytest.fixture(scope="session")
def grace_hopper_photo(grace_hopper_jpeg: bytes) -> Photo:
    return decode_photo(grace_hopper_jpeg)


@pytest.fixture(scope="session")
def landscape_jpeg() -> bytes:
    """A photo-like picture without a face: hills of smooth noise, 320 x 240."""
    random = np.random.default_rng(7)
    coarse = random.integers(0, 255, (6, 8, 3), dtype=np.uint8)
    picture = Image.fromarray(coarse).resize((320, 240), Image.Resampling.BICUBIC)
    return encoded(picture, "JPEG", quality=90)
