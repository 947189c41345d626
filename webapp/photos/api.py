"""The API of photos."""

from __future__ import annotations

import asyncio
from pathlib import PurePath
from time import monotonic
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponseBase
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from editing.errors import PhotoTooLarge, RequestInvalid
from webapp import hub
from webapp.accounts.usage import spend
from webapp.api import FILE, IMAGE, CreatedFilters, narrow
from webapp.files import answer_file
from webapp.idempotency.services import IDEMPOTENCY_KEY, Once
from webapp.photos.models import FacesState, Photo
from webapp.photos.renditions import PICTURE_SIDE, THUMBNAIL_SIDE, rendition
from webapp.photos.selectors import find_photo, photos_of
from webapp.photos.services import delete_photo, extension_of, store_photo


class PoseSerializer(serializers.Serializer):
    yaw = serializers.FloatField()
    pitch = serializers.FloatField()
    roll = serializers.FloatField()


class FaceSerializer(serializers.Serializer):
    index = serializers.IntegerField()
    box = serializers.ListField(child=serializers.IntegerField(), min_length=4, max_length=4)
    pose = PoseSerializer()


class VideoSerializer(serializers.Serializer):
    """``seconds`` is 0 where the file does not tell."""

    seconds = serializers.FloatField()
    frames_per_second = serializers.FloatField()


class PhotoSerializer(serializers.ModelSerializer[Photo]):
    """A photo, or a video where ``video`` is not null. ``faces`` is null until a worker has looked, and
    stays so for a video; ``faces_state`` tells why.
    """

    video = serializers.SerializerMethodField()
    faces = serializers.SerializerMethodField()
    picture = serializers.SerializerMethodField()
    thumbnail = serializers.SerializerMethodField()

    class Meta:
        model = Photo
        fields = ("id", "name", "format", "width", "height", "bytes", "sha256", "video", "faces", "faces_state",
                  "picture", "thumbnail", "created", "expires_at")  # fmt: skip

    @extend_schema_field(VideoSerializer(allow_null=True))
    def get_video(self, photo: Photo) -> dict[str, Any] | None:
        if not photo.is_video:
            return None
        return {"seconds": photo.seconds, "frames_per_second": photo.frames_per_second}

    @extend_schema_field(FaceSerializer(many=True, allow_null=True))
    def get_faces(self, photo: Photo) -> list[dict[str, Any]] | None:
        if photo.faces is None:
            return None
        return [
            {"index": face["index"], "box": face["box"], "pose": face["pose"]}
            for face in photo.faces
        ]

    def get_picture(self, photo: Photo) -> str:
        return f"/api/v1/photos/{photo.pk}/picture/"

    def get_thumbnail(self, photo: Photo) -> str:
        return f"/api/v1/photos/{photo.pk}/thumbnail/"


class UploadSerializer(serializers.Serializer):
    file = serializers.FileField()


@extend_schema(tags=["photos"])
class PhotosView(ListAPIView[Photo]):
    """Photos of the person who asks, newest first."""

    serializer_class = PhotoSerializer
    parser_classes = [MultiPartParser]

    def get_queryset(self) -> Any:
        return narrow(photos_of(self.request.user), CreatedFilters, self.request)

    @extend_schema(parameters=[CreatedFilters])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request=UploadSerializer, responses={201: PhotoSerializer}, parameters=[IDEMPOTENCY_KEY]
    )
    def post(self, request: Request) -> Response:
        """Keep a photo, and answer when its faces are found; or keep a video.

        When no worker answers in time, ``faces`` is null and ``faces_state`` is ``pending``; ask
        again later. What is neither is refused and not kept.
        """
        file = request.FILES.get("file")
        if not isinstance(file, UploadedFile):
            raise RequestInvalid(
                "file: send the photo or video as the file of this name, as multipart/form-data"
            )
        if file.size is not None and file.size > settings.MAX_UPLOAD_BYTES:
            raise PhotoTooLarge(
                f"the file has {file.size:,} bytes; {settings.MAX_UPLOAD_BYTES:,} are allowed"
            )
        with Once(request) as once:
            if once.answer is not None:
                return once.answer

            def keep(photo: Photo) -> None:
                spend(request, photos=1, bytes=photo.bytes)
                once.keep(stored(photo))

            photo = store_photo(request.user, file.read(), file.name or "photo", keep)
            wait_for_faces(photo)
            return once.keep(stored(photo))


def stored(photo: Photo) -> Response:
    """Return the answer to an upload."""
    headers = {"Location": f"/api/v1/photos/{photo.pk}/"}
    return Response(PhotoSerializer(photo).data, 201, headers=headers)


def wait_for_faces(photo: Photo) -> None:
    """Wait until a worker has looked at the photo, or the time is over; refresh the photo.

    The waiting happens on the event loop; the thread of this request waits for it.
    """
    if settings.FACES_WAIT_SECONDS > 0:
        async_to_sync(_wait_for_faces)(photo, settings.FACES_WAIT_SECONDS)
    photo.refresh_from_db()


async def _wait_for_faces(photo: Photo, seconds: float) -> None:
    deadline = monotonic() + seconds
    pending = Photo.objects.filter(pk=photo.pk, faces_state=FacesState.PENDING)
    async with hub.listen(hub.photo_topic(photo.pk)) as waiter:
        while await sync_to_async(pending.exists)():
            remaining = deadline - monotonic()
            if remaining <= 0:
                return
            await waiter.wait(remaining)
            await asyncio.sleep(0)


@extend_schema(tags=["photos"])
class PhotoView(APIView):
    @extend_schema(responses=PhotoSerializer)
    def get(self, request: Request, id: UUID) -> Response:
        """Return one photo."""
        return Response(PhotoSerializer(find_photo(request.user, id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, id: UUID) -> Response:
        """Delete a photo, its edits, and every file that was made of it."""
        delete_photo(find_photo(request.user, id))
        return Response(status=204)


@extend_schema(tags=["photos"], responses=FILE)
class PhotoFileView(APIView):
    def get(self, request: Request, id: UUID) -> HttpResponseBase:
        """Return the file as it was sent."""
        photo = find_photo(request.user, id)
        return answer_file(request._request, photo.file, shown_name(photo), photo.sha256)


@extend_schema(tags=["photos"], responses=IMAGE)
class PhotoPictureView(APIView):
    def get(self, request: Request, id: UUID) -> HttpResponseBase:
        """Return the photo, or a video's first picture, for a screen: upright, in sRGB, JPEG or WebP, at
        most 2048 px a side.
        """
        return answer_rendition(request._request, find_photo(request.user, id), PICTURE_SIDE)


@extend_schema(tags=["photos"], responses=IMAGE)
class PhotoThumbnailView(APIView):
    def get(self, request: Request, id: UUID) -> HttpResponseBase:
        """Return the photo as a thumbnail, at most 320 px a side."""
        return answer_rendition(request._request, find_photo(request.user, id), THUMBNAIL_SIDE)


def answer_rendition(request: HttpRequest, photo: Photo, side: int) -> HttpResponseBase:
    name = rendition(photo.file, side)
    return answer_file(request, name, f"{PurePath(photo.name).stem}-{side}{PurePath(name).suffix}")


def shown_name(photo: Photo) -> str:
    """Return the name that the person's file had, with the ending that its format has."""
    return f"{PurePath(photo.name).stem or 'photo'}.{extension_of(photo.format)}"
