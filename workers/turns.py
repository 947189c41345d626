"""Whose turn it is: what people wait for comes before the next edit of a batch.

A message is only a hint and the row decides, so a worker that holds the message of a batch may do
somebody's edit first without asking the broker: the broker's own order does not matter.
"""

from __future__ import annotations

from uuid import UUID

from webapp.batches.feeding import feed, go_on, next_steps
from webapp.edits.models import Edit, Status
from webapp.photos.services import wanted_faces
from workers import run
from workers.crew import run_together
from workers.store import batch_size


def take_turn(id: UUID) -> None:
    """Do an edit; if it is one of a batch, after all that people wait for, and send the next.

    Where a process does several at once, others of the batch and operation are done with it.
    """
    edit = Edit.objects.select_related("batch").filter(pk=id).first()
    if edit is None or edit.batch is None:
        run.run_edit(id, between=serve_people)
        return
    serve_people()
    mine = {"batch": edit.batch, "operation": edit.operation}
    others = Edit.objects.filter(status=Status.QUEUED, **mine).exclude(pk=id).order_by("created")
    run_together([id, *others.values_list("pk", flat=True)[: batch_size() - 1]])
    if len(edit.batch.recipe) > 1:
        for item in list(next_steps(edit.batch.pk)):
            go_on(item)
    feed(edit.batch.pk, between=serve_people)


def serve_people() -> None:
    """Do what somebody in front of a screen waits for: faces of a photo, edits."""
    for photo in wanted_faces().values_list("pk", flat=True)[:8]:
        run.find_faces(photo)
    waiting = Edit.objects.filter(status=Status.QUEUED, queue="interactive").order_by("created")
    for edit in waiting.values_list("pk", flat=True)[:8]:
        run.run_edit(edit)
