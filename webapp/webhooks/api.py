"""The API of webhooks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api import narrow
from webapp.conditional import IF_MATCH, require_match
from webapp.idempotency.services import IDEMPOTENCY_KEY, answer_once
from webapp.webhooks import services
from webapp.webhooks.models import Delivery, Webhook
from webapp.webhooks.serializers import (
    DeliveryFilters,
    DeliverySerializer,
    WebhookChangesSerializer,
    WebhookRequestSerializer,
    WebhookSerializer,
    WebhookWithSecretSerializer,
)

ID = OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH)


@extend_schema(tags=["webhooks"])
class WebhooksView(ListAPIView[Webhook]):
    """Webhooks of the person who asks, newest first, without their secrets."""

    parser_classes = [JSONParser]
    serializer_class = WebhookSerializer

    def get_queryset(self) -> Any:
        return services.webhooks_of(self.request.user)

    @extend_schema(
        request=WebhookRequestSerializer,
        responses={201: WebhookWithSecretSerializer},
        parameters=[IDEMPOTENCY_KEY],
    )
    @answer_once
    def post(self, request: Request) -> Response:
        """Have an address told when edits and batches end.

        Messages are signed after Standard Webhooks 1.0 with the secret that is shown this once.
        What is not answered with 2xx in 15 seconds is sent again, ever later, for a day.
        """
        told = WebhookRequestSerializer(data=request.data)
        told.is_valid(raise_exception=True)
        webhook = services.create_webhook(request.user, **told.validated_data)
        headers = {"Location": f"/api/v1/webhooks/{webhook.pk}/", "Cache-Control": "no-store"}
        return Response(WebhookWithSecretSerializer(webhook).data, 201, headers=headers)


@extend_schema(tags=["webhooks"])
class WebhookView(APIView):
    parser_classes = [JSONParser]

    @extend_schema(responses=WebhookSerializer)
    def get(self, request: Request, id: UUID) -> Response:
        """Return one webhook."""
        return Response(WebhookSerializer(services.find_webhook(request.user, id)).data)

    @extend_schema(
        request=WebhookChangesSerializer, responses=WebhookSerializer, parameters=[IF_MATCH]
    )
    def patch(self, request: Request, id: UUID) -> Response:
        """Change address, events or description, or switch it off and on."""
        webhook = services.find_webhook(request.user, id)
        require_match(request, WebhookSerializer(webhook).data)
        told = WebhookChangesSerializer(data=request.data)
        told.is_valid(raise_exception=True)
        changed = services.change_webhook(webhook, **told.validated_data)
        return Response(WebhookSerializer(changed).data)

    @extend_schema(responses={204: None}, parameters=[IF_MATCH])
    def delete(self, request: Request, id: UUID) -> Response:
        """Forget a webhook with its log; what waits is not sent."""
        webhook = services.find_webhook(request.user, id)
        require_match(request, WebhookSerializer(webhook).data)
        webhook.delete()
        return Response(status=204)


@extend_schema(tags=["webhooks"], request=None)
class TestView(APIView):
    @extend_schema(responses={202: DeliverySerializer}, parameters=[IDEMPOTENCY_KEY])
    @answer_once
    def post(self, request: Request, id: UUID) -> Response:
        """Send a message that says it is a test; how it went is in the delivery."""
        delivery = services.send_test(services.find_webhook(request.user, id))
        return _accepted(delivery)


@extend_schema(tags=["webhooks"], request=None)
class RotateView(APIView):
    @extend_schema(responses=WebhookWithSecretSerializer, parameters=[IDEMPOTENCY_KEY])
    @answer_once
    def post(self, request: Request, id: UUID) -> Response:
        """Change the secret. For a day both sign, so that receivers can change over."""
        webhook = services.rotate_secret(services.find_webhook(request.user, id))
        headers = {"Cache-Control": "no-store"}
        return Response(WebhookWithSecretSerializer(webhook).data, headers=headers)


@extend_schema(tags=["webhooks"])
class DeliveriesView(ListAPIView[Delivery]):
    """The messages to a webhook of the last three days, newest first."""

    serializer_class = DeliverySerializer

    def get_queryset(self) -> Any:
        webhook = services.find_webhook(self.request.user, self.kwargs["id"])
        rows = webhook.deliveries.prefetch_related("attempts")
        return narrow(rows, DeliveryFilters, self.request)

    @extend_schema(parameters=[ID, DeliveryFilters])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


@extend_schema(tags=["webhooks"])
class DeliveryView(APIView):
    @extend_schema(responses=DeliverySerializer)
    def get(self, request: Request, id: UUID, delivery: UUID) -> Response:
        """Return one message with all of its attempts."""
        webhook = services.find_webhook(request.user, id)
        return Response(DeliverySerializer(services.find_delivery(webhook, delivery)).data)


@extend_schema(tags=["webhooks"], request=None)
class RedeliverView(APIView):
    @extend_schema(responses={202: DeliverySerializer})
    def post(self, request: Request, id: UUID, delivery: UUID) -> Response:
        """Send a message again, now; its id stays, so that a receiver knows it."""
        webhook = services.find_webhook(request.user, id)
        return _accepted(services.redeliver(services.find_delivery(webhook, delivery)))


def _accepted(delivery: Delivery) -> Response:
    address = f"/api/v1/webhooks/{delivery.webhook_id}/deliveries/{delivery.pk}/"
    return Response(DeliverySerializer(delivery).data, 202, headers={"Location": address})
