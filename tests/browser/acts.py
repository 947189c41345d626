"""What a person does on the page, for the tests to say in one line."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

# The first edit of a worker loads its networks, on a machine that may be busy.
EDIT_MS = 60_000

_DROP = """([text, name, type]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    document.body.dispatchEvent(
      new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer })
    );
  }
}"""

_PASTE = """([text, name, type]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  document.body.dispatchEvent(
    new ClipboardEvent("paste", { bubbles: true, clipboardData: transfer })
  );
}"""


def encode(pixels: np.ndarray, format: str = "JPEG", **options: object) -> bytes:
    """Return the file of uint8 pixels as Pillow writes it."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format, **options)
    return out.getvalue()


def drop(page: Page, data: bytes, name: str, type: str = "image/jpeg") -> None:
    """Drop a file on the page."""
    page.evaluate(_DROP, [base64.b64encode(data).decode(), name, type])


def paste(page: Page, data: bytes, name: str, type: str = "image/png") -> None:
    """Paste a file from the clipboard."""
    page.evaluate(_PASTE, [base64.b64encode(data).decode(), name, type])


def choose(page: Page, data: bytes, name: str, type: str = "image/jpeg") -> None:
    """Choose a file with the page's own input."""
    page.set_input_files("#file", {"name": name, "mimeType": type, "buffer": data})


def open_photo(page: Page, data: bytes, name: str = "astronaut.jpg", faces: int = 1) -> None:
    """Open the start page, choose a photo there and wait until its faces are framed."""
    page.goto("/")
    choose(page, data, name)
    expect(page.locator(".frame")).to_have_count(faces, timeout=EDIT_MS)
    expect(page.locator("input[name=smile]")).to_be_enabled()


def set_slider(page: Page, name: str, value: float) -> None:
    """Move a slider at one go, as a hand that lets go of it at once."""
    page.locator(f"input[name={name}]").fill(str(value))


def wait_for_edit(page: Page, words: str) -> None:
    """Wait until the step in front of the person is the one of those words, and is done."""
    expect(page.locator(".step[aria-current=step]")).to_contain_text(words, timeout=EDIT_MS)
    expect(page.locator("#verdict")).to_be_visible(timeout=EDIT_MS)
