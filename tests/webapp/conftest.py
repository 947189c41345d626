"""Who asks the API here, and batches that were asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.batches import JPEG, post_archive
from tests.web import *  # noqa: F403 (fixtures)
from webapp.accounts.models import User
from webapp.batches.models import Batch


@pytest.fixture
def api() -> Client:
    return Client(headers={"host": "localhost"}, raise_request_exception=False)


@pytest.fixture
def make_batch(api: Client, owner: User) -> Callable[..., Batch]:
    def make(*names: str, **fields: Any) -> Batch:
        answer = post_archive(api, dict.fromkeys(names or ("a.jpg", "b.jpg"), JPEG), **fields)
        assert answer.status_code == 202, answer.content
        return Batch.objects.get(pk=answer.json()["id"])

    return make
