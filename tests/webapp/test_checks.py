"""Settings that cannot work are told with a hint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from webapp import checks


def ids(messages: list[Any]) -> list[str]:
    assert all(message.hint for message in messages)
    return [message.id for message in messages]


def test_the_defaults_pass(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    for check in (
        checks.check_data_folder,
        checks.check_credentials,
        checks.check_numbers,
        checks.check_wake_up,
        checks.check_licences,
        checks.check_pipelines,
    ):
        assert check() == []


def test_a_data_folder_that_is_not_there(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path / "gone"
    assert ids(checks.check_data_folder()) == ["mien.E001"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "mien.example"])
def test_an_open_address_needs_credentials(settings: Any, host: str) -> None:
    settings.BIND_HOST, settings.CREDENTIALS_REQUIRED = host, False
    assert ids(checks.check_credentials()) == ["mien.E002"]
    settings.CREDENTIALS_REQUIRED = True
    assert checks.check_credentials() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LEASE_SECONDS", 0.5),
        ("RETENTION_HOURS", 0),
        ("RETENTION_HOURS", float("nan")),
        ("MAX_ATTEMPTS", 0),
    ],
)
def test_numbers_that_break_promises(settings: Any, name: str, value: float) -> None:
    setattr(settings, name, value)
    assert ids(checks.check_numbers()) == ["mien.E003"]


def test_postgresql_without_redis_is_slow(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    assert ids(checks.check_wake_up()) == ["mien.W001"]
    settings.REDIS_URL = "redis://localhost"
    assert checks.check_wake_up() == []


def test_debug_is_not_for_others(settings: Any) -> None:
    settings.DEBUG = settings.CREDENTIALS_REQUIRED = True
    assert ids(checks.check_debug()) == ["mien.E004"]


def test_a_licence_setting_that_leaves_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_COMMERCIAL_ONLY", "1")
    (warning,) = checks.check_licences()
    assert ids([warning]) == ["mien.W002"]
    assert "'landmarks' (CC-BY-NC-SA-4.0)" in warning.msg
    monkeypatch.setenv("MIEN_COMMERCIAL_ONLY", "0")
    assert checks.check_licences() == []


def test_a_pipeline_that_is_named_should_be_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MIEN_AGE_DIFFUSION", str(tmp_path / "missing"))
    (warning,) = checks.check_pipelines()
    assert ids([warning]) == ["mien.W003"]
    assert "MIEN_AGE_DIFFUSION" in warning.msg
    monkeypatch.setenv("MIEN_AGE_DIFFUSION", str(tmp_path))
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    assert checks.check_pipelines() == []
