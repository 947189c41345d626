"""Making the local owner, and asking whether anybody could sign in."""

from __future__ import annotations

from django.conf import settings
from knox.models import AuthToken

from webapp.accounts.models import User


def local_owner() -> User:
    """Return the one local owner, made without a password the first time."""
    try:
        return User.objects.get(username=settings.LOCAL_OWNER)
    except User.DoesNotExist:
        owner = User(username=settings.LOCAL_OWNER)
        owner.set_unusable_password()
        return User.objects.get_or_create(
            username=settings.LOCAL_OWNER, defaults={"password": owner.password}
        )[0]


def has_credentials() -> bool:
    """Return whether anybody has a password or a token."""
    if AuthToken.objects.filter(user__is_active=True).exists():
        return True
    return any(user.has_usable_password() for user in User.objects.filter(is_active=True))
