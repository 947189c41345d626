"""Puts one of everything into the data folder, so that addresses with an id lead somewhere.

``python -m tests.services.seed FILE`` writes their ids into FILE. A process of its own, because
the settings are those of a house.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

import numpy as np  # noqa: E402
import skimage  # noqa: E402
from django.utils import timezone  # noqa: E402
from PIL import Image  # noqa: E402

from editing.request import read_request  # noqa: E402
from tests.conftest import encoded  # noqa: E402
from webapp import media  # noqa: E402
from webapp.accounts.services import local_owner  # noqa: E402
from webapp.accounts.tokens import create_token  # noqa: E402
from webapp.batches.feeding import feed  # noqa: E402
from webapp.batches.services import Asked, create_from_photos  # noqa: E402
from webapp.edits import claims  # noqa: E402
from webapp.edits.models import Edit  # noqa: E402
from webapp.edits.services import create_edit  # noqa: E402
from webapp.photos.services import keep_faces, store_photo  # noqa: E402
from webapp.presets.services import create_preset  # noqa: E402
from webapp.webhooks.services import create_webhook, send_test  # noqa: E402

FACE = {
    "index": 0,
    "box": [180, 70, 280, 190],
    "pose": {"yaw": 0.0, "pitch": 0.0, "roll": 0.0},
    "score": 1.0,
    "landmarks": "",
}
ASKED = {"operation": "expression", "params": {"smile": 0.5}, "seed": 1}


def seed() -> dict[str, str]:
    owner = local_owner()
    picture = encoded(Image.fromarray(np.array(skimage.data.astronaut())), "JPEG")
    photo = store_photo(owner, picture, "astronaut.jpg")
    keep_faces(photo.pk, [FACE])
    photo.refresh_from_db()
    edit = create_edit(owner, photo, read_request(dict(ASKED)))
    finish(edit, picture)
    batch: Any = create_from_photos(
        owner, [photo], Asked([read_request(dict(ASKED))]), lambda it: it
    )
    feed(batch.pk)
    for queued in Edit.objects.filter(batch=batch):
        finish(queued, picture)
    webhook = create_webhook(owner, "https://receiver.example/", ["edit.done"])
    token, _ = create_token(owner, "seed", ["read"], timezone.now() + timedelta(hours=1))
    return {
        "photos": str(photo.pk),
        "edits": str(edit.pk),
        "batches": str(batch.pk),
        "presets": str(create_preset(owner, "seed", "expression", {"smile": 0.5}).pk),
        "webhooks": str(webhook.pk),
        "deliveries": str(send_test(webhook).pk),
        "tokens": str(token.pk),
    }


def finish(edit: Edit, picture: bytes) -> None:
    claimed = claims.claim_edit(edit.pk, "seed")
    assert claimed is not None
    result, preview = f"{edit.folder}/result-1.jpg", f"{edit.folder}/preview-1-1.jpg"
    media.write(result, picture)
    media.write(preview, picture)
    photo = {"width": 512, "height": 512, "sha256": edit.photo.sha256}
    report = {
        **ASKED,
        "engine": "native",
        "seconds": 0.5,
        "photo": photo,
        "faces": [],
        "weights": [],
    }
    assert claims.finish_done(claimed[0], claims.Outcome(result, "0" * 64, report))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(seed()))
