"""What every part of the API shares: content negotiation and pages of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import CursorPagination
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


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


class Pages(CursorPagination):
    """Newest first, and stable while new rows arrive."""

    ordering = ("-created", "id")
    page_size_query_param = "limit"
    max_page_size = 200
