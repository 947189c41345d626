from django.apps import AppConfig


class WorkersConfig(AppConfig):
    """Only for the commands ``up`` and ``sweep``: nothing here is imported by the web process."""

    name = "workers"
