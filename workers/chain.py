"""Edits of edits, pixel for pixel: what a lossy file loses is lost once, however long the chain.

Beside a result that is coded with loss lies a patch, a PNG of the rectangle in which the edit changed
its source. The next edit begins with the photo and the patches that lie on it, not with a file that
was coded, decoded and coded again.
"""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
from PIL import Image

from editing.photo import Photo as Picture
from editing.photo import decode_photo
from webapp import media
from webapp.edits.models import Edit, Patch


def source_of(edit: Edit) -> Picture:
    """Return what an edit begins with: the photo, or what its parent made, as it was before it was
    coded. Digest, format, EXIF and profile are those of the file, which the result names.
    """
    if edit.parent is None:
        return decode_photo(media.read(edit.photo.file))
    shown = decode_photo(media.read(edit.parent.result))
    patches: list[Patch] = []
    at: Edit | None = edit.parent
    while at is not None and at.patch is not None:
        patches.append(at.patch)
        at = at.parent
    if not patches:
        return shown
    pixels = decode_photo(media.read(at.result if at else edit.photo.file)).pixels.copy()
    for patch in reversed(patches):
        x0, y0, x1, y1 = patch["box"]
        pixels[y0:y1, x0:x1] = np.asarray(Image.open(media.path_of(patch["file"])))
    return replace(shown, pixels=pixels)


def write_patch(name: str, before: Picture, after: Picture) -> Patch:
    """Write what of ``before`` is otherwise in ``after``, under ``name`` with its suffix."""
    changed = before.pixels != after.pixels
    rows = np.flatnonzero(changed.any(axis=(1, 2)))
    columns = np.flatnonzero(changed.any(axis=0).any(axis=1))
    # An edit that changed nothing has a patch too, of one pixel: without one its file would count.
    y0, y1 = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 1)
    x0, x1 = (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (0, 1)
    coded = BytesIO()
    Image.fromarray(after.pixels[y0:y1, x0:x1]).save(coded, "PNG", compress_level=1)
    file = f"{name}.png"
    media.write(file, coded.getvalue())
    return {"file": file, "box": [x0, y0, x1, y1]}
