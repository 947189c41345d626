"""Where websockets are answered."""

from __future__ import annotations

from django.urls import path

from webapp.batches.consumers import BatchConsumer
from webapp.edits.consumers import EditConsumer, Nowhere

urlpatterns = [
    path("ws/edits/<uuid:id>/", EditConsumer.as_asgi()),
    path("ws/batches/<uuid:id>/", BatchConsumer.as_asgi()),
    path("<path:anywhere>", Nowhere.as_asgi()),
    path("", Nowhere.as_asgi()),
]
