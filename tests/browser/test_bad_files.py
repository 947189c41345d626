"""Files that cannot be edited: each says what is wrong, and the page lives on."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from acts import EDIT_MS, choose, drop, encode
from PIL import Image
from playwright.sync_api import Page, expect


def _bomb() -> bytes:
    """A PNG of a few bytes that says it is 60 000 x 60 000."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def _animation() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (64, 64), (shade, 90, 90)) for shade in (0, 120, 240)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=100)
    return out.getvalue()


NOISE = np.random.default_rng(1).integers(0, 255, (400, 400, 3), dtype=np.uint8)
BAD = {
    "empty.jpg": (b"", "empty"),
    "text.jpg": (b"This is a letter, not a photo.\n" * 20, "cannot be read as a photo"),
    "truncated.jpg": (encode(NOISE)[:4000], "cannot be read as a photo"),
    "bomb.png": (_bomb(), "too large"),
    "moving.gif": (_animation(), "cannot be edited"),
    "dot.png": (encode(NOISE[:1, :1], "PNG"), "too small"),
}


@pytest.mark.parametrize("name", BAD)
def test_problem_is_shown_and_the_page_lives_on(
    page: Page, astronaut_jpeg: bytes, name: str
) -> None:
    data, words = BAD[name]
    page.goto("/")
    drop(page, data, name)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(words, timeout=EDIT_MS)
    expect(alert).to_contain_text(name)
    expect(page.locator("#upload")).to_be_hidden()
    alert.get_by_role("button", name="Dismiss").click()
    expect(alert).to_have_count(0)
    choose(page, astronaut_jpeg, "astronaut.jpg")
    expect(page.locator(".frame")).to_have_count(1, timeout=EDIT_MS)


def test_photo_without_a_face_says_so(page: Page, landscape_jpeg: bytes) -> None:
    page.goto("/")
    choose(page, landscape_jpeg, "hills.jpg")
    expect(page.get_by_text("No face was found", exact=False).first).to_be_visible(timeout=EDIT_MS)


def test_bad_file_in_the_studio_keeps_the_open_photo(page: Page, astronaut_jpeg: bytes) -> None:
    page.goto("/")
    choose(page, astronaut_jpeg, "astronaut.jpg")
    expect(page.locator(".frame")).to_have_count(1, timeout=EDIT_MS)
    address = page.url
    drop(page, b"no photo", "letter.jpg")
    expect(page.get_by_role("alert")).to_contain_text("cannot be read as a photo")
    assert page.url.split("?")[0] == address.split("?")[0]
    expect(page.locator("input[name=smile]")).to_be_enabled()


def test_photo_that_is_not_there(page: Page) -> None:
    page.goto("/photos/00000000-0000-4000-8000-000000000000/")
    expect(page.get_by_role("alert")).to_contain_text("no longer here")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_server_that_does_not_answer(page: Page, astronaut_jpeg: bytes) -> None:
    page.goto("/")
    page.route("**/api/v1/photos/", lambda route: route.abort())
    choose(page, astronaut_jpeg, "astronaut.jpg")
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
