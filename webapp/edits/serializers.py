"""How edits, events and operations look in JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from pydantic import BaseModel
from rest_framework import serializers

from editing.idphoto.sizes import LABEL
from editing.operations import OPERATIONS
from editing.report import Report, VideoReport
from webapp.api import CreatedFilters
from webapp.edits.models import Edit, EditEvent, Status
from webapp.params import ParamsField

FACES_SCHEMA = {
    "oneOf": [
        {"type": "string", "enum": ["all", "largest"]},
        {"type": "string", "pattern": r"^[0-9]+(,[0-9]+)*$", "description": "Indices, as in 0,2."},
        {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1},
        {"type": "null"},
    ],
    "description": "Which faces; null is the operation's own choice.",
}


@extend_schema_field(FACES_SCHEMA)
class FacesField(serializers.JSONField):
    """Which faces; ``editing.request`` checks them."""


class ToldParamsField(ParamsField):
    """The params of an edit, without those that are secret."""

    def to_representation(self, edit: Edit) -> dict[str, Any]:
        secrets = OPERATIONS[edit.operation].params.secrets()
        return {name: value for name, value in edit.params.items() if name not in secrets}


@extend_schema_serializer(component_name="EditRequest")
class EditRequestSerializer(serializers.Serializer):
    """What is asked for. For the documentation: ``editing.request`` checks it on every surface."""

    photo = serializers.UUIDField(
        required=False, help_text="May be left out where parent is given."
    )
    operation = serializers.CharField(
        required=False, help_text="May be left out where preset is given."
    )
    preset = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="Start from its params; those that are sent with it go before them.",
    )
    params = ParamsField(required=False)
    faces = FacesField(required=False)
    engine = serializers.ChoiceField(("auto", "native", "diffusion"), default="auto")
    seed = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=2**32 - 1
    )
    parent = serializers.UUIDField(
        required=False, allow_null=True, help_text="An edit that is done, to go on from."
    )
    mask = serializers.FileField(
        required=False,
        help_text="Multipart only: a picture of the photo's size; white lets the edit through.",
    )


class EditSerializer(serializers.ModelSerializer[Edit]):
    """An edit. ``result`` is null until it is done; ``error`` is null unless it has failed.

    ``results`` is the address of its several results, null where there is one; ``id_photo`` that of the
    photo for a passport that was cut from it, null where none was asked for.
    """

    photo = serializers.UUIDField(source="photo_id")
    parent = serializers.UUIDField(source="parent_id", allow_null=True)
    params = ToldParamsField(source="*")
    faces = FacesField()
    result = serializers.SerializerMethodField()
    picture = serializers.SerializerMethodField()
    results = serializers.SerializerMethodField()
    id_photo = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()

    class Meta:
        model = Edit
        fields = ("id", "status", "photo", "parent", "operation", "params", "faces", "engine", "seed",
                  "attempt", "cancel_requested", "result", "picture", "results", "id_photo", "error", "created", "started_at",
                  "ended_at")  # fmt: skip
        read_only_fields = fields

    def get_result(self, edit: Edit) -> str | None:
        return f"/api/v1/edits/{edit.pk}/result/" if edit.result else None

    def get_picture(self, edit: Edit) -> str | None:
        return f"/api/v1/edits/{edit.pk}/picture/" if edit.result else None

    def get_results(self, edit: Edit) -> str | None:
        return f"/api/v1/edits/{edit.pk}/results/" if edit.variants else None

    def get_id_photo(self, edit: Edit) -> str | None:
        return f"/api/v1/edits/{edit.pk}/results/{LABEL}/" if edit.id_photo else None

    @extend_schema_field(
        {
            "type": ["object", "null"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        }
    )
    def get_error(self, edit: Edit) -> dict[str, str] | None:
        return {"code": edit.code, "message": edit.message} if edit.code else None


class EditFilters(CreatedFilters):
    """Which edits are wanted."""

    photo = serializers.UUIDField(required=False, help_text="Only the edits of this photo.")
    batch = serializers.UUIDField(required=False, help_text="Only the edits of this batch.")
    operation = serializers.ChoiceField(
        tuple(OPERATIONS), required=False, help_text="Only this operation."
    )
    status = serializers.MultipleChoiceField(
        choices=Status.choices,
        required=False,
        help_text="Only these states; may come several times.",
    )

    LOOKUPS = {**CreatedFilters.LOOKUPS, "status": "status__in"}


class EventSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(EditEvent.Kind.choices)
    at = serializers.DateTimeField()
    data = serializers.DictField()


class EventsSerializer(serializers.Serializer):
    results = EventSerializer(many=True)


class WeightSerializer(serializers.Serializer):
    name = serializers.CharField()
    available = serializers.BooleanField()
    licence = serializers.CharField(allow_null=True)
    commercial_use = serializers.BooleanField(allow_null=True)
    summary = serializers.CharField()


class EngineSerializer(serializers.Serializer):
    """``reason`` says why it cannot be used here: weights, a pipeline or a licence are missing."""

    name = serializers.CharField()
    available = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True)
    weights = WeightSerializer(many=True)


@extend_schema_field({"type": "object", "description": "JSON schema (2020-12) of the params."})
class JsonSchemaField(serializers.JSONField):
    pass


class OperationSerializer(serializers.Serializer):
    name = serializers.CharField()
    version = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    available = serializers.BooleanField(help_text="Whether one of its engines can be used here.")
    reason = serializers.CharField(allow_null=True, help_text="Why none can.")
    params = JsonSchemaField()
    engines = EngineSerializer(many=True)
    measures = serializers.ListField(child=serializers.CharField())
    default_faces = serializers.ChoiceField(("all", "largest"))


def _schema_of(report: type[BaseModel]) -> dict[str, Any]:
    schema = report.model_json_schema()
    definitions = schema.pop("$defs", {})

    def inline(part: Any) -> Any:
        if isinstance(part, list):
            return [inline(one) for one in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return inline(definitions[part["$ref"].rsplit("/", 1)[-1]])
        return {key: inline(value) for key, value in part.items()}

    return inline(schema)  # type: ignore[no-any-return]


REPORT_SCHEMA = {"oneOf": [_schema_of(Report), _schema_of(VideoReport)]}
