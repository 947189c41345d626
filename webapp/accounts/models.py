"""People. On a loopback address there is one, the local owner, who has no password."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person whose photos and edits nobody else sees."""
