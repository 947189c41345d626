"""Answering with a file of the media folder: entity tag, ranges, file name, no guessing of types."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import BinaryIO

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.utils.http import content_disposition_header

from webapp import media
from webapp.conditional import answer_conditional
from webapp.photos.services import media_type_of
from webapp.ranges import read_range

# What is smaller is read at once: a thread for every piece would cost more than the memory.
SMALL = 1024 * 1024
PIECE = 256 * 1024


def answer_file(
    request: HttpRequest, name: str, shown_name: str, sha256: str | None = None
) -> HttpResponseBase:
    """Return the file or the part of it that is asked for, or 304 if the client has it.

    ``?download`` asks the browser to save it. A file is written once and never changed, so where
    no digest is known its time and size tell it from others.

    Raises:
        Http404: the file is gone.
        RangeNotSatisfiable: the part that is asked for is behind its end.
    """
    try:
        file = media.path_of(name).open("rb")
    except OSError:
        raise Http404 from None
    try:
        status = os.fstat(file.fileno())
        etag = f'"{sha256 or f"{status.st_mtime_ns:x}-{status.st_size:x}"}"'
        unchanged = answer_conditional(request, etag)
        if unchanged is not None:
            file.close()
            return _finish(unchanged, etag)
        part = _asked_part(request, etag, status.st_size)
        answer = _answer_part(request, file, part if part is not None else range(status.st_size))
    except BaseException:
        file.close()
        raise
    if part is not None:
        answer.status_code = 206
        answer["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{status.st_size}"
    answer["Content-Type"] = media_type_of(name)
    answer["Content-Disposition"] = content_disposition_header(
        "download" in request.GET, shown_name
    )
    return _finish(answer, etag)


def _asked_part(request: HttpRequest, etag: str, size: int) -> range | None:
    """Return the positions that ``Range`` names, None for all of the file."""
    header = request.headers.get("Range")
    if header is None or request.method != "GET":
        return None
    # A date is never ours: we send no Last-Modified. A weak tag does not stand for bytes.
    if request.headers.get("If-Range", etag) != etag:
        return None
    return read_range(header, size)


def _answer_part(request: HttpRequest, file: BinaryIO, part: range) -> HttpResponseBase:
    answer: HttpResponseBase
    if request.method == "HEAD":
        file.close()
        answer = HttpResponse()
    elif len(part) <= SMALL:
        with file:
            file.seek(part.start)
            answer = HttpResponse(file.read(len(part)))
    else:
        answer = StreamingHttpResponse(_pieces(file, part))
        answer._resource_closers.append(file.close)
    answer["Content-Length"] = str(len(part))
    return answer


async def _pieces(file: BinaryIO, part: range) -> AsyncIterator[bytes]:
    file.seek(part.start)
    remaining = len(part)
    while remaining:
        piece = await asyncio.to_thread(file.read, min(PIECE, remaining))
        if not piece:
            return
        remaining -= len(piece)
        yield piece


def _finish(answer: HttpResponseBase, etag: str) -> HttpResponseBase:
    answer["ETag"] = etag
    answer["Accept-Ranges"] = "bytes"
    # Somebody's face: never in a shared cache, and asked for again so that a deletion shows.
    answer["Cache-Control"] = "private, no-cache"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
