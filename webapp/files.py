"""Answering with a file of the media folder: entity tag, file name, no guessing of types."""

from __future__ import annotations

import hashlib

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from webapp import media
from webapp.photos.services import media_type_of


def answer_file(
    request: HttpRequest, name: str, shown_name: str, sha256: str | None = None
) -> HttpResponseBase:
    """Return the file, or 304 if the client has it. ``?download`` asks the browser to save it.

    Raises:
        Http404: the file is gone.
    """
    if sha256 is not None:
        unchanged = get_conditional_response(request, etag=f'"{sha256}"')
        if unchanged is not None:
            return _finish(unchanged, sha256)
    try:
        data = media.read(name)
    except OSError:
        raise Http404 from None
    if sha256 is None:
        sha256 = hashlib.sha256(data).hexdigest()
    answer = HttpResponse(data, content_type=media_type_of(name))
    answer["Content-Disposition"] = content_disposition_header(
        "download" in request.GET, shown_name
    )
    answer["ETag"] = f'"{sha256}"'
    conditional = get_conditional_response(request, etag=f'"{sha256}"', response=answer)
    return _finish(conditional or answer, sha256)


def _finish(answer: HttpResponseBase, sha256: str) -> HttpResponseBase:
    answer["ETag"] = f'"{sha256}"'
    # Somebody's face: never in a shared cache, and asked for again so that a deletion shows.
    answer["Cache-Control"] = "private, no-cache"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
