"""``manage.py sweep``: the sweep as a process of its own, where nothing supervises."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from workers.sweep import sweep, sweep_until, tidy
from workers.webhooks import deliver_until


class Command(BaseCommand):
    help = "Send again what lost its worker or its message, send webhooks, delete what has expired."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="sweep once and end")

    def handle(self, *args: Any, once: bool = False, **options: Any) -> None:
        if once:
            sweep()
            tidy()
            return
        over = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: over.set())
        threading.Thread(target=deliver_until, args=(over,), daemon=True).start()
        sweep_until(over)
