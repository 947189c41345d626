"""``MIEN_COMMERCIAL_ONLY``: weights that are not for commercial use are refused, and why is said."""

from __future__ import annotations

import json

import pytest

from editing import __main__ as command_line
from editing.availability import refusal
from editing.errors import LicenceRefused
from editing.licences import commercial_only
from editing.models import ModelStore
from editing.operations.age import PIPELINE_SETTING
from editing.operations.base import EngineDeclaration
from editing.weights import weights_folder


@pytest.fixture
def forbidden(monkeypatch):
    monkeypatch.setenv("MIEN_COMMERCIAL_ONLY", "1")


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MIEN_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("MIEN_DEBUG", raising=False)

    def take(*arguments):
        status = command_line.main([str(argument) for argument in arguments])
        return status, capsys.readouterr()

    return take


@pytest.mark.parametrize(
    ("value", "on"), [("", False), ("0", False), ("No", False), ("1", True), ("yes", True)]
)
def test_the_setting(monkeypatch, value, on):
    monkeypatch.setenv("MIEN_COMMERCIAL_ONLY", value)
    assert commercial_only() is on


def test_the_store_hands_out_what_may_be_used_only(forbidden):
    models = ModelStore()
    assert models.tensors("mesh")
    with pytest.raises(LicenceRefused, match=r"'landmarks' \(CC-BY-NC-SA-4.0\)"):
        models.tensors("landmarks")


@pytest.mark.parametrize("command", ["edit", "faces"])
def test_the_command_line_says_so(run, forbidden, tmp_path, astronaut_png, command):
    photo, out = tmp_path / "photo.png", tmp_path / "out.png"
    photo.write_bytes(astronaut_png)
    edit = (out, "--operation", "expression", "--set", "smile=1")
    status, said = run(command, photo, *(edit if command == "edit" else ()))
    assert status == 5
    (line,) = said.err.splitlines()
    assert "MIEN_COMMERCIAL_ONLY" in line
    assert "'landmarks' (CC-BY-NC-SA-4.0)" in line
    assert "nothing can be edited" in line
    assert not out.exists()


def test_operations_tells_what_the_setting_leaves(run, forbidden):
    _, said = run("operations")
    for operation in json.loads(said.out):
        for engine in operation["engines"]:
            assert engine["available"] is False
            assert "MIEN_COMMERCIAL_ONLY" in engine["reason"]


def test_what_a_permissive_version_would_say(forbidden, tmp_path, monkeypatch):
    """With weights that all allow it, the pipeline's own licence decides."""
    for name in ("mesh", "landmarks"):
        card = json.loads((weights_folder() / f"{name}.json").read_text())
        card |= {"licence": "CC-BY-4.0", "commercial_use": True}
        (tmp_path / f"{name}.json").write_text(json.dumps(card))
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    monkeypatch.setenv(PIPELINE_SETTING, str(tmp_path))
    engine = EngineDeclaration("diffusion", ("mesh", "landmarks"), PIPELINE_SETTING)
    refused = refusal(engine, tmp_path)
    assert refused.by_licence
    assert "(unknown)" in refused.reason
    assert "nothing can be edited" not in refused.reason
    (tmp_path / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    assert refusal(engine, tmp_path) is None
