from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "webapp.idempotency"
    label = "idempotency"
