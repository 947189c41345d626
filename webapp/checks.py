"""System checks: settings that cannot work, each with what to do about it."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from editing.availability import refusal
from editing.licences import SETTING, commercial_only
from editing.operations import OPERATIONS
from editing.pretrained import Pretrained
from webapp.accounts.local import is_loopback


@register()
def check_data_folder(**_: Any) -> list[CheckMessage]:
    """The data folder must be writable: database, media, queue and key are in it."""
    if os.access(settings.DATA, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"The data folder {settings.DATA} cannot be written.",
            hint="Give it to the user that runs Mien, or name another folder in MIEN_DATA.",
            id="mien.E001",
        )
    ]


@register()
def check_credentials(**_: Any) -> list[CheckMessage]:
    """Nobody but this machine may be served without credentials."""
    if settings.CREDENTIALS_REQUIRED or is_loopback(settings.BIND_HOST):
        return []
    return [
        Error(
            f"MIEN_HOST {settings.BIND_HOST} is open to others, and credentials are switched off.",
            hint="Remove MIEN_CREDENTIALS_REQUIRED, or bind to 127.0.0.1.",
            id="mien.E002",
        )
    ]


@register()
def check_numbers(**_: Any) -> list[CheckMessage]:
    """Times and counts must be such that the promises made with them can be kept."""
    limits = {
        "LEASE_SECONDS": ("MIEN_LEASE_SECONDS", 1.0),
        "RETENTION_HOURS": ("MIEN_RETENTION_HOURS", 0.01),
        "MAX_ATTEMPTS": ("MIEN_MAX_ATTEMPTS", 1),
        "MAX_UPLOAD_BYTES": ("MIEN_MAX_UPLOAD_BYTES", 1),
        "MAX_ARCHIVE_BYTES": ("MIEN_MAX_ARCHIVE_BYTES", 1),
        "MAX_BATCH_ITEMS": ("MIEN_MAX_BATCH_ITEMS", 1),
        "WORKERS": ("MIEN_WORKERS", 0),
        "BATCH_SIZE": ("MIEN_BATCH_SIZE", 0),
    }
    return [
        Error(
            f"{name} is {getattr(settings, setting)}, which is too small.",
            hint=f"Set it to {least} or more.",
            id="mien.E003",
        )
        for setting, (name, least) in limits.items()
        if not getattr(settings, setting) >= least
    ]


@register()
def check_wake_up(**_: Any) -> list[CheckMessage]:
    """Without SQLite's counter and without Redis, nobody tells the sockets that there is news."""
    if "sqlite3" in settings.DATABASES["default"]["ENGINE"] or settings.REDIS_URL:
        return []
    return [
        Warning(
            "DATABASE_URL is not SQLite and there is no REDIS_URL: sockets ask four times a second.",
            hint="Set REDIS_URL.",
            id="mien.W001",
        )
    ]


@register()
def check_licences(**_: Any) -> list[CheckMessage]:
    """A licence setting that leaves nothing to do should be meant."""
    if not commercial_only():
        return []
    refused = [refusal(engine) for one in OPERATIONS.values() for engine in one.engines]
    by_licence = [one.reason for one in refused if one is not None and one.by_licence]
    if not by_licence or None in refused:
        return []
    return [
        Warning(
            f"No operation can be used: {by_licence[0]}.",
            hint=f"Unset {SETTING} where Mien serves no commercial purpose.",
            id="mien.W002",
        )
    ]


@register()
def check_pipelines(**_: Any) -> list[CheckMessage]:
    """A pipeline that is named should be there."""
    settings_named = {e.setting for one in OPERATIONS.values() for e in one.engines if e.setting}
    named = [Pretrained(setting) for setting in sorted(settings_named)]
    return [
        Warning(
            f"{one.setting}: {reason}.",
            hint="Name a folder with a model_index.json, or an id of the Hugging Face hub.",
            id="mien.W003",
        )
        for one in named
        if one.name and (reason := one.refusal()) is not None
    ]


@register(deploy=True)
def check_debug(**_: Any) -> list[CheckMessage]:
    """Error pages with settings and source are not for others."""
    if not settings.DEBUG or not settings.CREDENTIALS_REQUIRED:
        return []
    return [
        Error("DEBUG is on where others are served.", hint="Unset DEBUG.", id="mien.E004"),
    ]
