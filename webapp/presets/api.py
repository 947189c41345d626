"""The API of presets."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from editing.operations import OPERATIONS
from webapp.api import CreatedFilters, narrow, refuse_unknown
from webapp.conditional import IF_MATCH, require_match
from webapp.idempotency.services import IDEMPOTENCY_KEY, answer_once
from webapp.params import ParamsField
from webapp.presets.models import Preset
from webapp.presets.services import change_preset, create_preset, find_preset, presets_of


class PresetSerializer(serializers.ModelSerializer[Preset]):
    """Saved params. An edit that names the preset starts from them."""

    params = ParamsField()

    class Meta:
        model = Preset
        fields = ("id", "name", "operation", "params", "created", "changed")
        read_only_fields = fields


class PresetChangesSerializer(serializers.Serializer):
    """What can be changed. The operation stays: its params would fit no other."""

    name = serializers.CharField(max_length=80, required=False)
    params = ParamsField(required=False)

    def validate_params(self, params: Any) -> Any:
        if not isinstance(params, dict):
            raise serializers.ValidationError("Send an object.")
        return params

    def validate(self, told: dict[str, Any]) -> dict[str, Any]:
        refuse_unknown(self)
        return told


class PresetRequestSerializer(PresetChangesSerializer):
    """What is saved. ``editing.request`` checks the params, as it does for an edit."""

    name = serializers.CharField(max_length=80)
    operation = serializers.CharField(max_length=40)
    params = ParamsField(default=dict)


class PresetFilters(CreatedFilters):
    operation = serializers.ChoiceField(
        tuple(OPERATIONS), required=False, help_text="Only this operation."
    )


@extend_schema(tags=["presets"])
class PresetsView(ListAPIView[Preset]):
    """Presets of the person who asks, newest first."""

    parser_classes = [JSONParser]
    serializer_class = PresetSerializer

    def get_queryset(self) -> Any:
        return narrow(presets_of(self.request.user), PresetFilters, self.request)

    @extend_schema(parameters=[PresetFilters])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request=PresetRequestSerializer,
        responses={201: PresetSerializer},
        parameters=[IDEMPOTENCY_KEY],
    )
    @answer_once
    def post(self, request: Request) -> Response:
        """Save params of an operation under a name."""
        told = PresetRequestSerializer(data=request.data)
        told.is_valid(raise_exception=True)
        preset = create_preset(request.user, **told.validated_data)
        headers = {"Location": f"/api/v1/presets/{preset.pk}/"}
        return Response(PresetSerializer(preset).data, 201, headers=headers)


@extend_schema(tags=["presets"])
class PresetView(APIView):
    parser_classes = [JSONParser]

    @extend_schema(responses=PresetSerializer)
    def get(self, request: Request, id: UUID) -> Response:
        """Return one preset."""
        return Response(PresetSerializer(find_preset(request.user, id)).data)

    @extend_schema(
        request=PresetChangesSerializer, responses=PresetSerializer, parameters=[IF_MATCH]
    )
    def patch(self, request: Request, id: UUID) -> Response:
        """Change the name, the params, or both; the params that are sent replace all."""
        preset = find_preset(request.user, id)
        require_match(request, PresetSerializer(preset).data)
        told = PresetChangesSerializer(data=request.data)
        told.is_valid(raise_exception=True)
        return Response(PresetSerializer(change_preset(preset, **told.validated_data)).data)

    @extend_schema(responses={204: None}, parameters=[IF_MATCH])
    def delete(self, request: Request, id: UUID) -> Response:
        """Forget a preset. Edits that started from it stay as they are."""
        preset = find_preset(request.user, id)
        require_match(request, PresetSerializer(preset).data)
        preset.delete()
        return Response(status=204)
