"""Finding edits and their events. Nobody finds another person's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from webapp.accounts.models import User
from webapp.edits.models import Edit, EditEvent

EVENTS_AT_ONCE = 1000


def edits_of(owner: User) -> QuerySet[Edit]:
    """Return the edits of ``owner`` whose photo has not expired."""
    living = Edit.objects.filter(owner=owner, photo__expires_at__gt=timezone.now())
    return living.select_related("photo")


def find_edit(owner: User, id: UUID) -> Edit:
    """Return one edit of ``owner``.

    Raises:
        Http404: there is none by that id, it is another person's, or its photo's time is over.
    """
    try:
        return edits_of(owner).get(pk=id)
    except Edit.DoesNotExist:
        raise Http404 from None


def events_since(edit: UUID, since: int) -> list[dict[str, Any]]:
    """Return the events of an edit after ``since``, oldest first, as they are sent."""
    events = EditEvent.objects.filter(edit=edit, id__gt=since).order_by("id")[:EVENTS_AT_ONCE]
    return [as_sent(event) for event in events]


def as_sent(event: EditEvent) -> dict[str, Any]:
    """Return an event as the contract has it: id, kind, at, data."""
    return {"id": event.pk, "kind": event.kind, "at": event.at.isoformat(), "data": event.data}
