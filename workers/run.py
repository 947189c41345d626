"""What a worker does with an edit, and with a photo whose faces are wanted."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import numpy as np
from django.conf import settings
from PIL import Image

from editing.errors import EditingError
from editing.faces.detect import detect_faces
from editing.faces.face import Face
from editing.idphoto.sizes import DOTS_PER_INCH, LABEL
from editing.photo import Photo as Picture
from editing.photo import decode_photo
from editing.pipeline import EditResult, edit_photo
from editing.progress import Cancelled
from editing.provenance import describe_edit, write_provenance
from editing.report import Report
from editing.request import EditRequest
from editing.signing import Signer, local_signer
from webapp import media
from webapp.edits import claims
from webapp.edits.claims import Claim, Outcome
from webapp.edits.models import Edit
from webapp.photos.models import FacesState, Photo
from webapp.photos.services import fail_faces, keep_faces
from workers.chain import source_of, write_patch
from workers.faces import pack_face, unpack_face
from workers.reporter import LeaseLost, Reporter
from workers.store import process_models
from workers.video import run_clip

log = logging.getLogger(__name__)

OUR_FAULT = "Something went wrong on our side; the log has the reason."


@lru_cache(maxsize=1)
def holder() -> str:
    """Return the name of this process, which no other process ever had."""
    return f"{settings.MACHINE[:60]}:{os.getpid()}:{secrets.token_hex(6)}"


@lru_cache(maxsize=1)
def signer() -> Signer:
    """Return this installation's own signer, made the first time."""
    return local_signer(settings.DATA / "signer")


def run_edit(id: UUID, between: Callable[[], None] = lambda: None) -> None:
    """Do the edit if it is to be had; every way out leaves it done, failed, cancelled or another's.

    ``between`` is called now and then while it takes long.
    """
    claimed = claims.claim_edit(id, holder())
    if claimed is None:
        return
    claim, edit = claimed
    try:
        with Reporter(claim, edit.folder, quiet=edit.batch_id is not None) as reporter:
            if edit.photo.is_video:
                run_clip(claim, edit, asked_of(edit), reporter, signer(), between)
            else:
                source = source_of(edit)
                result = compute(edit, source, reporter)
                keep_result(claim, edit, source, result)
    except LeaseLost:
        log.warning("edit %s attempt %d is no longer ours", id, claim.attempt)
        if not Photo.objects.filter(pk=edit.photo_id).exists():
            media.delete_folder(edit.photo.folder)  # a preview may have come after the deletion
    except Cancelled:
        claims.finish_cancelled(claim)
    except EditingError as error:
        claims.finish_failed(claim, error.code, str(error))
    except Exception:
        log.exception("edit %s attempt %d", id, claim.attempt)
        claims.finish_failed(claim, "internal_error", OUR_FAULT)


def asked_of(edit: Edit) -> EditRequest:
    """Return the request that an edit keeps."""
    return EditRequest(
        operation=edit.operation,
        params=edit.params,
        faces=edit.faces,
        engine=edit.engine,  # type: ignore[arg-type]
        seed=edit.seed,
    )


def compute(edit: Edit, picture: Picture, reporter: Reporter) -> EditResult:
    """Do to the picture what is asked."""
    reporter.icc = picture.icc
    faces = None if edit.parent else known_faces(edit.photo, picture)
    mask = np.asarray(Image.open(media.path_of(edit.mask))) if edit.mask else None
    return edit_photo(picture, asked_of(edit), process_models(), reporter, faces, mask)


def keep_result(claim: Claim, edit: Edit, source: Picture, result: EditResult) -> None:
    """Write the result, and each of several, with their provenance, signed; then make the edit done.
    A single one, from which others may go on, has its patch of the source if it is coded with loss.

    Files that nobody waits for are removed. The names carry the attempt, so that no other
    attempt's file is ever touched.
    """
    report = result.report
    name = f"{edit.folder}/result-{claim.attempt}"
    done = _write_result(name, result.photo, report)
    written, variants, patch, id_photo = [done.file], [], None, None
    try:
        for n, variant in enumerate(result.variants):
            its = report.of_variant(variant.label)
            one = _write_result(f"{name}-{n}", variant.photo, its)
            written.append(one.file)
            variants.append({"label": variant.label, "file": one.file, "sha256": one.sha256})
        if result.id_photo is not None:
            cut = _write_result(f"{name}-{LABEL}", result.id_photo, report, DOTS_PER_INCH)
            written.append(cut.file)
            id_photo = {"file": cut.file, "sha256": cut.sha256}
        if done.lossy and not variants:
            patch = write_patch(f"{edit.folder}/patch-{claim.attempt}", source, result.photo)
            written.append(patch["file"])
        told = report.model_dump(mode="json")
        outcome = Outcome(done.file, done.sha256, told, variants, patch, id_photo)
        if claims.finish_done(claim, outcome):
            written.clear()
            return
    finally:
        for file in written:
            media.delete(file)
    if not claims.finish_cancelled(claim):
        raise LeaseLost


class _Written(NamedTuple):
    file: str
    sha256: str
    lossy: bool


def _write_result(
    stem: str, picture: Picture, report: Report, dots_per_inch: int | None = None
) -> _Written:
    """Write one result, with the suffix of its format."""
    described = describe_edit(report)
    marked = write_provenance(picture, described, signer=signer(), dots_per_inch=dots_per_inch)
    if marked.unsigned_because is not None:
        log.warning("the result %s is not signed: %s", stem, marked.unsigned_because)
    name = f"{stem}{marked.format.suffixes[0]}"
    media.write(name, marked.data)
    return _Written(name, hashlib.sha256(marked.data).hexdigest(), marked.format.lossy)


def known_faces(photo: Photo, picture: Picture) -> list[Face]:
    """Return the faces that were found at the upload; find and keep them if they are still wanted."""
    if photo.faces is not None:
        return [unpack_face(kept) for kept in photo.faces]
    faces = detect_faces(picture, process_models())
    keep_faces(photo.pk, [pack_face(face) for face in faces])
    return faces


def find_faces(id: UUID) -> None:
    """Find the faces of a photo; doing it twice gives the same."""
    photo = Photo.objects.filter(pk=id, faces_state=FacesState.PENDING).first()
    if photo is None:
        return
    try:
        known_faces(photo, decode_photo(media.read(photo.file)))
    except EditingError as error:
        fail_faces(id, error.code)
    except Exception:
        log.exception("faces of photo %s", id)
        fail_faces(id, "internal_error")
