"""Finding photos. Nobody finds another person's."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from webapp.accounts.models import User
from webapp.photos.models import Photo


def photos_of(owner: User) -> QuerySet[Photo]:
    """Return the photos of ``owner`` that have not expired."""
    return Photo.objects.filter(owner=owner, expires_at__gt=timezone.now())


def find_photo(owner: User, id: UUID) -> Photo:
    """Return one photo of ``owner``.

    Raises:
        Http404: there is none by that id, it is another person's, or its time is over.
    """
    try:
        return photos_of(owner).get(pk=id)
    except Photo.DoesNotExist:
        raise Http404 from None
