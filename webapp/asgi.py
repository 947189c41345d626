"""HTTP and websockets in one ASGI application."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
http = get_asgi_application()

# Only after the apps are loaded.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.sessions import SessionMiddlewareStack  # noqa: E402
from django.conf import settings  # noqa: E402

from webapp.accounts.sockets import KnownUsersOnly  # noqa: E402
from webapp.body import BATCHES, BodyLimit  # noqa: E402
from webapp.edits.sockets import urlpatterns  # noqa: E402

# A photo or archive of the largest size must fit, with what multipart writes around it.
LARGEST_BODY = settings.MAX_UPLOAD_BYTES + 1024 * 1024
LARGEST_BATCH = settings.MAX_ARCHIVE_BYTES + 32 * 1024 * 1024

application = ProtocolTypeRouter(
    {
        "http": BodyLimit(http, LARGEST_BODY, {BATCHES: LARGEST_BATCH}),
        "websocket": SessionMiddlewareStack(KnownUsersOnly(URLRouter(urlpatterns))),
    }
)
