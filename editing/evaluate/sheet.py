"""A contact sheet: a row per face, a column per setting, the photo as it was on the left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from editing.faces.face import Box

TILE = 176
LABEL = 22
GAP = 2
SHOWN = 1.5  # how much of the photo around the face, in its boxes


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One face: its name, and a tile per column, uint8 (TILE, TILE, 3); None where it failed."""

    name: str
    tiles: Sequence[NDArray[np.uint8] | None]


def cut_tile(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Return the square around the face box, uint8 (TILE, TILE, 3); beyond the photo it is grey."""
    x0, y0, x1, y1 = box
    side = SHOWN * max(x1 - x0, y1 - y0)
    # A little higher than the points' box, which ends at the brow of the forehead.
    left, top = (x0 + x1 - side) / 2, (y0 + y1) / 2 - 0.55 * side
    low = np.maximum(np.floor([left, top]).astype(int), 0)
    high = np.minimum(np.ceil([left + side, top + side]).astype(int), pixels.shape[1::-1])
    part = pixels[low[1] : high[1], low[0] : high[0]]
    scale = TILE / side
    width, height = (max(1, round(length * scale)) for length in (high - low).tolist())
    small = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
    tile = np.full((TILE, TILE, 3), 128, np.uint8)
    x, y = (max(0, round(float(v))) for v in (low - [left, top]) * scale)
    height, width = min(height, TILE - y), min(width, TILE - x)
    tile[y : y + height, x : x + width] = small[:height, :width]
    return tile


def draw_sheet(columns: Sequence[str], rows: Sequence[SheetRow]) -> bytes:
    """Return the sheet as a JPEG file."""
    width = len(columns) * (TILE + GAP) + GAP
    height = LABEL + len(rows) * (TILE + LABEL + GAP) + GAP
    sheet = Image.new("RGB", (width, height), (24, 24, 24))
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=13)
    for n, column in enumerate(columns):
        draw.text((GAP + n * (TILE + GAP) + 4, 3), column, fill=(255, 255, 255), font=font)
    for r, row in enumerate(rows):
        top = LABEL + r * (TILE + LABEL + GAP) + GAP
        draw.text((GAP + 4, top + TILE + 2), row.name, fill=(190, 190, 190), font=font)
        for n, tile in enumerate(row.tiles):
            left = GAP + n * (TILE + GAP)
            if tile is None:
                draw.text((left + 4, top + 4), "failed", fill=(255, 120, 120), font=font)
            else:
                sheet.paste(Image.fromarray(tile), (left, top))
    out = BytesIO()
    sheet.save(out, "JPEG", quality=90)
    return out.getvalue()
