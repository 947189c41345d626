"""Whether a pipeline can be used is told before anything is loaded, and nothing is fetched offline."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from editing.engines import choose_engine
from editing.engines.diffusion.load import load_pipeline
from editing.engines.diffusion.memory import GIB, plan_memory
from editing.errors import EngineUnavailable, WeightsUnavailable
from editing.models import ModelStore
from editing.operations.age import AGE, PIPELINE_SETTING
from editing.pretrained import Pretrained


@pytest.fixture
def models():
    return ModelStore()


@pytest.mark.parametrize(
    ("index", "says"),
    [
        (None, "no model_index.json"),
        ("{", "is no JSON"),
        ("[]", "names no pipeline"),
        ('{"_class_name": 3}', "names no pipeline"),
    ],
)
def test_a_folder_that_is_no_pipeline_is_unavailable(tmp_path, monkeypatch, models, index, says):
    monkeypatch.setenv(PIPELINE_SETTING, str(tmp_path))
    if index is not None:
        (tmp_path / "model_index.json").write_text(index)
    with pytest.raises(EngineUnavailable, match=f"diffusion: .*{says}"):
        choose_engine(AGE, "diffusion", models)


def test_nothing_named_and_a_folder_that_is_not_there(tmp_path, monkeypatch, models):
    monkeypatch.delenv(PIPELINE_SETTING, raising=False)
    with pytest.raises(EngineUnavailable, match=f"set {PIPELINE_SETTING}"):
        choose_engine(AGE, "diffusion", models)
    monkeypatch.setenv(PIPELINE_SETTING, str(tmp_path / "missing"))
    with pytest.raises(EngineUnavailable, match="there is no folder"):
        choose_engine(AGE, "diffusion", models)


def test_a_hub_id_that_is_not_here_is_not_fetched_offline(monkeypatch, models):
    monkeypatch.setenv(PIPELINE_SETTING, "nobody/no-such-pipeline")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EngineUnavailable, match="HF_HUB_OFFLINE forbids"):
        choose_engine(AGE, "diffusion", models)
    with pytest.raises(WeightsUnavailable, match="HF_HUB_OFFLINE forbids"):
        load_pipeline(Pretrained(PIPELINE_SETTING), models)


def test_an_index_without_its_weights_cannot_be_loaded(tmp_path, monkeypatch, models):
    told = {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}
    (tmp_path / "model_index.json").write_text(json.dumps(told))
    monkeypatch.setenv(PIPELINE_SETTING, str(tmp_path))
    with pytest.raises(WeightsUnavailable, match="cannot be loaded") as caught:
        load_pipeline(Pretrained(PIPELINE_SETTING), models)
    assert "\n" not in str(caught.value)


def test_a_pipeline_that_makes_no_pictures_of_pictures_is_refused(tmp_path, monkeypatch, models):
    (tmp_path / "model_index.json").write_text('{"_class_name": "DanceDiffusionPipeline"}')
    monkeypatch.setenv(PIPELINE_SETTING, str(tmp_path))
    with pytest.raises(WeightsUnavailable, match="DanceDiffusionPipeline"):
        load_pipeline(Pretrained(PIPELINE_SETTING), models)


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\nlicense: OpenRAIL++\n---\n", "openrail++"),
        ("---\nlicense: other\nlicense_name: flux-1-dev-non-commercial\n---\n", "flux-1-dev-non-commercial"),
        ("---\nlicense: [a, b]\n---\n", "unknown"),
        ("---\n: : :\n---\n", "unknown"),
        ("# no head\nlicense: mit\n", "unknown"),
        (None, "unknown"),
    ],
)  # fmt: skip
def test_the_licence_is_that_of_the_model_card(tmp_path, monkeypatch, card, licence):
    monkeypatch.setenv(PIPELINE_SETTING, str(tmp_path))
    if card is not None:
        (tmp_path / "README.md").write_text(card)
    assert Pretrained(PIPELINE_SETTING).licence() == licence


def test_memory_is_used_as_far_as_there_is_some():
    def plan(device, free, bfloat16=True):
        return plan_memory(device, int(free * GIB), 4 * GIB, 3 * GIB, bfloat16)

    assert (str(plan("cpu", 16).dtype), plan("cpu", 16).sliced) == ("torch.float32", False)
    assert (str(plan("cpu", 8).dtype), plan("cpu", 8).sliced) == ("torch.bfloat16", True)
    assert (str(plan("cuda", 8).dtype), plan("cuda", 8).offload) == ("torch.bfloat16", "none")
    assert str(plan("cuda", 8, bfloat16=False).dtype) == "torch.float16"
    assert (plan("cuda", 5.5).offload, plan("cuda", 4).offload) == ("model", "layers")
    assert (plan("mps", 5).offload, plan("mps", 5).sliced) == ("none", True)


def test_diffusers_is_not_imported_until_it_is_needed():
    code = "import sys, editing.engines; print('diffusers' in sys.modules, 'transformers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
