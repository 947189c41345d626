"""An engine for tests of what surrounds engines: it lightens the face the more, the older."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from editing.engines import ENGINES
from editing.faces.paste import FaceEdit
from editing.faces.topology import FACE_OVAL
from editing.operations import OPERATIONS
from editing.operations.base import EngineDeclaration


class StubAge:
    """Counts its runs; keeps in the frame's memo how often it looked at the face itself."""

    name = "native"

    def __init__(self):
        self.runs = []
        self.looks = 0

    def run(self, operation, frame, params, seed, models, progress):
        progress(0.0, "ageing")
        if "oval" not in frame.memo:
            self.looks += 1
            mask = np.zeros((frame.size, frame.size), np.float32)
            outline = np.round(frame.landmarks[list(FACE_OVAL), :2]).astype(np.int32)
            frame.memo["oval"] = cv2.fillPoly(mask, [outline], 1.0)
        self.runs.append((params.target_age, seed))
        share = params.strength * (params.target_age - 45) / 100
        lighter = np.full((*frame.memo["oval"].shape, 3), share, np.float32)
        progress(1.0, "aged")
        return FaceEdit(frame.memo["oval"], difference=lighter)


def use_stub(monkeypatch: pytest.MonkeyPatch) -> StubAge:
    """Make the stub the one engine of the operation ``age``, with weights that are there."""
    stub = StubAge()
    monkeypatch.setitem(ENGINES, ("age", "native"), stub)
    declared = (EngineDeclaration("native", weights=("mesh",)),)
    monkeypatch.setitem(OPERATIONS, "age", replace(OPERATIONS["age"], engines=declared))
    return stub
