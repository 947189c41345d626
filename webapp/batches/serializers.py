"""How batches and their items look in JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from webapp.api import CreatedFilters
from webapp.batches.items import COUNTED_AS, COUNTS, progress_of
from webapp.batches.models import Batch, BatchEvent, BatchStatus, Item, State
from webapp.edits.serializers import FacesField
from webapp.params import ParamsField

RECIPE_SCHEMA = {
    "type": "array",
    "minItems": 1,
    "maxItems": 10,
    "description": "Steps; each goes on from the result of the one before.",
    "items": {
        "type": "object",
        "required": ["operation"],
        "properties": {
            "operation": {"type": "string"},
            "params": {"$ref": "#/components/schemas/Params"},
            "faces": {},
            "engine": {"type": "string", "enum": ["auto", "native", "diffusion"]},
            "seed": {"type": ["integer", "null"], "minimum": 0, "maximum": 2**32 - 1},
        },
    },
}


@extend_schema_field(RECIPE_SCHEMA)
class RecipeField(serializers.JSONField):
    """Steps of a recipe; ``webapp.batches.recipe`` checks them."""


class _Asked(serializers.Serializer):
    """Either ``operation`` with its ``params``, or a ``recipe``."""

    operation = serializers.CharField(required=False)
    params = ParamsField(required=False)
    faces = FacesField(required=False)
    engine = serializers.ChoiceField(("auto", "native", "diffusion"), required=False)
    seed = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=2**32 - 1
    )
    recipe = RecipeField(required=False)
    name = serializers.CharField(required=False, max_length=200)


@extend_schema_serializer(component_name="BatchOfPhotosRequest")
class PhotosRequestSerializer(_Asked):
    """A batch of photos that were sent before, or that lie in object storage."""

    photos = serializers.ListField(child=serializers.UUIDField(), required=False)
    prefix = serializers.CharField(
        required=False, help_text="s3://bucket/prefix, of a bucket in MIEN_BUCKETS."
    )


@extend_schema_serializer(component_name="BatchOfArchiveRequest")
class ArchiveRequestSerializer(_Asked):
    """A batch of the files in a ZIP. ``params`` and ``recipe`` are JSON text."""

    archive = serializers.FileField()
    overrides = serializers.FileField(
        required=False,
        help_text="A CSV: a column file, and one per param, faces or seed that differs.",
    )


class BatchFilters(CreatedFilters):
    """Which batches are wanted."""

    status = serializers.MultipleChoiceField(
        choices=BatchStatus.choices,
        required=False,
        help_text="Only these states; may come several times.",
    )

    LOOKUPS = {**CreatedFilters.LOOKUPS, "status": "status__in"}


class CountsSerializer(serializers.Serializer):
    queued = serializers.IntegerField()
    running = serializers.IntegerField()
    done = serializers.IntegerField()
    failed = serializers.IntegerField()
    cancelled = serializers.IntegerField()


class BatchSerializer(serializers.ModelSerializer[Batch]):
    """A batch. ``eta`` are seconds, measured from the items that have ended; null while unknown.

    ``skipped`` counts the files that operating systems put into archives by themselves.
    """

    recipe = RecipeField()
    counts = serializers.SerializerMethodField()
    total = serializers.SerializerMethodField()
    fraction = serializers.SerializerMethodField()
    eta = serializers.SerializerMethodField()
    archive = serializers.SerializerMethodField()
    report = serializers.SerializerMethodField()

    class Meta:
        model = Batch
        fields = ("id", "name", "status", "paused", "source", "recipe", "counts", "total", "skipped",
                  "fraction", "eta", "archive", "report", "created", "started_at", "ended_at",
                  "expires_at")  # fmt: skip
        read_only_fields = fields

    def _counts(self, batch: Batch) -> dict[str, int]:
        """The counts of this batch; the view has asked for those of all it shows at once."""
        return self.context["counts"][batch.pk]  # type: ignore[no-any-return]

    @extend_schema_field(CountsSerializer)
    def get_counts(self, batch: Batch) -> dict[str, int]:
        return self._counts(batch)

    def get_total(self, batch: Batch) -> int:
        return sum(self._counts(batch).values())

    def get_fraction(self, batch: Batch) -> float:
        return round(progress_of(batch, self._counts(batch))[0], 4)

    def get_eta(self, batch: Batch) -> float | None:
        return progress_of(batch, self._counts(batch))[1]

    def get_archive(self, batch: Batch) -> str:
        return f"/api/v1/batches/{batch.pk}/archive/"

    def get_report(self, batch: Batch) -> str:
        return f"/api/v1/batches/{batch.pk}/report/"


class ItemSerializer(serializers.ModelSerializer[Item]):
    """One file of a batch. ``error`` is null unless it failed."""

    file = serializers.CharField(source="path")
    status = serializers.SerializerMethodField()
    photo = serializers.UUIDField(source="photo_id", allow_null=True)
    edit = serializers.UUIDField(source="edit_id", allow_null=True)
    error = serializers.SerializerMethodField()

    class Meta:
        model = Item
        fields = (
            "id",
            "file",
            "status",
            "step",
            "photo",
            "edit",
            "error",
            "started_at",
            "ended_at",
        )
        read_only_fields = fields

    @extend_schema_field({"type": "string", "enum": list(COUNTS)})
    def get_status(self, item: Item) -> str:
        return COUNTED_AS.get(State(item.state), item.state)

    @extend_schema_field(
        {
            "type": ["object", "null"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        }
    )
    def get_error(self, item: Item) -> dict[str, str] | None:
        return {"code": item.code, "message": item.message} if item.code else None


class BatchEventSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(BatchEvent.Kind.choices)
    at = serializers.DateTimeField()
    data = serializers.DictField()


class BatchEventsSerializer(serializers.Serializer):
    results = BatchEventSerializer(many=True)


ROW_SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["file", "status", "error", "seconds", "result", "photo", "edit", "report"],
        "properties": {
            "file": {"type": "string"},
            "status": {"type": "string", "enum": list(COUNTS)},
            "error": {
                "type": ["object", "null"],
                "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            },
            "seconds": {"type": ["number", "null"]},
            "result": {"type": ["string", "null"], "description": "Its path in archive/."},
            "photo": {"type": ["string", "null"]},
            "edit": {"type": ["string", "null"]},
            "report": {"type": ["object", "null"], "description": "The report of its last edit."},
        },
    },
}
