"""Presets, tokens, usage and webhooks, for asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

import httpx

from mien.client import account
from mien.client.account import Which, id_of
from mien.client.calls import Call
from mien.client.models import (
    Delivery,
    DeliveryState,
    NewToken,
    NewWebhook,
    Preset,
    Scope,
    Token,
    Usage,
    Webhook,
)


class AsyncOwnThings(Protocol):
    """The part of ``AsyncClient`` for presets, tokens, usage and webhooks, on three methods of it."""

    async def send(self, call: Call) -> httpx.Response: ...

    async def json(self, call: Call) -> Any: ...

    def pages(self, path: str, query: Mapping[str, str] | None = None) -> AsyncIterator[Any]: ...

    async def presets(self, operation: str | None = None) -> AsyncIterator[Preset]:
        """Give your presets, the newest first; of one operation where it is named."""
        async for one in self.pages("presets/", account.given(operation=operation)):
            yield Preset.model_validate(one)

    async def find_preset(self, id: str | UUID) -> Preset:
        """Return one preset."""
        return Preset.model_validate(await self.json(Call("GET", f"presets/{id}/")))

    async def create_preset(self, name: str, operation: str, /, **params: Any) -> Preset:
        """Save params under a name; ``edit(photo, preset=...)`` starts from them.

        Raises:
            RequestInvalid: the operation has no such params.
        """
        return Preset.model_validate(
            await self.json(account.create_preset(name, operation, params))
        )

    async def change_preset(
        self, preset: Which, *, name: str | None = None, params: Mapping[str, Any] | None = None
    ) -> Preset:
        """Give a preset another name or other params."""
        return Preset.model_validate(await self.json(account.change_preset(preset, name, params)))

    async def delete_preset(self, preset: Which) -> None:
        """Delete a preset; edits that started from it stay."""
        await self.send(Call("DELETE", f"presets/{id_of(preset)}/"))

    async def tokens(self) -> AsyncIterator[Token]:
        """Give your tokens, the newest first."""
        async for one in self.pages("tokens/"):
            yield Token.model_validate(one)

    async def create_token(
        self,
        name: str,
        *,
        scopes: Sequence[Scope] = ("read", "write"),
        expires_at: datetime | None = None,
        username: str | None = None,
        password: str | None = None,
    ) -> NewToken:
        """Make a token: for the person who signs in with a password, else for who asks.

        Its secret is told this once. Where the answer is lost, asking again makes another token.

        Raises:
            NotAuthenticated: the name or the password is wrong.
            PermissionDenied: your own token may do less, or ends sooner.
        """
        call = account.create_token(name, scopes, expires_at, username, password)
        return NewToken.model_validate(await self.json(call))

    async def revoke_token(self, token: Which) -> None:
        """Revoke a token: nothing can be asked with it from now on."""
        await self.send(Call("DELETE", f"tokens/{id_of(token)}/"))

    async def usage(self, since: date | None = None, until: date | None = None) -> Usage:
        """Return what was used from one day to another (UTC), else in the last thirty."""
        return Usage.model_validate(await self.json(account.find_usage(since, until)))

    async def webhooks(self) -> AsyncIterator[Webhook]:
        """Give your webhooks, the newest first."""
        async for one in self.pages("webhooks/"):
            yield Webhook.model_validate(one)

    async def find_webhook(self, id: str | UUID) -> Webhook:
        """Return one webhook."""
        return Webhook.model_validate(await self.json(Call("GET", f"webhooks/{id}/")))

    async def create_webhook(
        self, url: str, *, events: Sequence[str] | None = None, description: str = ""
    ) -> NewWebhook:
        """Have an address told when edits and batches end. Keep the secret: it is told this once.

        ``events`` are some of edit.done, edit.failed, edit.cancelled and batch.finished; None is
        all. Check what arrives with ``verify_signature``.

        Raises:
            RequestInvalid: the address is none that messages are sent to.
        """
        call = account.create_webhook(url, events, description)
        return NewWebhook.model_validate(await self.json(call))

    async def change_webhook(
        self,
        webhook: Which,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        description: str | None = None,
        active: bool | None = None,
    ) -> Webhook:
        """Change what is not None; ``active`` switches it off and on."""
        call = account.change_webhook(webhook, url, events, description, active)
        return Webhook.model_validate(await self.json(call))

    async def rotate_webhook(self, webhook: Which) -> NewWebhook:
        """Change the secret. For a day the old one signs too."""
        call = Call("POST", f"webhooks/{id_of(webhook)}/rotate/")
        return NewWebhook.model_validate(await self.json(call))

    async def test_webhook(self, webhook: Which) -> Delivery:
        """Send a message that says it is a test; ``find_delivery`` tells how it went."""
        return Delivery.model_validate(
            await self.json(Call("POST", f"webhooks/{id_of(webhook)}/test/"))
        )

    async def delete_webhook(self, webhook: Which) -> None:
        """Forget a webhook with its log; what waits is not sent."""
        await self.send(Call("DELETE", f"webhooks/{id_of(webhook)}/"))

    async def deliveries(
        self, webhook: Which, *, state: DeliveryState | None = None, event: str | None = None
    ) -> AsyncIterator[Delivery]:
        """Give the messages of the last three days, the newest first."""
        async for one in self.pages(
            account.deliveries_of(webhook), account.given(state=state, event=event)
        ):
            yield Delivery.model_validate(one)

    async def find_delivery(self, webhook: Which, delivery: Which) -> Delivery:
        """Return one message with its attempts."""
        path = f"{account.deliveries_of(webhook)}{id_of(delivery)}/"
        return Delivery.model_validate(await self.json(Call("GET", path)))

    async def redeliver(self, webhook: Which, delivery: Which) -> Delivery:
        """Send a message again, now; its id stays, so that a receiver knows it."""
        path = f"{account.deliveries_of(webhook)}{id_of(delivery)}/redeliver/"
        return Delivery.model_validate(await self.json(Call("POST", path)))
