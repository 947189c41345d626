"""Large files over a real socket: whole, in parts, and by HEAD; httpx as somebody's own client."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from tests.services.house import House


def noise() -> bytes:
    """A picture that no format makes small: more than one piece of ``webapp.files``."""
    file = BytesIO()
    pixels = np.random.default_rng(3).integers(0, 255, (900, 900, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_a_large_file_whole_and_in_parts(tmp_path: Path) -> None:
    house = House(tmp_path, MIEN_FACES_WAIT_SECONDS="0")
    data = noise()
    assert len(data) > 2 * 1024 * 1024
    try:
        house.migrate()
        house.start_web()
        address = f"/api/v1/photos/{house.upload(data)['id']}/file/"
        with httpx.Client(base_url=house.url, timeout=30) as client:
            whole = client.get(address)
            assert (whole.status_code, whole.content == data) == (200, True)
            etag = whole.headers["ETag"]
            # A download that broke off goes on where it was.
            part = client.get(address, headers={"Range": "bytes=1000000-", "If-Range": etag})
            assert (part.status_code, part.content == data[1_000_000:]) == (206, True)
            assert part.headers["Content-Range"] == f"bytes 1000000-{len(data) - 1}/{len(data)}"
            head = client.head(address)
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["Content-Length"] == str(len(data))
            assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
            with client.stream("GET", address) as broken_off:
                next(broken_off.iter_raw(1000))
            assert client.get(address).content == data
        assert "Warning" not in house.log("web")
        assert "Traceback" not in house.log("web")
    finally:
        house.stop()
