"""Presets, tokens, usage and webhooks: ``mien.client`` against a running Mien."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mien.client import (
    AsyncClient,
    Client,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    RequestInvalid,
)
from tests.services.house import House

LATER = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def mien(served: House) -> Iterator[Client]:
    with Client(served.url) as client:
        yield client


def test_presets(mien: Client, grace_hopper_path: Path) -> None:
    made = mien.create_preset("friendly", "expression", smile=0.4, brow_raise=0.2)
    assert made.id in {one.id for one in mien.presets("expression")}
    edit = mien.edit(grace_hopper_path, preset=made, smile=0.1)
    assert (edit.state.operation, edit.state.params) == (
        "expression",
        {"smile": 0.1, "brow_raise": 0.2},
    )
    changed = mien.change_preset(made, name="calm", params={"smile": 0})
    assert (changed.name, changed.params) == ("calm", {"smile": 0})
    assert mien.find_preset(made.id) == changed
    mien.delete_preset(made)
    with pytest.raises(NotFound):
        mien.find_preset(made.id)
    with pytest.raises(RequestInvalid):
        mien.create_preset("no", "expression", smile=7)
    edit.wait(60)


def test_tokens_and_usage(served: House, mien: Client, grace_hopper_path: Path) -> None:
    token = mien.create_token("reads", scopes=["read"], expires_at=LATER)
    assert (token.scopes, token.expires_at) == (["read"], LATER)
    assert token.token not in repr(token)
    with Client(served.url, token.token) as reader:
        assert {one.id: one.current for one in reader.tokens()}[token.id]
        with pytest.raises(PermissionDenied):
            reader.upload(grace_hopper_path)
        mien.revoke_token(token)
        with pytest.raises(NotAuthenticated):
            next(reader.photos(), None)
    with pytest.raises(NotAuthenticated):
        mien.create_token("", username="nobody", password="wrong")
    before = mien.usage()
    mien.upload(grace_hopper_path)
    today = datetime.now(UTC).date()
    used = mien.usage(today - timedelta(1), today)
    assert sum(day.photos for day in used.results) > 0
    assert sum(day.bytes for day in used.results) > sum(day.bytes for day in before.results)


def test_webhooks(mien: Client) -> None:
    with pytest.raises(RequestInvalid):
        mien.create_webhook("ftp://example.com/")
    made = mien.create_webhook("https://mien.invalid/", events=["edit.done"], description="ours")
    assert made.secret.startswith("whsec_")
    assert made.secret not in repr(made)
    assert made.id in {one.id for one in mien.webhooks()}
    changed = mien.change_webhook(made, description="theirs", active=False)
    assert (changed.description, changed.active, changed.events) == ("theirs", False, ["edit.done"])
    assert mien.find_webhook(made.id) == changed
    assert mien.rotate_webhook(made).secret != made.secret
    sent = mien.test_webhook(mien.change_webhook(made, active=True))
    assert [one.id for one in mien.deliveries(made, event="webhook.test")] == [sent.id]
    # Nobody answers there: a message on its way is refused (409), until its attempt has failed.
    until = time.monotonic() + 60
    while not next(iter(mien.deliveries(made))).attempts:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert mien.redeliver(made, sent).id == sent.id
    assert mien.find_delivery(made, sent).body["type"] == "webhook.test"
    mien.delete_webhook(made)
    with pytest.raises(NotFound):
        mien.find_webhook(made.id)


async def test_async(served: House, grace_hopper_path: Path) -> None:
    async with AsyncClient(served.url) as mien:
        preset = await mien.create_preset("async", "expression", smile=0.3)
        assert preset.id in [one.id async for one in mien.presets()]
        edit = await mien.edit(grace_hopper_path, preset=preset)
        assert edit.state.params == {"smile": 0.3}
        await edit.wait()
        await mien.delete_preset(preset)
        token = await mien.create_token("async", scopes=["read"])
        assert token.id in [one.id async for one in mien.tokens()]
        await mien.revoke_token(token)
        assert (await mien.usage()).results
        hook = await mien.create_webhook("https://mien.invalid/async")
        sent = await mien.test_webhook(hook)
        assert [one.id async for one in mien.deliveries(hook)] == [sent.id]
        assert (await mien.find_delivery(hook, sent)).event == "webhook.test"
        await mien.delete_webhook(hook)
