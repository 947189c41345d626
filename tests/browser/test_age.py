"""Age on the page: the filmstrip, by a tiny pipeline of random weights; and what is refused."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from acts import EDIT_MS, open_photo
from conftest import serve, watch
from playwright.sync_api import Browser, Page, expect

from tests.editing.tiny_pipelines import tiny_pipeline

if os.environ.get("MIEN_BROWSER_URL"):
    pytest.skip("needs servers of its own", allow_module_level=True)


@pytest.fixture(scope="module")
def age_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("age")
    pipeline = tiny_pipeline(folder / "pipeline")
    # One thread: on a busy machine two of them wait for each other at every step of a tiny network.
    settings = {"MIEN_AGE_DIFFUSION": str(pipeline), "OMP_NUM_THREADS": "1"}
    with serve(folder, settings) as address:
        yield address


@pytest.fixture
def page(browser: Browser, age_url: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, base_url=age_url)
    page, wrong = watch(context, age_url)
    page.set_default_timeout(EDIT_MS)
    yield page
    context.close()
    assert wrong == []


def choose_age(page: Page) -> None:
    page.locator("#tab-age").click()
    expect(page.locator("input[name=target_age]")).to_be_enabled()


def test_ages_are_scrubbed_compared_taken_and_downloaded(page: Page, astronaut_jpeg: bytes) -> None:
    open_photo(page, astronaut_jpeg)
    choose_age(page)
    expect(page.locator("label", has_text="Age").first).to_be_visible()
    assert page.locator("output[for^=param-target_age]").inner_text() == "65 years"
    expect(page.locator("#operation-licence")).to_contain_text("landmarks CC-BY-NC-SA-4.0")
    expect(page.locator("#operation-licence")).to_contain_text("Not for commercial use")

    page.locator("[data-action=strip]").click()
    films = page.locator(".film")
    expect(films).to_have_count(8)
    expect(page.locator(".step[aria-current=step]")).to_contain_text("10, 20", timeout=4 * EDIT_MS)
    shown = page.locator("#after")
    expect(shown).to_have_attribute("src", re.compile(r"/results/50/picture/$"))
    expect(page.locator("#measures")).to_contain_text(re.compile(r"Looks \d+ years old"))

    films.nth(4).focus()
    page.keyboard.press("ArrowRight")
    expect(films.nth(5)).to_be_focused()
    expect(films.nth(5)).to_have_attribute("aria-checked", "true")
    expect(shown).to_have_attribute("src", re.compile(r"/results/60/picture/$"))
    page.keyboard.press("End")
    expect(page.locator("#filmstrip-value")).to_have_text("80 years")

    row = page.locator("#filmstrip-row").bounding_box()
    assert row is not None
    at = row["x"] + row["width"] / 16
    page.mouse.move(at + row["width"] / 2, row["y"] + 20)
    page.mouse.down()
    page.mouse.move(at, row["y"] + 20, steps=12)
    page.mouse.up()
    expect(page.locator("#filmstrip-value")).to_have_text("10 years")
    expect(shown).to_have_attribute("src", re.compile(r"/results/10/picture/$"))
    assert page.locator("input[name=target_age]").input_value() == "10"

    page.locator("[data-action=compare]").first.click()
    expect(page.locator("#compare-line")).to_be_visible()
    page.locator("[data-action=compare]").first.click()

    with page.expect_download() as saved:
        page.locator("#download-one").click()
    assert saved.value.suggested_filename == "astronaut-age-10.jpg"
    names = []
    page.on("download", lambda one: names.append(one.suggested_filename))
    page.locator("[data-action=download-all]").click()
    page.wait_for_function("() => true")
    for _ in range(100):
        if len(names) == 8:
            break
        page.wait_for_timeout(50)
    assert sorted(names) == [f"astronaut-age-{age}.jpg" for age in range(10, 90, 10)]

    page.reload()
    expect(films).to_have_count(8)
    films.nth(6).click()
    page.locator("[data-action=use-one]").click()
    expect(page.locator(".step[aria-current=step]")).to_contain_text("Age 70", timeout=EDIT_MS)
    expect(page.locator("#filmstrip")).to_be_hidden()
    expect(shown).to_have_attribute("src", re.compile(r"/edits/[^/]+/picture/$"))
