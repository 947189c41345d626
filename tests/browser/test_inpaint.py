"""Inpainting on the page: choices that hang together, a painted mask, proposals to choose from."""

from __future__ import annotations

import re

import pytest
from acts import EDIT_MS, open_photo
from playwright.sync_api import Page, expect


@pytest.fixture
def inpainting(page: Page, astronaut_jpeg: bytes) -> Page:
    open_photo(page, astronaut_jpeg)
    page.locator("#tab-inpaint").click()
    expect(page.locator("#controls")).to_contain_text("Region")
    return page


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f"label:has(input[name={name}][value={value}])").click()


def test_only_what_fits_the_region_is_offered(inpainting: Page) -> None:
    page = inpainting
    page.locator(".switch:has(#live)").click()
    choose(page, "region", "hair")
    offered = page.locator("label:has(input[name=attribute]):visible")
    expect(offered).to_have_text(["Color", "Grey"])
    expect(page.locator("input[name=color]")).to_be_visible()
    choose(page, "attribute", "grey")
    expect(page.locator("input[name=color]")).to_be_hidden()


def test_what_is_painted_over_is_filled(inpainting: Page) -> None:
    page = inpainting
    choose(page, "region", "mask")
    canvas, apply = page.locator(".brush-canvas"), page.locator(".panel [data-action=apply]")
    expect(canvas).to_be_visible()
    expect(apply).to_be_disabled()
    face = page.locator(".frame").first.evaluate(
        "(one) => ({ left: one.style.left, top: one.style.top, width: one.style.width })"
    )
    box = canvas.bounding_box()
    assert box is not None
    share = {name: float(value.rstrip("%")) / 100 for name, value in face.items()}
    x = box["x"] + box["width"] * (share["left"] + share["width"] / 2)
    y = box["y"] + box["height"] * (share["top"] + share["width"] * 0.6)
    page.mouse.move(x - 10, y)
    page.mouse.down()
    page.mouse.move(x + 10, y, steps=4)
    page.mouse.up()
    expect(apply).to_be_enabled()
    apply.click()
    expect(page.locator("#after")).to_have_attribute("src", re.compile("/edits/"), timeout=EDIT_MS)
    expect(page.locator("#measures")).to_contain_text("Outside the edit")
    # The mask is used up: the result can be looked at, and another one painted on it.
    expect(apply).to_be_disabled()
    painted = canvas.evaluate(
        "(one) => one.getContext('2d').getImageData(0, 0, one.width, one.height).data.some((v) => v)"
    )
    assert not painted


def test_one_of_several_proposals_is_chosen(inpainting: Page) -> None:
    page = inpainting
    page.locator(".switch:has(#live)").click()
    page.locator("input[name=variants]").fill("3")
    page.locator(".panel [data-action=apply]").click()
    expect(page.locator(".film")).to_have_count(3)
    expect(page.locator(".step[aria-current=step]")).to_be_visible(timeout=2 * EDIT_MS)
    page.locator(".film").nth(2).click()
    page.locator("[data-action=use-one]").click()
    expect(page.locator("#filmstrip")).to_be_hidden(timeout=EDIT_MS)
    expect(page.locator("#after")).to_have_attribute(
        "src", re.compile(r"/edits/[^/]+/picture/$"), timeout=EDIT_MS
    )
