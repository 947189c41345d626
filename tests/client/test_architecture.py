"""The client stands alone: what it imports, and what it says about the server's own models."""

from __future__ import annotations

import subprocess
import sys

from editing import report
from mien.client import models

ALONE = """
import sys
import mien.client
foreign = ("django", "torch", "editing", "webapp", "workers", "numpy", "PIL", "celery")
assert not [name for name in foreign if name in sys.modules]
"""
# As if the package were not installed.
WITHOUT_WEBSOCKETS = """
import sys
sys.modules["websockets"] = None
from mien.client import AsyncClient, sockets
assert not sockets.AVAILABLE
"""


def run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_imports_nothing_else_of_mien() -> None:
    run(ALONE)


def test_it_does_without_websockets() -> None:
    run(WITHOUT_WEBSOCKETS)


def test_its_report_is_the_report() -> None:
    for name in ("Report", "PhotoReport", "FaceReport", "WeightReport", "VariantReport"):
        ours, theirs = (
            {field: str(info.annotation).replace(module.__name__, "") for field, info in getattr(module, name).model_fields.items()}
            for module in (models, report)
        )  # fmt: skip
        assert ours == theirs
