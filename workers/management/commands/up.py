"""``manage.py up``: everything that one machine needs, in the foreground."""

from __future__ import annotations

import signal
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from webapp.accounts.services import has_credentials, local_owner
from workers.supervisor import PortTaken, Supervisor, is_open_to_others, open_port


class Command(BaseCommand):
    help = "Migrate, then run web server, worker and sweep until SIGTERM or Ctrl-C."
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            listening = open_port(settings.BIND_HOST, settings.PORT)
        except PortTaken as error:
            raise CommandError(str(error)) from error
        call_command("migrate", interactive=False, verbosity=0)
        local_owner()
        if settings.CREDENTIALS_REQUIRED and not has_credentials():
            raise CommandError(
                f"{settings.BIND_HOST} is open to other machines and nobody has a password: run "
                f"'python manage.py changepassword {settings.LOCAL_OWNER}' first, or unset MIEN_HOST"
            )
        if is_open_to_others(listening) and not settings.CREDENTIALS_REQUIRED:
            raise CommandError(
                "MIEN_CREDENTIALS_REQUIRED cannot be off on an address open to others"
            )
        supervisor = Supervisor(listening)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: supervisor.stop())
        supervisor.run(self.announce)

    def announce(self, address: str) -> None:
        self.stdout.write(f"Mien is at {address} (Ctrl-C ends it)")
        self.stdout.flush()
