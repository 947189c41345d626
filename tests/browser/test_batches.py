"""Many photos at once: a ZIP goes in, progress is told, what failed says why, a ZIP comes out."""

from __future__ import annotations

import io
import zipfile

from acts import EDIT_MS, drop, wait_for_edit
from playwright.sync_api import Page, expect


def _archive(photo: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("wedding/bride.jpg", photo)
        archive.writestr("wedding/letter.jpg", b"This is no photo.")
    return out.getvalue()


def test_a_zip_of_photos_is_edited_and_the_bad_one_is_named(
    page: Page, astronaut_jpeg: bytes
) -> None:
    page.goto("/")
    page.get_by_role("link", name="Many photos at once").click()
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#sending")).to_contain_text("Choose photos")
    zipped = {
        "name": "wedding.zip",
        "mimeType": "application/zip",
        "buffer": _archive(astronaut_jpeg),
    }
    page.get_by_label("Photos, or one ZIP").set_input_files(zipped)
    page.get_by_label("What shall be done").select_option("expression")
    page.get_by_text("Happy", exact=True).click()
    page.get_by_role("button", name="Add as a step").click()
    expect(page.get_by_role("list", name="Steps")).to_contain_text("Expression")
    page.get_by_role("button", name="Start this step").click()
    batch = page.locator(".batch").filter(has_text="wedding.zip")
    expect(batch).to_contain_text("1 of 2 done, 1 failed", timeout=EDIT_MS)
    expect(batch).to_contain_text("wedding/letter.jpg")
    expect(batch.get_by_role("button", name="Try again")).to_be_visible()
    batch.get_by_text("Files", exact=True).click()
    expect(batch.get_by_role("listitem").filter(has_text="letter")).to_contain_text("failed")
    with page.expect_download() as waiting:
        batch.get_by_role("link", name="Download all").click()
    with zipfile.ZipFile(waiting.value.path()) as archive:
        names = archive.namelist()
    assert "wedding/bride.jpg" in names
    assert "report.csv" in names
    batch.get_by_role("link", name="wedding/bride.jpg").click()
    wait_for_edit(page, "Happy")


def test_files_that_are_dropped_are_taken(page: Page) -> None:
    page.goto("/batches/")
    expect(page.get_by_role("button", name="Start")).to_be_enabled()
    drop(page, b"no zip", "a.zip", "application/zip")
    drop(page, b"file", "other.csv", "text/csv")
    assert page.locator("#files").evaluate("input => input.files[0].name") == "a.zip"
    assert page.locator("#overrides").evaluate("input => input.files[0].name") == "other.csv"


def test_the_page_fits_a_phone(phone: Page) -> None:
    phone.goto("/batches/")
    expect(phone.get_by_role("heading", name="Many photos at once")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
