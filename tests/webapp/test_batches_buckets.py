"""Batches of photos in object storage, against moto's server: real requests, no cloud."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from django.test import Client
from moto.server import ThreadedMotoServer

from tests.archives import small_jpeg
from tests.batches import post_json, queued, told, work_off
from tests.services.house import free_port
from webapp import media
from webapp.accounts.models import User
from webapp.batches import buckets
from webapp.batches.feeding import feed
from webapp.batches.models import Batch, Item

pytestmark = pytest.mark.django_db
ASKED = {"operation": "expression", "params": {"smile": 0.5}}


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def bucket(storage: str, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Any]:
    for name, value in {
        "AWS_ENDPOINT_URL": storage, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    settings.BUCKETS = ["photos"]
    buckets.client.cache_clear()
    found = boto3.resource("s3").create_bucket(Bucket="photos")
    yield found
    found.objects.delete()
    buckets.client.cache_clear()


@pytest.fixture
def api(owner: User) -> Client:
    return Client(headers={"host": "localhost"}, raise_request_exception=False)


def test_a_prefix_becomes_a_batch(api: Client, bucket: Any) -> None:
    files = {
        "2026/may/a.jpg": small_jpeg(1),
        "2026/may/day 1/写真.jpg": small_jpeg(2),
        "2026/may/notes.txt": b"no photo",
        "2026/may/.DS_Store": b"x",
        "2026/june/b.jpg": small_jpeg(3),
    }
    for key, data in files.items():
        bucket.put_object(Key=key, Body=data)
    answer = post_json(api, {"prefix": "s3://photos/2026/may/", **ASKED})
    assert answer.status_code == 202, answer.content
    assert (answer.json()["source"], answer.json()["name"]) == ("bucket", "may")
    batch = Batch.objects.get()
    feed(batch.pk)
    sent = {item.path: item for item in Item.objects.filter(batch=batch)}
    assert set(sent) == {"a.jpg", "day 1/写真.jpg", "notes.txt"}
    assert [media.read(edit.photo.file) for edit in queued(batch)] == [small_jpeg(1), small_jpeg(2)]
    work_off(batch)
    assert told(api, batch)["counts"]["done"] == 2
    assert sent["notes.txt"].code == "photo_unreadable"


def test_too_many_keys_are_refused(api: Client, bucket: Any, settings: Any) -> None:
    for n in range(4):
        bucket.put_object(Key=f"{n}.jpg", Body=b"x")
    settings.MAX_BATCH_ITEMS = 4
    assert len(buckets.list_prefix("s3://photos")) == 4
    settings.MAX_BATCH_ITEMS = 3
    answer = post_json(api, {"prefix": "s3://photos/", **ASKED})
    assert (answer.status_code, answer.json()["code"]) == (413, "archive_too_large")


def test_an_object_that_is_gone_fails_alone(api: Client, bucket: Any) -> None:
    for name in ("a.jpg", "b.jpg"):
        bucket.put_object(Key=name, Body=small_jpeg())
    post_json(api, {"prefix": "s3://photos/", **ASKED})
    bucket.Object("a.jpg").delete()
    feed(Batch.objects.get().pk)
    gone, here = Item.objects.order_by("path")
    assert (gone.state, gone.code, here.state) == ("failed", "bucket_unavailable", "sent")


@pytest.mark.parametrize(
    ("prefix", "status", "code"),
    [
        ("s3://others/a", 422, "bucket_refused"),
        ("s3://photos.evil.example/a", 422, "bucket_refused"),
        ("http://photos/a", 422, "bucket_refused"),
        ("file:///etc/", 422, "bucket_refused"),
        (7, 422, "bucket_refused"),
        ("s3://photos/nothing/", 422, "request_invalid"),
        ("s3://missing/", 503, "bucket_unavailable"),
    ],
)
def test_what_may_not_or_cannot_be_read_is_told(
    api: Client, bucket: Any, settings: Any, prefix: Any, status: int, code: str
) -> None:
    settings.BUCKETS = ["photos", "missing"]
    answer = post_json(api, {"prefix": prefix, **ASKED})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert not Batch.objects.exists()


def test_a_storage_that_is_away_is_told(
    api: Client, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    buckets.client.cache_clear()
    answer = post_json(api, {"prefix": "s3://photos/", **ASKED})
    assert (answer.status_code, json.loads(answer.content)["code"]) == (503, "bucket_unavailable")
