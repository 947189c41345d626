"""A video on the page: dropped, everybody hidden, played, deleted."""

from __future__ import annotations

import numpy as np
import pytest
from acts import EDIT_MS, choose
from playwright.sync_api import Page, expect
from skimage import data

from tests.editing.clips import moving, write_clip

PLAYS = "player => player.readyState >= 1 && player.videoWidth > 0"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    frames = moving(np.ascontiguousarray(data.astronaut()), 12)
    path = tmp_path_factory.mktemp("clip") / "clip.webm"
    return write_clip(path, frames, sound=False, codec="libvpx").read_bytes()


def test_everybody_in_a_video_is_hidden(page: Page, clip: bytes) -> None:
    page.goto("/")
    choose(page, clip, "party.webm", "video/webm")
    expect(page.get_by_role("heading", name="Nobody recognisable")).to_be_visible()
    expect(page.get_by_text("320 × 240")).to_be_visible()
    page.get_by_text("Mosaic", exact=True).click()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("link", name="Download")).to_be_visible(timeout=2 * EDIT_MS)
    expect(page.locator("#people")).to_contain_text("Person 1, 0:00 to 0:00")
    page.wait_for_function(f"({PLAYS})(document.getElementById('player'))")
    assert "/result/" in page.locator("#player").evaluate("player => player.src")
    page.get_by_role("button", name="Original").click()
    assert "/file/" in page.locator("#player").evaluate("player => player.src")
    page.reload()
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").click()
    assert waiting.value.suggested_filename == "party-deidentify.webm"
    page.get_by_role("button", name="Delete video now").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("heading", name="Change the face.")).to_be_visible()


def test_a_broken_video_is_named(page: Page, clip: bytes) -> None:
    page.goto("/")
    choose(page, clip[:200], "cut.webm", "video/webm")
    expect(page.get_by_role("alert")).to_contain_text("cannot be read as a video")
