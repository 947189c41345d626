"""The main job: a photo dropped, a smile, watched live, compared, downloaded, found again."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
from acts import EDIT_MS, choose, drop, open_photo, paste, set_slider, wait_for_edit
from PIL import Image
from playwright.sync_api import Browser, Page, expect

EDITED = re.compile("/edits/[^/]+/picture/$")


def test_from_drop_to_download(page: Page, astronaut_jpeg: bytes, tmp_path: Path) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    drop(page, astronaut_jpeg, "astronaut.jpg")
    frame = page.get_by_role("button", name="Face 1 in the photo")
    expect(frame).to_have_attribute("aria-pressed", "true", timeout=EDIT_MS)
    expect(page.locator("#photo-line")).to_have_text("512 × 512 px · 1 face")
    expect(page.locator("#download")).to_have_attribute("aria-disabled", "true")

    set_slider(page, "smile", 0.8)
    wait_for_edit(page, "Smile +0.80")
    expect(page.locator("#after")).to_have_attribute("src", EDITED)
    expect(page.locator("#measures")).to_contain_text("Still the same person")
    expect(page.locator("#measures")).to_contain_text("Outside the edit: nothing changed")

    with page.expect_download() as waiting:
        page.locator("#download").click()
    saved = tmp_path / "edited"
    waiting.value.save_as(saved)
    edited = np.asarray(Image.open(saved).convert("RGB")).astype(int)
    source = np.asarray(Image.open(io.BytesIO(astronaut_jpeg)).convert("RGB")).astype(int)
    assert edited.shape == source.shape
    assert np.abs(edited - source)[80:190, 170:280].max() > 20

    with page.expect_download() as waiting:
        page.get_by_role("link", name="Report (JSON)").click()
    report = json.loads(waiting.value.path().read_text())
    assert report["params"]["smile"] == 0.8
    assert report["faces"][0]["index"] == 0


def test_preview_arrives_before_the_result(page: Page, astronaut_jpeg: bytes) -> None:
    open_photo(page, astronaut_jpeg)
    page.evaluate("""() => {
        window.shown = [];
        const note = () => window.shown.push(document.getElementById("after").src);
        new MutationObserver(note).observe(
          document.getElementById("after"), { attributeFilter: ["src"] });
    }""")
    set_slider(page, "smile", 0.6)
    wait_for_edit(page, "Smile +0.60")
    expect(page.locator("#after")).to_have_attribute("src", EDITED)
    # The photo itself may still be on its way when the slider moves.
    shown = [src for src in page.evaluate("window.shown") if "/photos/" not in src]
    assert len(shown) >= 2
    assert "/previews/" in shown[0]


def test_reload_and_another_tab_find_the_edit(
    page: Page, browser: Browser, url: str, astronaut_jpeg: bytes
) -> None:
    open_photo(page, astronaut_jpeg)
    set_slider(page, "mouth_open", 0.5)
    wait_for_edit(page, "Mouth open +0.50")
    address = page.url
    page.reload()
    wait_for_edit(page, "Mouth open +0.50")
    assert page.locator("input[name=mouth_open]").input_value() == "0.5"
    page.close()

    context = browser.new_context(base_url=url)
    again = context.new_page()
    again.goto(address)
    wait_for_edit(again, "Mouth open +0.50")
    expect(again.locator("#after")).to_have_attribute("src", EDITED)

    again.goto("/")
    again.locator(".recent-card").first.click()
    wait_for_edit(again, "Mouth open +0.50")
    context.close()


def test_undo_redo_reset(page: Page, astronaut_jpeg: bytes) -> None:
    open_photo(page, astronaut_jpeg)
    set_slider(page, "smile", 0.5)
    wait_for_edit(page, "Smile +0.50")
    page.locator("label", has_text="Sad").click()
    wait_for_edit(page, "Sad, Smile +0.50")
    current = page.locator(".step[aria-current=step]")
    page.get_by_role("button", name="Undo").click()
    # The two were one movement if the second followed at once; then the photo itself is next.
    expect(current).to_contain_text(re.compile(r"Original|^1Smile \+0\.50"))
    page.get_by_role("button", name="Redo").click()
    expect(current).to_contain_text("Sad, Smile +0.50")
    page.get_by_role("button", name="Reset").click()
    expect(current).to_contain_text("Original")
    assert page.locator("input[name=smile]").input_value() == "0"
    expect(page.locator("#after")).not_to_have_attribute("src", EDITED)


def test_preset_shows_where_it_puts_the_sliders(page: Page, astronaut_jpeg: bytes) -> None:
    open_photo(page, astronaut_jpeg)
    smile = page.locator(".slider", has=page.locator("input[name=smile]"))
    expect(smile.locator("output")).to_have_text("0.00")
    page.locator("label", has_text="Happy").click()
    wait_for_edit(page, "Happy")
    expect(smile.locator("output")).to_have_text("+0.90")
    assert smile.locator("input").input_value() == "0"


def test_double_click_makes_a_slider_neutral(page: Page, astronaut_jpeg: bytes) -> None:
    open_photo(page, astronaut_jpeg)
    set_slider(page, "brow_raise", 0.5)
    wait_for_edit(page, "Brows raised +0.50")
    page.locator("input[name=brow_raise]").dblclick()
    expect(page.locator(".step[aria-current=step]")).to_contain_text("Original")
    assert page.locator("input[name=brow_raise]").input_value() == "0"


def test_live_off_waits_for_apply(page: Page, astronaut_jpeg: bytes) -> None:
    open_photo(page, astronaut_jpeg)
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if r.method == "POST" else None)
    page.get_by_role("switch", name="Live").uncheck()
    set_slider(page, "smile", 0.4)
    page.wait_for_timeout(600)  # more than the pause after which a live slider would have asked
    assert asked == []
    page.get_by_role("button", name="Apply").click()
    wait_for_edit(page, "Smile +0.40")


def test_two_faces_each_its_own(page: Page, pair_jpeg: bytes) -> None:
    open_photo(page, pair_jpeg, "pair.jpg", faces=2)
    first = page.get_by_role("button", name="Face 1", exact=True)
    second = page.get_by_role("button", name="Face 2", exact=True)
    expect(first).to_have_attribute("aria-pressed", "true")
    set_slider(page, "smile", 0.5)
    wait_for_edit(page, "Smile +0.50")

    page.get_by_role("button", name="Face 2 in the photo").click()
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(first).to_have_attribute("aria-pressed", "false")
    assert page.locator("input[name=smile]").input_value() == "0"
    set_slider(page, "brow_raise", 0.4)
    wait_for_edit(page, "Brows raised +0.40")
    expect(page.locator(".step[aria-current=step]")).to_contain_text("on 1 · face 2")

    page.get_by_role("button", name="All", exact=True).click()
    expect(first).to_have_attribute("aria-pressed", "true")
    expect(second).to_have_attribute("aria-pressed", "true")


def test_pasted_photo_opens(page: Page, astronaut_jpeg: bytes) -> None:
    page.goto("/")
    paste(page, astronaut_jpeg, "image.jpg", "image/jpeg")
    expect(page.locator(".frame")).to_have_count(1, timeout=EDIT_MS)


def test_works_without_the_socket(page: Page, astronaut_jpeg: bytes) -> None:
    page.add_init_script("window.WebSocket = class { constructor() { throw new Error('no') } }")
    open_photo(page, astronaut_jpeg)
    set_slider(page, "smile", 0.7)
    wait_for_edit(page, "Smile +0.70")


def test_cancel_goes_back(page: Page, astronaut_jpeg: bytes) -> None:
    # Deaf to every event, the page holds the edit for running as long as the test needs.
    page.add_init_script("window.WebSocket = class { constructor() { throw new Error('no') } }")
    page.route("**/events/**", lambda route: route.fulfill(json={"results": []}))
    open_photo(page, astronaut_jpeg)
    with page.expect_request(re.compile("/cancel/$")):
        set_slider(page, "smile", 0.9)
        page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator("#job")).to_be_hidden()
    assert page.locator("input[name=smile]").input_value() == "0"


def test_newer_edit_cancels_the_older(page: Page, astronaut_jpeg: bytes) -> None:
    page.add_init_script("window.WebSocket = class { constructor() { throw new Error('no') } }")
    page.route("**/events/**", lambda route: route.fulfill(json={"results": []}))
    open_photo(page, astronaut_jpeg)
    with page.expect_response(re.compile("/edits/$")) as started:
        set_slider(page, "smile", 0.3)
    older = started.value.json()["id"]
    with page.expect_request(re.compile(f"{older}/cancel/$")):
        set_slider(page, "smile", 0.6)


def test_compare_line_and_original(page: Page, astronaut_jpeg: bytes) -> None:
    open_photo(page, astronaut_jpeg)
    before = page.locator("#before")
    expect(before).to_be_hidden()
    set_slider(page, "smile", 0.8)
    wait_for_edit(page, "Smile +0.80")

    page.get_by_role("button", name="Compare").click()
    line = page.get_by_role("slider", name="Before and after")
    expect(line).to_have_attribute("aria-valuenow", "50")
    picture = page.locator("#picture").bounding_box()
    grip = page.locator(".compare-grip").bounding_box()
    assert picture
    assert grip
    middle = grip["y"] + grip["height"] / 2
    page.mouse.move(grip["x"] + grip["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(picture["x"] + picture["width"] * 0.25, middle, steps=4)
    page.mouse.up()
    expect(line).to_have_attribute("aria-valuenow", "25")
    page.get_by_role("button", name="Compare").click()
    expect(line).to_be_hidden()

    hold = page.get_by_role("button", name="Original", exact=True)
    place = hold.bounding_box()
    assert place
    page.mouse.move(place["x"] + 10, place["y"] + 10)
    page.mouse.down()
    expect(before).to_be_visible()
    page.mouse.up()
    expect(before).to_be_hidden()


def test_zoom_keeps_the_point_and_fits_again(page: Page, astronaut_jpeg: bytes) -> None:
    open_photo(page, astronaut_jpeg)
    picture = page.locator("#picture")
    fitted = picture.bounding_box()
    assert fitted
    x, y = fitted["x"] + fitted["width"] * 0.4, fitted["y"] + fitted["height"] * 0.3
    page.mouse.move(x, y)
    page.mouse.wheel(0, -400)
    expect(page.locator("#zoom-value")).not_to_have_text(re.compile("^1[0-9][0-9] %"))
    larger = picture.bounding_box()
    assert larger
    assert larger["width"] > fitted["width"] * 1.5
    assert abs((x - larger["x"]) / larger["width"] - 0.4) < 0.01
    assert abs((y - larger["y"]) / larger["height"] - 0.3) < 0.01
    page.keyboard.press("0")
    assert picture.bounding_box() == fitted


def test_delete_asks_and_deletes(page: Page, astronaut_jpeg: bytes) -> None:
    open_photo(page, astronaut_jpeg)
    address = page.url
    page.get_by_role("button", name="Delete photo now").click()
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator(".frame")).to_have_count(1)
    page.get_by_role("button", name="Delete photo now").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto(address)
    expect(page.get_by_role("alert")).to_contain_text("no longer here")


def test_second_photo_replaces_the_first(
    page: Page, astronaut_jpeg: bytes, pair_jpeg: bytes
) -> None:
    open_photo(page, astronaut_jpeg)
    first = page.url
    choose(page, pair_jpeg, "pair.jpg")
    expect(page.locator(".frame")).to_have_count(2, timeout=EDIT_MS)
    assert page.url.split("?")[0] != first.split("?")[0]
    page.go_back()
    expect(page.locator(".frame")).to_have_count(1, timeout=EDIT_MS)


def test_large_heic_is_shown_and_saved_in_full(
    page: Page, astronaut_picture: Image.Image, tmp_path: Path
) -> None:
    out = io.BytesIO()
    fast = {"preset": "ultrafast"}
    astronaut_picture.resize((3000, 3000)).save(out, "HEIF", quality=80, enc_params=fast)
    open_photo(page, out.getvalue(), "phone.heic")
    # Chromium cannot read HEIC: what is seen is the server's copy for the screen.
    shown = page.locator("#before")
    expect(shown).to_have_attribute("src", re.compile("/picture/$"), timeout=EDIT_MS)
    assert shown.evaluate("e => e.decode().then(() => e.naturalWidth)") == 2048
    set_slider(page, "smile", 0.5)
    wait_for_edit(page, "Smile +0.50")
    with page.expect_download(timeout=EDIT_MS) as waiting:
        page.locator("#download").click()
    saved = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(saved)
    assert Image.open(saved).size == (3000, 3000)


def test_zooming_in_takes_the_full_file(page: Page, astronaut_picture: Image.Image) -> None:
    out = io.BytesIO()
    astronaut_picture.resize((3000, 3000)).save(out, "JPEG", quality=90)
    open_photo(page, out.getvalue(), "large.jpg")
    after = page.locator("#after")
    expect(after).to_have_attribute("src", re.compile("/picture/$"), timeout=EDIT_MS)
    page.locator("#stage").dblclick(position={"x": 300, "y": 300})
    expect(page.locator("#zoom-value")).to_have_text("100 %")
    expect(after).to_have_attribute("src", re.compile("/file/$"))
    assert after.evaluate("e => e.decode().then(() => e.naturalWidth)") == 3000
