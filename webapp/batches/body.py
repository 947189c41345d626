"""What is sent with a batch, as JSON or as multipart."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404
from rest_framework.request import Request

from editing.errors import RequestInvalid
from webapp.accounts.models import User
from webapp.batches.errors import ArchiveTooLarge, OverridesInvalid
from webapp.batches.recipe import read_overrides, read_recipe
from webapp.batches.services import Asked
from webapp.photos.models import Photo
from webapp.photos.selectors import photos_of

FILES = ("archive", "overrides")
AS_JSON = ("params", "recipe", "photos")
LARGEST_OVERRIDES = 16 * 1024 * 1024
LONGEST_NAME = 200


def read_asked(request: Request) -> tuple[Asked, dict[str, Any]]:
    """Return the recipe with its overrides, and what says where the photos come from.

    That is one of ``archive`` (an uploaded file), ``photos`` (a list) and ``prefix`` (text).

    Raises:
        RequestInvalid: a field is wrong, unknown, comes twice or is missing.
        OverridesInvalid: the CSV is wrong.
    """
    data = _fields(request)
    steps = read_recipe(data)
    name = data.pop("name", "")
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        raise RequestInvalid(f"name: send text of at most {LONGEST_NAME} letters")
    overrides = {}
    if file := data.pop("overrides", None):
        if not isinstance(file, UploadedFile):
            raise RequestInvalid("overrides: send the CSV as the file of this name, as multipart")
        if file.size is None or file.size > LARGEST_OVERRIDES:
            raise OverridesInvalid(f"overrides: more than {LARGEST_OVERRIDES:,} bytes")
        overrides = read_overrides(file.read(), steps)
    sources = [name for name in ("archive", "photos", "prefix") if name in data]
    if len(sources) != 1:
        raise RequestInvalid(
            "send the photos as one of: archive (a ZIP, as multipart), photos (a list of ids), "
            "prefix (s3://bucket/prefix)"
        )
    source = {sources[0]: data.pop(sources[0])}
    if data:
        raise RequestInvalid(f"{min(data)}: there is no such field")
    if "archive" in source and not isinstance(source["archive"], UploadedFile):
        raise RequestInvalid(
            "archive: send the ZIP as the file of this name, as multipart/form-data"
        )
    return Asked(steps, overrides, name), source


def _fields(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise RequestInvalid("send a JSON object or a form")
    if not hasattr(request.data, "getlist"):
        return dict(request.data)
    data: dict[str, Any] = {}
    for name in request.data:
        values = request.data.getlist(name)
        if len(values) > 1:
            raise RequestInvalid(f"{name}: it comes {len(values)} times")
        value = values[0]
        if isinstance(value, UploadedFile) and name not in FILES:
            raise RequestInvalid(f"{name}: no such file is expected")
        # An empty field of a form is one that was left out.
        if isinstance(value, UploadedFile) or value != "":
            data[name] = _form_value(name, value)
    return data


def _form_value(name: str, value: Any) -> Any:
    if name in AS_JSON or (name == "faces" and value.lstrip().startswith("[")):
        try:
            return json.loads(value)
        except ValueError:
            raise RequestInvalid(f"{name}: send it as JSON text") from None
    return value


def check_archive(archive: UploadedFile) -> UploadedFile:
    """Let an archive pass that is not too large.

    Raises:
        ArchiveTooLarge: it is; nothing of it is kept.
    """
    if archive.size is not None and archive.size > settings.MAX_ARCHIVE_BYTES:
        raise ArchiveTooLarge(
            f"the archive has {archive.size:,} bytes; {settings.MAX_ARCHIVE_BYTES:,} are allowed"
        )
    return archive


def find_photos(owner: User, ids: Any) -> list[Photo]:
    """Return the photos of a list of ids, in its order.

    Raises:
        RequestInvalid: it is no such list, too long, or names a photo twice.
        Http404: one is not there, or another person's.
    """
    if not isinstance(ids, list) or not 0 < len(ids) <= settings.MAX_BATCH_ITEMS:
        raise RequestInvalid(f"photos: send a list of 1 to {settings.MAX_BATCH_ITEMS:,} ids")
    wanted = []
    for id in ids:
        try:
            wanted.append(UUID(id if isinstance(id, str) else ""))
        except ValueError:
            raise RequestInvalid(f"photos: {str(id)[:80]!r} is not an id") from None
    if len(set(wanted)) != len(wanted):
        raise RequestInvalid("photos: one of them comes twice")
    found: dict[UUID, Photo] = {}
    for start in range(0, len(wanted), 500):
        found |= photos_of(owner).in_bulk(wanted[start : start + 500])
    if len(found) != len(wanted):
        raise Http404
    return [found[id] for id in wanted]
