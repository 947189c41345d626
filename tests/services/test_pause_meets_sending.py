"""A pause that comes while a worker queues an edit, on PostgreSQL, where neither waits by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.services.house import ROOT

PROGRAM = """
import threading
from datetime import timedelta
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.utils import timezone
from editing.request import EditRequest
from webapp.accounts.models import User
from webapp.batches import feeding, services
from webapp.batches.models import Item
from webapp.celery import app
from webapp.edits.models import Edit
from webapp.photos.models import Photo

app.send_task = lambda *args, **options: None
owner = User.objects.create(username="pause")
photo = Photo.objects.create(
    owner=owner, name="x", file="x", format="JPEG", width=9, height=9, bytes=1, sha256="0",
    faces_state="found", faces=[{"index": 0}], expires_at=timezone.now() + timedelta(hours=1),
)
asked = services.Asked([EditRequest(operation="expression", params={"smile": 1})])
batch = services.create_from_photos(owner, [photo], asked, lambda batch: batch)
queued, paused = threading.Event(), threading.Event()
create = feeding.create_edit

def create_slowly(*args, **options):
    edit = create(*args, **options)
    queued.set()
    paused.wait(1)  # what pauses waits for this transaction, so this wait runs out
    return edit

feeding.create_edit = create_slowly
worker = threading.Thread(target=lambda: feeding.send(feeding.take(batch.pk)))
worker.start()
assert queued.wait(20)
services.pause_batch(batch)
paused.set()
worker.join(20)
print(Edit.objects.filter(batch=batch).count(), Item.objects.get(batch=batch).state)
"""


def test_nothing_is_left_queued(database_url: str, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MIEN_")}
    environment = {
        **kept,
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "MIEN_DATA": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0", "waiting"]
