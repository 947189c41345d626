"""Saving settings, finding them, and starting an edit from them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from editing.errors import RequestInvalid
from editing.request import check_params
from webapp.accounts.models import User
from webapp.errors import Conflict
from webapp.presets.models import Preset


def presets_of(owner: User) -> QuerySet[Preset]:
    return Preset.objects.filter(owner=owner)


def find_preset(owner: User, id: UUID) -> Preset:
    """Return one preset of ``owner``.

    Raises:
        Http404: there is none by that id, or it is another person's.
    """
    try:
        return presets_of(owner).get(pk=id)
    except Preset.DoesNotExist:
        raise Http404 from None


def create_preset(owner: User, name: str, operation: str, params: dict[str, Any]) -> Preset:
    """Save params under a name.

    Raises:
        OperationUnknown, ParamsInvalid: the operation does not take them.
        Conflict: there is one of that name.
    """
    return _save(Preset(owner=owner, name=name, operation=operation, params=params))


def change_preset(preset: Preset, **changes: Any) -> Preset:
    """Change the name or the params, or both.

    Raises:
        OperationUnknown, ParamsInvalid: the operation does not take them.
        Conflict: there is another of that name.
    """
    for name, value in changes.items():
        setattr(preset, name, value)
    preset.changed = timezone.now()
    return _save(preset)


def start_from(preset: Preset, asked: dict[str, Any]) -> dict[str, Any]:
    """Return what is asked for with the preset's params beneath its own.

    Raises:
        RequestInvalid: it names another operation.
    """
    if asked.get("operation", preset.operation) != preset.operation:
        raise RequestInvalid(f"preset: it is one of {preset.operation}")
    params = asked.get("params", {})
    if isinstance(params, dict):
        params = {**preset.params, **params}
    return {**asked, "operation": preset.operation, "params": params}


def _save(preset: Preset) -> Preset:
    check_params(preset.operation, preset.params)
    try:
        with transaction.atomic():
            preset.save()
    except IntegrityError:
        raise Conflict(
            f"There is a preset of {preset.operation} called {preset.name!r}.", "name_taken"
        ) from None
    return preset
