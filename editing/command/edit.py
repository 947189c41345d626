"""``edit``: one photo in, one photo out, with its provenance and, where asked for, a report."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from editing.command.destination import Destination, check_destination, write_all
from editing.command.request import read_arguments
from editing.command.source import open_models, read_mask, read_photo
from editing.errors import OutputUnwritable
from editing.idphoto.sizes import DOTS_PER_INCH, LABEL
from editing.mask import check_mask
from editing.operations.base import Params
from editing.photo import FORMATS, FileFormat, Photo, format_of_path
from editing.video import is_video

if TYPE_CHECKING:
    from editing.report import Report
    from editing.signing import Signer

WEBP_SIDE = 16_383  # the longest side that the format can hold


def edit(arguments: Namespace) -> None:
    """Edit the photo. Everything that can be known to be wrong is found before the work starts.

    Where several results are asked for, OUT is their row, and each is written beside it at the
    photo's own size: ``out-20.jpg`` for the label 20. A photo for a passport is ``out-id-photo.jpg``.

    Raises:
        EditingError: as the pipeline's, or a destination that cannot be written.
    """
    request = read_arguments(arguments)
    if is_video(arguments.photo):
        from editing.command.video import edit_clip

        edit_clip(arguments, request)
        return
    labels = labels_of(request.checked_params())
    places = check_destinations(arguments, labels)
    written = FORMATS[format_of_path(arguments.out)]
    photo = read_photo(arguments.photo)
    _check_holds(photo, written)
    mask = read_mask(arguments.mask) if arguments.mask else None

    check_mask(mask, (photo.width, photo.height), request.checked_params())

    from editing.pipeline import edit_photo

    result = edit_photo(photo, request, open_models(), mask=mask)
    report = result.report
    tell_notes(report)
    signer = find_signer()
    made = [_marked(result.photo, report, written, signer)]
    made += [
        _marked(one.photo, report.of_variant(one.label), written, signer) for one in result.variants
    ]
    if result.id_photo is not None:
        made.append(_marked(result.id_photo, report, written, signer, DOTS_PER_INCH))
    files = list(zip((places.out, *places.variants), made, strict=True))
    if places.report is not None:
        files.append((places.report, report.model_dump_json(indent=2).encode() + b"\n"))
    write_all(files)


def labels_of(params: Params) -> list[str]:
    """Return what the files beside OUT are called: the several results, or the ID photo."""
    several = [one.label for one in params.variations()]
    return [*several, LABEL] if params.wanted_id_photo() else several


def _marked(
    photo: Photo,
    report: Report,
    written: FileFormat,
    signer: Signer | None,
    dots_per_inch: int | None = None,
) -> bytes:
    """Return the photo as a file that tells what was done to it, signed where there is a signer."""
    from editing.provenance import describe_edit, write_provenance

    marked = write_provenance(photo, describe_edit(report), written.name, signer, dots_per_inch)
    if signer is not None and marked.unsigned_because is not None:
        note(f"the result is not signed: {marked.unsigned_because}")
    return marked.data


def tell_notes(report: Report) -> None:
    """Tell what a person should know before using the results."""
    labelled = [(f"{one.label}: ", one.faces) for one in report.variants] or [("", report.faces)]
    for label, faces in labelled:
        for face in faces:
            for sentence in face.notes:
                note(f"{label}face {face.index}: {sentence}")


def data_folder() -> Path:
    """Return the folder of this installation's data: ``MIEN_DATA``, or ``var`` beside the code."""
    default = Path(__file__).resolve().parents[2] / "var"
    return Path(os.environ.get("MIEN_DATA") or default).expanduser().resolve()


def find_signer() -> Signer | None:
    """Return this installation's signer; where its folder is closed, say so and return None."""
    from editing.signing import local_signer

    folder = data_folder() / "signer"
    try:
        return local_signer(folder)
    except OSError as error:
        note(f"the result is not signed: {folder}: {error.strerror or error}")
        return None


def note(text: str) -> None:
    """Tell something on stderr that is no failure."""
    sys.stderr.write(f"mien: note: {text}\n")


@dataclass(frozen=True, slots=True)
class Places:
    """Where the photo, each of several results and the report go."""

    out: Destination
    variants: list[Destination]
    report: Destination | None


def check_destinations(arguments: Namespace, labels: Sequence[str]) -> Places:
    """Return where everything goes.

    Raises:
        OutputUnwritable: one cannot be written, or would overwrite what is read or another.
    """
    out: Path = arguments.out
    format_of_path(out)
    beside = [out.with_name(f"{out.stem}-{label}{out.suffix}") for label in labels]
    places = Places(
        check_destination(out),
        [check_destination(path) for path in beside],
        check_destination(arguments.report) if arguments.report else None,
    )
    read = [path.resolve() for path in (arguments.photo, arguments.mask) if path is not None]
    written = [place.path for place in (places.out, *places.variants)]
    for path in (*written, *([places.report.path] if places.report else [])):
        if path in read:
            raise OutputUnwritable(f"{path} is read by this edit: name another file")
    if places.report is not None and places.report.path in written:
        raise OutputUnwritable(f"{places.report.path} cannot be both a photo and its report")
    if len(set(written)) < len(written):
        raise OutputUnwritable("two of the results would be written to the same file")
    return places


def _check_holds(photo: Photo, written: FileFormat) -> None:
    """Let pass what the format can hold, as far as the photo tells before it is edited.

    Raises:
        OutputUnwritable: the photo is partly transparent or too large for the format.
    """
    if photo.alpha is not None and not written.has_alpha and photo.alpha.min() < 255:
        raise OutputUnwritable(
            f"the photo is partly transparent and {written.name} cannot be: choose .png or .webp"
        )
    if written.name == "WEBP" and max(photo.width, photo.height) > WEBP_SIDE:
        raise OutputUnwritable(f"WebP holds at most {WEBP_SIDE} pixels a side: choose .png or .jpg")
