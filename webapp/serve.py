"""The web server process: ``python -m webapp.serve``, on ``MIEN_HOST`` and ``PORT``."""

from __future__ import annotations

import argparse
import os
import socket

import uvicorn

GRACE_SECONDS = 3


def main() -> None:
    """Serve until SIGTERM or SIGINT. ``--fd`` is a listening socket that was opened before."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    from django.conf import settings

    parser = argparse.ArgumentParser(prog="python -m webapp.serve", description=__doc__)
    parser.add_argument("--fd", type=int)
    arguments = parser.parse_args()
    config = uvicorn.Config(
        "webapp.asgi:application",
        host=settings.BIND_HOST,
        port=settings.PORT,
        lifespan="off",
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    sockets = [socket.socket(fileno=arguments.fd)] if arguments.fd is not None else None
    uvicorn.Server(config).run(sockets=sockets)


if __name__ == "__main__":
    main()
