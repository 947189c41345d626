"""The socket of one batch: replay what was missed, then follow."""

from __future__ import annotations

from webapp import hub
from webapp.batches.models import Batch
from webapp.batches.selectors import batch_events_since, find_batch
from webapp.edits.consumers import LogConsumer


class BatchConsumer(LogConsumer):
    """Sends the events of a batch."""

    model = Batch
    find = staticmethod(find_batch)
    events_since = staticmethod(batch_events_since)
    topic = staticmethod(hub.batch_topic)
