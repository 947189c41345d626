"""What people do with webhooks, and ``emit``, by which everything else has them told."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from rest_framework.renderers import JSONRenderer

from webapp.accounts.models import User
from webapp.errors import Conflict
from webapp.webhooks.addresses import read_url
from webapp.webhooks.models import UNENDED, Delivery, DeliveryState, Event, Webhook
from webapp.webhooks.signature import new_secret

MOST_WEBHOOKS = 20
TRIED_FOR = timedelta(hours=24)
OLD_SECRET_FOR = timedelta(hours=24)
KEPT = timedelta(days=3)


def emit(owner: int, event: Event, data: Callable[[], dict[str, Any]]) -> None:
    """Have the webhooks of a person told, in the transaction that makes it true.

    ``data`` is called only if anybody wants to know. The rows are sent by ``workers/webhooks.py``.
    """
    wanted = [
        webhook
        for webhook in Webhook.objects.filter(owner=owner, active=True)
        if event in webhook.events
    ]
    if wanted:
        told = data()
        Delivery.objects.bulk_create(_delivery(webhook, event, told) for webhook in wanted)


def send_test(webhook: Webhook) -> Delivery:
    """Have the webhook told that this is a test, whatever events it asks for.

    Raises:
        Conflict: it is not active.
    """
    if not webhook.active:
        raise Conflict("The webhook is not active.")
    delivery = _delivery(webhook, Event.TEST, {"webhook": str(webhook.pk)})
    delivery.save(force_insert=True)
    return delivery


def _delivery(webhook: Webhook, event: Event, data: dict[str, Any]) -> Delivery:
    now = timezone.now()
    told = {"type": event.value, "timestamp": now.isoformat(), "data": data}
    # Through the API's own renderer, so that a time looks as it does there.
    body = json.dumps(json.loads(JSONRenderer().render(told)), separators=(",", ":"))
    return Delivery(webhook=webhook, event=event, body=body, next_at=now, until=now + TRIED_FOR)


def webhooks_of(owner: User) -> QuerySet[Webhook]:
    return Webhook.objects.filter(owner=owner)


def find_webhook(owner: User, id: UUID) -> Webhook:
    """Return one webhook of ``owner``.

    Raises:
        Http404: there is none by that id, or it is another person's.
    """
    try:
        return webhooks_of(owner).get(pk=id)
    except Webhook.DoesNotExist:
        raise Http404 from None


def find_delivery(webhook: Webhook, id: UUID) -> Delivery:
    """Return one delivery of a webhook.

    Raises:
        Http404: there is none by that id.
    """
    try:
        return webhook.deliveries.get(pk=id)
    except Delivery.DoesNotExist:
        raise Http404 from None


def create_webhook(owner: User, url: str, events: list[str], description: str = "") -> Webhook:
    """Make a webhook with a secret of its own.

    Raises:
        AddressRefused: nothing may be sent there.
        Conflict: the person has as many as one may have.
    """
    read_url(url)
    if webhooks_of(owner).count() >= MOST_WEBHOOKS:
        raise Conflict(f"There are {MOST_WEBHOOKS} webhooks already.", "too_many")
    return Webhook.objects.create(
        owner=owner, url=url, events=events, description=description, secret=new_secret()
    )


def change_webhook(webhook: Webhook, **changes: Any) -> Webhook:
    """Change address, events, description, or whether it is active.

    Raises:
        AddressRefused: nothing may be sent there.
    """
    if "url" in changes:
        read_url(changes["url"])
    if changes.get("active"):
        changes["inactive_because"] = ""
    for name, value in changes.items():
        setattr(webhook, name, value)
    webhook.save(update_fields=list(changes))
    return webhook


def rotate_secret(webhook: Webhook) -> Webhook:
    """Give the webhook a new secret; the old one signs along for a day."""
    webhook.old_secret, webhook.secret = webhook.secret, new_secret()
    webhook.old_secret_until = timezone.now() + OLD_SECRET_FOR
    webhook.save(update_fields=["old_secret", "secret", "old_secret_until"])
    return webhook


def redeliver(delivery: Delivery) -> Delivery:
    """Send a message again, now, with a whole day to arrive; its id stays.

    Raises:
        Conflict: it is being sent, or its webhook is not active.
    """
    if not delivery.webhook.active:
        raise Conflict("The webhook is not active.")
    with transaction.atomic():
        delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
        if delivery.state == DeliveryState.SENDING:
            raise Conflict("It is being sent.")
        now = timezone.now()
        delivery.state = DeliveryState.WAITING
        delivery.tries = 0
        delivery.next_at, delivery.until, delivery.ended_at = now, now + TRIED_FOR, None
        delivery.save()
    return delivery


def delete_old_deliveries() -> int:
    """Delete the log of what ended long ago; return how many messages."""
    old = Delivery.objects.filter(created__lt=timezone.now() - KEPT).exclude(state__in=UNENDED)
    return old.delete()[1].get("webhooks.Delivery", 0)
