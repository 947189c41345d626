"""The Django project: accounts, photos, edits, the API and the sockets. Never imports torch."""

from webapp.celery import app as celery_app

__all__ = ["celery_app"]
