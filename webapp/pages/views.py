"""The pages: shells that the browser's modules fill from the REST API."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe


@require_safe
@never_cache
@ensure_csrf_cookie
def studio(request: HttpRequest, photo: UUID | None = None) -> HttpResponse:
    """Answer with the studio, opened at ``photo`` if one is named.

    Whether that photo still exists the page learns from the API, which also knows whose it is.
    """
    return render(request, "mien/studio.html", {"photo": photo})


@require_safe
@never_cache
@ensure_csrf_cookie
def batches(request: HttpRequest) -> HttpResponse:
    """Answer with the page on which many photos are edited at once."""
    return render(request, "mien/batches.html")


@require_safe
@never_cache
@ensure_csrf_cookie
def video(request: HttpRequest, video: UUID) -> HttpResponse:
    """Answer with the page of one video, of which the API knows whether it is there and whose it is."""
    return render(request, "mien/video.html", {"video": video})
