"""``edit``: one photo in, one photo out, with its provenance and, where asked for, a report."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from editing.command.destination import Destination, check_destination, write_all
from editing.command.settings import read_settings
from editing.errors import OutputUnwritable
from editing.operations import find_operation
from editing.request import EditRequest, read_request

WEBP_SIDE = 16_383  # the longest side that the format can hold


def edit(arguments: Namespace) -> None:
    """Edit the photo. Everything that can be known to be wrong is found before the work starts.

    Raises:
        EditingError: as the pipeline's, or a destination that cannot be written.
    """
    request = _request(arguments)
    out, report = _destinations(arguments)

    from editing.command.source import open_models, read_mask, read_photo
    from editing.photo import FORMATS, Photo, format_of_path

    format = format_of_path(out.path)
    photo = read_photo(arguments.photo)
    _check_holds(photo, FORMATS[format])
    mask = read_mask(arguments.mask) if arguments.mask else None

    from editing.pipeline import edit_photo
    from editing.provenance import describe_edit, write_provenance
    from editing.signing import Signer, local_signer

    def signer() -> Signer | None:
        folder = data_folder() / "signer"
        try:
            return local_signer(folder)
        except OSError as error:
            note(f"the result is not signed: {folder}: {error.strerror or error}")
            return None

    result = edit_photo(photo, request, open_models(), mask=mask)
    edited: Photo = result.photo
    key = signer()
    marked = write_provenance(edited, describe_edit(result.report), format, key)
    if key is not None and marked.unsigned_because is not None:
        note(f"the result is not signed: {marked.unsigned_because}")
    files = [(out, marked.data)]
    if report is not None:
        files.append((report, result.report.model_dump_json(indent=2).encode() + b"\n"))
    write_all(files)


def data_folder() -> Path:
    """Return the folder of this installation's own data, ``MIEN_DATA`` or ``var`` beside the code."""
    default = Path(__file__).resolve().parents[2] / "var"
    return Path(os.environ.get("MIEN_DATA") or default).expanduser().resolve()


def note(text: str) -> None:
    """Tell something on stderr that is no failure."""
    print(f"mien: note: {text}", file=sys.stderr)


def _request(arguments: Namespace) -> EditRequest:
    operation = find_operation(arguments.operation)
    asked: dict[str, Any] = {
        "operation": operation.name,
        "params": read_settings(operation, arguments.settings),
        "engine": arguments.engine,
    }
    for name in ("faces", "seed"):
        if getattr(arguments, name) is not None:
            asked[name] = getattr(arguments, name)
    return read_request(asked)


def _destinations(arguments: Namespace) -> tuple[Destination, Destination | None]:
    """Return where the photo and the report go.

    Raises:
        OutputUnwritable: one cannot be written, or would overwrite what is read.
    """
    from editing.photo import format_of_path

    format_of_path(arguments.out)
    out = check_destination(arguments.out)
    report = check_destination(arguments.report) if arguments.report else None
    read = [path.resolve() for path in (arguments.photo, arguments.mask) if path is not None]
    for destination in (out, report):
        if destination is not None and destination.path in read:
            raise OutputUnwritable(f"{destination.path} is read by this edit: name another file")
    if report is not None and report.path == out.path:
        raise OutputUnwritable(f"{out.path} cannot be both the photo and its report")
    return out, report


def _check_holds(photo: Any, format: Any) -> None:
    """Let pass what the format can hold, as far as the photo tells before it is edited.

    Raises:
        OutputUnwritable: the photo is partly transparent or too large for the format.
    """
    if photo.alpha is not None and not format.has_alpha and photo.alpha.min() < 255:
        raise OutputUnwritable(
            f"the photo is partly transparent and {format.name} cannot be: choose .png or .webp"
        )
    if format.name == "WEBP" and max(photo.width, photo.height) > WEBP_SIDE:
        raise OutputUnwritable(f"WebP holds at most {WEBP_SIDE} pixels a side: choose .png or .jpg")
