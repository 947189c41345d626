"""What every part of the API shares: content negotiation, questions, and pages of a list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.exceptions import NotAcceptable, NotFound
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import CursorPagination
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from editing.errors import RequestInvalid

# How a view tells the document that it answers with a picture.
IMAGE = {(200, "image/*"): OpenApiTypes.BINARY}
FILE = {(200, "image/*"): OpenApiTypes.BINARY, (200, "video/*"): OpenApiTypes.BINARY}


class Negotiation(DefaultContentNegotiation):
    """Answer in our own format where the client names another: problems and pictures have theirs."""

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        try:
            return super().select_renderer(request, renderers, format_suffix)
        except NotAcceptable:
            return renderers[0], renderers[0].media_type

    def filter_renderers(self, renderers: Any, format: str) -> Any:
        return [renderer for renderer in renderers if renderer.format == format] or renderers


class CreatedFilters(serializers.Serializer):
    """What any list can be narrowed to, as fields of the question. Other lists add theirs."""

    created_since = serializers.DateTimeField(
        required=False, help_text="Only what was made at this time or later."
    )
    created_until = serializers.DateTimeField(
        required=False, help_text="Only what was made before this time."
    )

    LOOKUPS = {"created_since": "created__gte", "created_until": "created__lt"}


def read_query(fields: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return what the question says of these fields.

    Raises:
        RequestInvalid, ValidationError: one has a value that it cannot have, or an empty one.
    """
    query = fields(data=request.query_params)
    empty = [name for name in query.fields if request.query_params.get(name) == ""]
    if empty:
        raise RequestInvalid(f"{empty[0]}: leave it out, or say which")
    query.is_valid(raise_exception=True)
    told: dict[str, Any] = query.validated_data
    return told


def narrow(rows: Any, filters: type[CreatedFilters], request: Request) -> Any:
    """Return the rows that the question asks for.

    Raises:
        RequestInvalid, ValidationError: a filter has a value that it cannot have.
    """
    asked = {name: value for name, value in read_query(filters, request).items() if value}
    return rows.filter(**{filters.LOOKUPS.get(name, name): asked[name] for name in asked})


def refuse_unknown(serializer: serializers.Serializer[Any]) -> None:
    """Refuse fields that a body has and the serializer has not: a typing error is no wish.

    Raises:
        ValidationError: names the first.
    """
    unknown = set(serializer.initial_data) - set(serializer.fields)
    if unknown:
        raise serializers.ValidationError({min(unknown): ["There is no such field."]})


class Pages(CursorPagination):
    """Newest first, and stable while new rows arrive."""

    ordering = ("-created", "id")
    page_size_query_param = "limit"
    max_page_size = 200

    def get_page_size(self, request: Request) -> int | None:
        """Return how many rows a page has.

        Raises:
            RequestInvalid: ``limit`` is no number from 1 to 200.
        """
        told = request.query_params.get("limit")
        if told is None:
            return self.page_size
        if not (told.isascii() and told.isdigit() and 1 <= int(told[:9]) <= self.max_page_size):
            raise RequestInvalid(f"limit: ask for 1 to {self.max_page_size} rows")
        return int(told)

    def decode_cursor(self, request: Request) -> Any:
        """Return where the page starts.

        Raises:
            RequestInvalid: the cursor is none of ours.
        """
        wrong = RequestInvalid("cursor: take it from the last page, as it is")
        try:
            cursor = super().decode_cursor(request)
            if cursor is not None and cursor.position is not None:
                self.check_position(cursor.position)
        except (NotFound, ValueError):
            raise wrong from None
        return cursor

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        page = {"type": ["string", "null"], "format": "uri", "description": "Null: there is none."}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": page, "previous": page, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        parameters = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] |= {"minimum": 1, "maximum": self.max_page_size}
        return parameters

    def check_position(self, told: str) -> None:
        """Raise ValueError where ``told`` is no value of the first column of the order."""
        datetime.fromisoformat(told)
