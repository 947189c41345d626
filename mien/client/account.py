"""Calls for what is a person's own: presets, tokens, what was used, and webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from mien.client.calls import Call


class Named(Protocol):
    """What the server told of, with the id that it gave it."""

    @property
    def id(self) -> str: ...


Which = Named | str | UUID


def id_of(which: Which) -> str:
    """Return the id of what was told of, or the id as it is."""
    return str(which) if isinstance(which, (str, UUID)) else which.id


def given(**told: Any) -> dict[str, Any]:
    """Return what is not None: that is what shall be sent."""
    return {name: value for name, value in told.items() if value is not None}


def create_preset(name: str, operation: str, params: Mapping[str, Any]) -> Call:
    return Call(
        "POST", "presets/", body={"name": name, "operation": operation, "params": dict(params)}
    )


def change_preset(preset: Which, name: str | None, params: Mapping[str, Any] | None) -> Call:
    told = given(name=name, params=None if params is None else dict(params))
    return Call("PATCH", f"presets/{id_of(preset)}/", body=told)


def create_token(
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
    username: str | None,
    password: str | None,
) -> Call:
    told = given(
        name=name,
        scopes=list(scopes),
        expires_at=None if expires_at is None else expires_at.isoformat(),
        username=username,
        password=password,
    )
    return Call("POST", "tokens/", body=told)


def find_usage(since: date | None, until: date | None) -> Call:
    days = {"since": since, "until": until}
    return Call("GET", "usage/", {name: str(day) for name, day in days.items() if day is not None})


def create_webhook(url: str, events: Sequence[str] | None, description: str) -> Call:
    told = given(url=url, events=None if events is None else list(events), description=description)
    return Call("POST", "webhooks/", body=told)


def change_webhook(
    webhook: Which,
    url: str | None,
    events: Sequence[str] | None,
    description: str | None,
    active: bool | None,
) -> Call:
    told = given(
        url=url,
        events=None if events is None else list(events),
        description=description,
        active=active,
    )
    return Call("PATCH", f"webhooks/{id_of(webhook)}/", body=told)


def deliveries_of(webhook: Which) -> str:
    return f"webhooks/{id_of(webhook)}/deliveries/"
