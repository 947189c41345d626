"""The API of batches."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import PurePath
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from editing.errors import RequestInvalid
from webapp.accounts.usage import spend
from webapp.api import Pages, narrow
from webapp.batches import services
from webapp.batches.body import check_archive, find_photos, read_asked
from webapp.batches.items import COUNTED_AS, COUNTS, count_items
from webapp.batches.models import GOING_ON, Batch, Item
from webapp.batches.packing import pack_results
from webapp.batches.reports import csv_report, json_report
from webapp.batches.selectors import batch_events_since, batches_of, find_batch
from webapp.batches.serializers import (
    ROW_SCHEMA,
    ArchiveRequestSerializer,
    BatchEventsSerializer,
    BatchFilters,
    BatchSerializer,
    ItemSerializer,
    PhotosRequestSerializer,
)
from webapp.batches.upkeep import delete_batch
from webapp.edits.since import read_since
from webapp.errors import Conflict
from webapp.idempotency.services import IDEMPOTENCY_KEY, Once

REPORTS = {
    "json": (json_report, "application/json"),
    "csv": (csv_report, "text/csv; charset=utf-8"),
}


def answer_batch(batch: Batch, status: int = 200, **options: Any) -> Response:
    counts = count_items([batch.pk])
    return Response(BatchSerializer(batch, context={"counts": counts}).data, status, **options)


@extend_schema(tags=["batches"])
class BatchesView(ListAPIView[Batch]):
    """Batches of the person who asks, newest first."""

    serializer_class = BatchSerializer

    def get_queryset(self) -> Any:
        return narrow(batches_of(self.request.user), BatchFilters, self.request)

    @extend_schema(parameters=[BatchFilters])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        counts = count_items([batch.pk for batch in page])
        told = BatchSerializer(page, many=True, context={"counts": counts})
        return self.get_paginated_response(told.data)

    @extend_schema(
        request={
            "multipart/form-data": ArchiveRequestSerializer,
            "application/json": PhotosRequestSerializer,
        },
        responses={202: BatchSerializer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Queue one operation, or a recipe of several, for the photos of a ZIP, of a list or in
        object storage.

        A file that cannot be edited fails alone; what is wrong with the archive as a whole, or
        with the recipe, is refused at once.
        """
        with Once(request) as once:
            return once.answer or self.queue(request, once)

    def queue(self, request: Request, once: Once) -> Response:
        asked, source = read_asked(request)

        def answer(batch: Batch) -> Response:
            files = batch.items.count()
            sent = {"photos": files, "bytes": source["archive"].size} if "archive" in source else {}
            spend(request, edits=files * len(batch.recipe), **sent)
            headers = {"Location": f"/api/v1/batches/{batch.pk}/"}
            return once.keep(answer_batch(batch, 202, headers=headers))

        if "archive" in source:
            archive = check_archive(source["archive"])
            return services.create_from_archive(request.user, archive, asked, answer)
        if "photos" in source:
            photos = find_photos(request.user, source["photos"])
            return services.create_from_photos(request.user, photos, asked, answer)
        return services.create_from_bucket(request.user, source["prefix"], asked, answer)


@extend_schema(tags=["batches"])
class BatchView(APIView):
    @extend_schema(responses=BatchSerializer)
    def get(self, request: Request, id: UUID) -> Response:
        """Return one batch and how far it is."""
        return answer_batch(find_batch(request.user, id))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, id: UUID) -> Response:
        """Delete a batch with the photos and results that it made."""
        delete_batch(find_batch(request.user, id))
        return Response(status=204)


@extend_schema(tags=["batches"], request=None, responses={202: BatchSerializer})
class BatchCancelView(APIView):
    def post(self, request: Request, id: UUID) -> Response:
        """Cancel all items that have not ended; running ones stop at their next progress report."""
        return answer_batch(services.cancel_batch(find_batch(request.user, id)), 202)


@extend_schema(tags=["batches"], request=None, responses={202: BatchSerializer})
class BatchRetryView(APIView):
    def post(self, request: Request, id: UUID) -> Response:
        """Queue the failed items again, and no others."""
        return answer_batch(services.retry_batch(find_batch(request.user, id)), 202)


@extend_schema(tags=["batches"], request=None, responses={202: BatchSerializer})
class BatchPauseView(APIView):
    def post(self, request: Request, id: UUID) -> Response:
        """Begin no more items; those that run are finished."""
        return answer_batch(services.pause_batch(find_batch(request.user, id)), 202)


@extend_schema(tags=["batches"], request=None, responses={202: BatchSerializer})
class BatchResumeView(APIView):
    def post(self, request: Request, id: UUID) -> Response:
        """Go on after a pause."""
        return answer_batch(services.resume_batch(find_batch(request.user, id)), 202)


class ItemPages(Pages):
    """In the order of the archive or list."""

    ordering = "id"

    def check_position(self, told: str) -> None:
        int(told)


@extend_schema(tags=["batches"])
class BatchItemsView(ListAPIView[Item]):
    """The files of a batch."""

    serializer_class = ItemSerializer
    pagination_class = ItemPages

    def get_queryset(self) -> Any:
        items = Item.objects.filter(batch=find_batch(self.request.user, self.kwargs["id"]))
        status = self.request.query_params.get("status")
        if status is None:
            return items
        if status not in COUNTS:
            raise RequestInvalid(f"status: one of {', '.join(COUNTS)}")
        queued = [state for state, counted in COUNTED_AS.items() if counted == status]
        return items.filter(state__in=queued or [status])

    @extend_schema(
        parameters=[
            OpenApiParameter("status", enum=COUNTS, description="Only the items in this status.")
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


@extend_schema(tags=["batches"])
class BatchEventsView(APIView):
    @extend_schema(
        responses=BatchEventsSerializer,
        parameters=[
            OpenApiParameter(
                "since", OpenApiTypes.INT64, description="The id of the last event that you have."
            )
        ],
    )
    def get(self, request: Request, id: UUID) -> Response:
        """Return the events after ``since``, oldest first, at most 1000 at once."""
        batch = find_batch(request.user, id)
        since = read_since(request.query_params.get("since", "0"))
        return Response({"results": batch_events_since(batch.pk, since)})


@extend_schema(tags=["batches"])
class BatchArchiveView(APIView):
    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, id: UUID) -> HttpResponseBase:
        """Return the results as a ZIP with the folders of the source, report.csv and report.json."""
        batch = find_batch(request.user, id)
        if batch.status in GOING_ON:
            raise Conflict(
                f"The batch is {batch.status}; it has results when it has ended.", "not_done"
            )
        stem = PurePath(batch.name).stem or "batch"
        return stream(pack_results(batch), "application/zip", f"{stem}-mien.zip")


@extend_schema(tags=["batches"])
class BatchReportView(APIView):
    @extend_schema(
        responses={(200, "application/json"): ROW_SCHEMA, (200, "text/csv"): OpenApiTypes.STR},
        parameters=[OpenApiParameter("format", enum=["json", "csv"], default="json")],
    )
    def get(self, request: Request, id: UUID) -> HttpResponseBase:
        """Return a row per file: what became of it, and the error if it failed."""
        batch = find_batch(request.user, id)
        format = request.query_params.get("format", "json")
        if format not in REPORTS:
            raise RequestInvalid(f"format: {format[:40]!r} is neither json nor csv")
        rows, kind = REPORTS[format]
        return stream(rows(batch), kind, f"{PurePath(batch.name).stem or 'batch'}-report.{format}")


def stream(pieces: Iterator[bytes], kind: str, name: str) -> StreamingHttpResponse:
    """Answer with pieces as they are made: the answer is never whole in memory."""
    answer = StreamingHttpResponse(_in_thread(pieces), content_type=kind)
    answer["Content-Disposition"] = content_disposition_header(kind == "application/zip", name)
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


async def _in_thread(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Make each piece in the thread of the request: given a plain iterator, Django collects it whole."""
    following = sync_to_async(next)
    while (piece := await following(pieces, None)) is not None:
        yield piece
