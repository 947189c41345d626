"""What the tests of batches do again and again: post one, and play the worker."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.test import Client

from tests.archives import archive_of, small_jpeg
from webapp import media
from webapp.batches.feeding import feed
from webapp.batches.models import Batch, Item
from webapp.edits import claims
from webapp.edits.models import Edit, Status

JPEG = small_jpeg()


def post_archive(api: Client, files: Mapping[str, bytes], **fields: Any) -> Any:
    headers = fields.pop("headers", {})
    asked = {"operation": "expression", "params": json.dumps({"smile": 0.5}), **fields}
    asked = {name: value for name, value in asked.items() if value is not None}
    return api.post("/api/v1/batches/", {"archive": archive_of(files), **asked}, headers=headers)


def post_json(api: Client, body: Any, **headers: str) -> Any:
    return api.post("/api/v1/batches/", body, content_type="application/json", headers=headers)


def told(api: Client, batch: Any) -> Any:
    id = batch["id"] if isinstance(batch, dict) else batch.pk
    answer = api.get(f"/api/v1/batches/{id}/")
    assert answer.status_code == 200, answer.content
    return answer.json()


def begin(edit: Edit) -> claims.Claim:
    claimed = claims.claim_edit(edit.pk, "test")
    assert claimed is not None
    return claimed[0]


def finish(edit: Edit, data: bytes = b"the result") -> None:
    claim = begin(edit)
    name = f"{edit.folder}/result-1.jpg"
    media.write(name, data)
    assert claims.finish_done(
        claim, claims.Outcome(name, hashlib.sha256(data).hexdigest(), {"seconds": 1.0})
    )


def fail(edit: Edit, code: str = "no_face") -> None:
    assert claims.finish_failed(begin(edit), code, "no face was found in the photo")


def queued(batch: Batch) -> list[Edit]:
    """The edits of the batch that wait, in the order of its files."""
    items = Item.objects.filter(batch=batch, edit__status=Status.QUEUED).order_by("id")
    return [item.edit for item in items.select_related("edit", "edit__photo")]


def work_off(batch: Batch) -> None:
    """Do all that is left of a batch of one step."""
    while feed(batch.pk) or queued(batch):
        for edit in queued(batch):
            finish(edit)


def states(batch: Batch) -> list[str]:
    return list(Item.objects.filter(batch=batch).order_by("id").values_list("state", flat=True))


def kinds(batch: Batch) -> list[str]:
    return list(batch.events.values_list("kind", flat=True))


def counts(**numbers: int) -> dict[str, int]:
    return {"queued": 0, "running": 0, "done": 0, "failed": 0, "cancelled": 0} | numbers


def body(answer: Any) -> bytes:
    return b"".join(answer)
