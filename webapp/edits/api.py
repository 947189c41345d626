"""The API of edits and operations."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from editing.errors import RequestInvalid
from editing.mask import check_mask
from editing.operations import OPERATIONS
from editing.request import read_request
from webapp.accounts.usage import spend
from webapp.api import FILE, IMAGE, narrow
from webapp.edits import services
from webapp.edits.masks import read_mask
from webapp.edits.models import Edit, Status
from webapp.edits.selectors import EVENTS_AT_ONCE, edits_of, events_since, find_edit
from webapp.edits.serializers import (
    REPORT_SCHEMA,
    EditFilters,
    EditRequestSerializer,
    EditSerializer,
    EventsSerializer,
    OperationSerializer,
)
from webapp.edits.since import read_since
from webapp.errors import Conflict
from webapp.files import answer_file
from webapp.idempotency.services import IDEMPOTENCY_KEY, Once
from webapp.params import describe_operation
from webapp.photos.renditions import PICTURE_SIDE, rendition
from webapp.photos.selectors import find_photo
from webapp.presets.services import find_preset, start_from


@extend_schema(tags=["operations"])
class OperationsView(APIView):
    @extend_schema(responses=OperationSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Return what can be done: params as JSON schema, engines, licences, measures."""
        return Response([describe_operation(operation) for operation in OPERATIONS.values()])


@extend_schema(tags=["edits"])
class EditsView(ListAPIView[Edit]):
    """Edits of the person who asks, newest first."""

    serializer_class = EditSerializer

    def get_queryset(self) -> Any:
        return narrow(edits_of(self.request.user), EditFilters, self.request)

    @extend_schema(parameters=[EditFilters])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request=EditRequestSerializer,
        responses={202: EditSerializer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Queue an edit of a photo, or of an earlier edit's result (``parent``)."""
        with Once(request) as once:
            return once.answer or self.queue(request, once)

    def queue(self, request: Request, once: Once) -> Response:
        data = read_body(request)
        owner = request.user
        preset_id = data.pop("preset", None)
        if preset_id is not None:
            data = start_from(find_preset(owner, read_id("preset", preset_id)), data)
        parent_id = data.pop("parent", None)
        parent = find_edit(owner, read_id("parent", parent_id)) if parent_id is not None else None
        photo_id = data.pop("photo", None)
        if photo_id is None and parent is None:
            raise RequestInvalid("photo: name the photo, or the parent to go on from")
        photo = (
            find_photo(owner, read_id("photo", photo_id)) if photo_id is not None else parent.photo
        )
        asked = read_request(data)
        file = request.FILES.get("mask")
        if file is not None and photo.is_video:
            raise RequestInvalid("mask: masks are for photos; in a video faces move")
        size, params = (photo.width, photo.height), asked.checked_params()
        if file is None:
            check_mask(None, size, params)
        mask = read_mask(file.read(), size, params) if file is not None else None
        with transaction.atomic():
            token = spend(request, edits=1)
            edit = services.create_edit(owner, photo, asked, parent, mask, token=token)
            headers = {"Location": f"/api/v1/edits/{edit.pk}/"}
            return once.keep(Response(EditSerializer(edit).data, 202, headers=headers))


def read_body(request: Request) -> dict[str, Any]:
    """Return the fields of a JSON or multipart body; multipart carries ``params`` as JSON text.

    Raises:
        RequestInvalid: the body is no object, a field comes twice, or ``params`` is not JSON.
    """
    if not isinstance(request.data, dict):
        raise RequestInvalid("send a JSON object")
    if not hasattr(request.data, "getlist"):
        return dict(request.data)
    data: dict[str, Any] = {}
    for name in request.data:
        values = request.data.getlist(name)
        if len(values) > 1:
            raise RequestInvalid(f"{name}: it comes {len(values)} times")
        if isinstance(values[0], UploadedFile):
            if name != "mask":
                raise RequestInvalid(f"{name}: no such file is expected")
            continue
        # An empty field of a form is one that was left out.
        if values[0] != "":
            data[name] = _read_form_value(name, values[0])
    return data


def _read_form_value(name: str, value: str) -> Any:
    if name == "params":
        try:
            return json.loads(value)
        except ValueError:
            raise RequestInvalid("params: send them as JSON text") from None
    if name == "faces" and value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            raise RequestInvalid("faces: send all, largest, or indices such as 0,2") from None
    return value


def read_id(name: str, value: Any) -> UUID:
    """Return an id.

    Raises:
        RequestInvalid: it is none.
    """
    try:
        return UUID(str(value))
    except ValueError:
        raise RequestInvalid(f"{name}: {str(value)[:80]!r} is not an id") from None


@extend_schema(tags=["edits"])
class EditView(APIView):
    @extend_schema(responses=EditSerializer)
    def get(self, request: Request, id: UUID) -> Response:
        """Return one edit and how far it is."""
        return Response(EditSerializer(find_edit(request.user, id)).data)


@extend_schema(tags=["edits"], request=None, responses={202: EditSerializer})
class CancelView(APIView):
    def post(self, request: Request, id: UUID) -> Response:
        """Cancel: at once while the edit waits, at its next progress report while it runs."""
        return Response(EditSerializer(services.cancel_edit(find_edit(request.user, id))).data, 202)


@extend_schema(tags=["edits"], request=None, responses={202: EditSerializer})
class RetryView(APIView):
    def post(self, request: Request, id: UUID) -> Response:
        """Queue a failed or cancelled edit again."""
        return Response(EditSerializer(services.retry_edit(find_edit(request.user, id))).data, 202)


def find_done(request: Request, id: UUID) -> Edit:
    """Return an edit that is done.

    Raises:
        Http404: there is none by that id.
        Conflict: it is not done.
    """
    edit = find_edit(request.user, id)
    if edit.status != Status.DONE:
        raise Conflict(f"The edit is {edit.status}; it has a result when it is done.", "not_done")
    return edit


@extend_schema(tags=["edits"], responses=FILE)
class ResultView(APIView):
    def get(self, request: Request, id: UUID) -> HttpResponseBase:
        """Return the edited photo or video at its own size; ``?download`` saves it as a file."""
        edit = find_done(request, id)
        stem = PurePath(edit.photo.name).stem or "photo"
        shown = f"{stem}-{edit.operation}{PurePath(edit.result).suffix}"
        return answer_file(request._request, edit.result, shown, edit.result_sha256)


@extend_schema(tags=["edits"], responses=IMAGE)
class PictureView(APIView):
    def get(self, request: Request, id: UUID) -> HttpResponseBase:
        """Return the result, or a video's first picture, for a screen: in sRGB, JPEG or WebP, at most 2048 px a side."""
        name = rendition(find_done(request, id).result, PICTURE_SIDE)
        return answer_file(request._request, name, PurePath(name).name)


@extend_schema(tags=["edits"], responses={200: REPORT_SCHEMA})
class ReportView(APIView):
    def get(self, request: Request, id: UUID) -> Response:
        """Return what was asked, with what it was done, and what it did to each face."""
        return Response(find_done(request, id).report)


@extend_schema(tags=["edits"])
class EventsView(APIView):
    @extend_schema(
        responses=EventsSerializer,
        parameters=[
            OpenApiParameter(
                "since", OpenApiTypes.INT64, description="The id of the last event that you have."
            )
        ],
    )
    def get(self, request: Request, id: UUID) -> Response:
        """Return the events after ``since``, oldest first, at most 1000 at once."""
        edit = find_edit(request.user, id)
        since = read_since(request.query_params.get("since", "0"))
        return Response({"results": events_since(edit.pk, since)[:EVENTS_AT_ONCE]})


@extend_schema(tags=["edits"], responses=IMAGE)
class PreviewView(APIView):
    def get(self, request: Request, id: UUID, name: str) -> HttpResponseBase:
        """Return a preview that an event announced."""
        edit = find_edit(request.user, id)
        if not name.startswith("preview-"):
            raise Http404
        return answer_file(request._request, f"{edit.folder}/{name}.jpg", f"{name}.jpg")
