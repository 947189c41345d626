"""How the page stands on a phone, in the dark, by keyboard, and without motion."""

from __future__ import annotations

import re

import pytest
from acts import EDIT_MS, choose, open_photo, set_slider, wait_for_edit
from playwright.sync_api import Browser, Page, expect

# Ink on ground, as they occur; AA asks 4.5 of text and 3 of the edges of controls.
TEXT = [
    ("--ink", "--ground"),
    ("--ink", "--surface"),
    ("--ink-soft", "--surface"),
    ("--ink-soft", "--ground"),
    ("--ink-soft", "--sunken"),
    ("--accent", "--surface"),
    ("--accent", "--accent-soft"),
    ("--on-accent", "--accent"),
    ("--bad", "--surface"),
]
EDGES = [("--line-strong", "--surface"), ("--accent", "--surface"), ("--focus", "--surface")]


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _tokens(page: Page) -> dict[str, str]:
    names = sorted({name for pair in TEXT + EDGES for name in pair})
    read = "names => names.map(n => getComputedStyle(document.documentElement).getPropertyValue(n))"
    return dict(zip(names, [value.strip() for value in page.evaluate(read, names)], strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(browser: Browser, url: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme, base_url=url)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/")
    assert page.locator("html").get_attribute("data-theme") == scheme
    tokens = _tokens(page)
    for ink, ground in TEXT:
        assert _contrast(tokens[ink], tokens[ground]) >= 4.5, (ink, ground)
    for ink, ground in EDGES:
        assert _contrast(tokens[ink], tokens[ground]) >= 3, (ink, ground)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    red = int(re.findall(r"\d+", ground)[0])
    assert (red < 60) == (scheme == "dark")
    context.close()


def test_theme_can_be_switched_and_is_kept(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_phone(phone: Page, astronaut_jpeg: bytes) -> None:
    phone.goto("/")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    choose(phone, astronaut_jpeg, "astronaut.jpg")
    expect(phone.locator(".frame")).to_have_count(1, timeout=EDIT_MS)
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    phone.get_by_role("button", name="Face 1 in the photo").tap()
    set_slider(phone, "smile", 0.6)
    wait_for_edit(phone, "Smile +0.60")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    phone.get_by_role("button", name="Delete photo now").scroll_into_view_if_needed()
    stage = phone.locator("#stage").bounding_box()
    assert stage
    assert stage["y"] < 60, "the photo stays in sight while the settings scroll"
    small = phone.evaluate("""() => [...document.querySelectorAll(
        "button, a.button, .switch, .choice-row span")]
      .filter(e => e.offsetParent && e.getBoundingClientRect().height < 24)
      .map(e => e.outerHTML.slice(0, 80))""")
    assert small == []


def test_keyboard_only(page: Page, astronaut_jpeg: bytes) -> None:
    # Heard from the start: the browser takes a moment to hand its file dialog over.
    page.on(
        "filechooser",
        lambda chooser: chooser.set_files(
            {"name": "astronaut.jpg", "mimeType": "image/jpeg", "buffer": astronaut_jpeg}
        ),
    )
    page.goto("/")
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "file":
            break
    page.keyboard.press("Enter")
    expect(page.locator(".frame")).to_have_count(1, timeout=EDIT_MS)
    expect(page.locator("input[name=smile]")).to_be_enabled()

    visited = []
    for _ in range(30):
        page.keyboard.press("Tab")
        visited.append(
            page.evaluate("document.activeElement.name || document.activeElement.className")
        )
        if visited[-1] == "smile":
            break
    assert visited[-1] == "smile", visited
    assert "frame" in visited
    assert "chip" in visited
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    wait_for_edit(page, "Smile +0.50")

    current = page.locator(".step[aria-current=step]")
    page.keyboard.press("z")
    expect(current).to_contain_text("Original")
    page.keyboard.press("Shift+Z")
    expect(current).to_contain_text("Smile +0.50")

    page.keyboard.press("c")
    line = page.get_by_role("slider", name="Before and after")
    expect(line).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(line).to_have_attribute("aria-valuenow", "48")
    page.keyboard.press("c")

    page.keyboard.down("o")
    expect(page.locator("#before")).to_be_visible()
    page.keyboard.up("o")
    expect(page.locator("#before")).to_be_hidden()

    page.keyboard.press("h")
    expect(page.get_by_role("dialog")).to_contain_text("Hold to see the original")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_arrows_walk_over_the_faces(page: Page, pair_jpeg: bytes) -> None:
    open_photo(page, pair_jpeg, "pair.jpg", faces=2)
    page.get_by_role("button", name="Face 1 in the photo").focus()
    page.keyboard.press("ArrowRight")
    second = page.get_by_role("button", name="Face 2 in the photo")
    expect(second).to_be_focused()
    expect(second).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("a")
    expect(page.locator(".frame[aria-pressed=true]")).to_have_count(2)
    page.keyboard.press("1")
    expect(page.locator(".frame[aria-pressed=true]")).to_have_count(1)


def test_no_motion_where_none_is_wanted(browser: Browser, url: str) -> None:
    context = browser.new_context(reduced_motion="reduce", base_url=url)
    page = context.new_page()
    page.goto("/")
    assert page.evaluate("document.getAnimations().length") == 0
    context.close()


def test_without_scripts_there_is_a_sentence(page: Page) -> None:
    response = page.goto("/")
    assert response
    noscript = re.search("<noscript>(.*?)</noscript>", response.text(), re.DOTALL)
    assert noscript
    assert "JavaScript" in noscript[1]


def test_nothing_inline(page: Page) -> None:
    response = page.goto("/")
    assert response
    body = response.text()
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", body) == []
    assert re.findall(r"\s(style|on\w+)=", body) == []
