"""The API of an edit's several results, each at the photo's own size, and of its ID photo."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from editing.idphoto.sizes import LABEL
from webapp.edits.api import IMAGE, find_done
from webapp.edits.models import Edit
from webapp.files import answer_file
from webapp.params import ParamsField
from webapp.photos.renditions import PICTURE_SIDE, rendition


class OneResultSerializer(serializers.Serializer):
    """One of several results: its own params and seed, the file and a copy for a screen."""

    label = serializers.CharField()
    params = ParamsField()
    seed = serializers.IntegerField()
    result = serializers.CharField()
    picture = serializers.CharField()
    sha256 = serializers.CharField()


class ResultsSerializer(serializers.Serializer):
    results = OneResultSerializer(many=True)


@extend_schema(tags=["edits"])
class ResultsView(APIView):
    @extend_schema(operation_id="edits_results_list", responses=ResultsSerializer)
    def get(self, request: Request, id: UUID) -> Response:
        """Return the several results in the order asked for; an empty list where there is one."""
        edit = find_done(request, id)
        report = edit.report or {}
        told = {one["label"]: one for one in report.get("variants", [])}
        results = [_describe(edit, one, told[one["label"]]) for one in edit.variants]
        return Response({"results": results})


@extend_schema(tags=["edits"], responses=IMAGE)
class OneResultView(APIView):
    def get(self, request: Request, id: UUID, label: str) -> HttpResponseBase:
        """Return one of several results at the photo's own size, or the ID photo; ``?download`` saves it."""
        edit = find_done(request, id)
        one = _find(edit, label)
        stem = PurePath(edit.photo.name).stem or "photo"
        shown = f"{stem}-{edit.operation}-{label}{PurePath(one['file']).suffix}"
        return answer_file(request._request, one["file"], shown, one["sha256"])


@extend_schema(tags=["edits"], responses=IMAGE)
class OnePictureView(APIView):
    def get(self, request: Request, id: UUID, label: str) -> HttpResponseBase:
        """Return one of several results for a screen: in sRGB, at most 2048 px a side."""
        name = rendition(_find(find_done(request, id), label)["file"], PICTURE_SIDE)
        return answer_file(request._request, name, PurePath(name).name)


def _find(edit: Edit, label: str) -> dict[str, str]:
    if label == LABEL and edit.id_photo:
        return dict(edit.id_photo)
    for one in edit.variants:
        if one["label"] == label:
            return one
    raise Http404


def _describe(edit: Edit, kept: dict[str, str], told: dict[str, Any]) -> dict[str, Any]:
    address = f"/api/v1/edits/{edit.pk}/results/{kept['label']}/"
    return {
        "label": kept["label"],
        "params": told["params"],
        "seed": told["seed"],
        "result": address,
        "picture": f"{address}picture/",
        "sha256": kept["sha256"],
    }
