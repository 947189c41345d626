"""A photo for a passport on the page: asked for, seen, judged, downloaded."""

from __future__ import annotations

import io

from acts import EDIT_MS, open_photo, wait_for_edit
from PIL import Image
from playwright.sync_api import Page, expect


def test_an_id_photo_is_cut_judged_and_downloaded(page: Page, astronaut_jpeg: bytes) -> None:
    open_photo(page, astronaut_jpeg)
    page.locator("#tab-normalize").click()
    # Whether the background becomes plain is asked only where there is an ID photo.
    plain = page.get_by_text("Plain background")
    expect(plain).to_be_hidden()
    page.locator("input[name=id_photo][value=us]").locator("xpath=..").click()
    expect(plain).to_be_visible()
    wait_for_edit(page, "ID photo: United States")
    section = page.get_by_role("region", name="ID photo")
    expect(section.locator("img")).to_have_js_property("naturalWidth", 600, timeout=EDIT_MS)
    # She laughs, and her eyes are few pixels apart.
    expect(section).to_contain_text("2 of 13 demands are not met")
    expect(section.locator("li", has_text="Mouth closed")).to_have_attribute("data-tone", "warn")
    expect(section.locator("li", has_text="Eyes level")).to_have_attribute("data-tone", "good")
    with page.expect_download() as waiting:
        section.get_by_role("link", name="ID photo").click()
    assert waiting.value.suggested_filename == "astronaut-normalize-id-photo.jpg"
    with Image.open(io.BytesIO(waiting.value.path().read_bytes())) as picture:
        assert (picture.size, picture.info["dpi"]) == ((600, 600), (300, 300))
