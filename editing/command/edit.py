"""``edit``: one photo in, one photo out, with its provenance and, where asked for, a report."""

from __future__ import annotations

import os
import re
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editing.command.arguments import ArgumentsInvalid
from editing.command.destination import Destination, check_destination, write_all
from editing.command.settings import read_settings
from editing.command.source import open_models, read_mask, read_photo
from editing.errors import OutputUnwritable
from editing.operations import find_operation
from editing.photo import FORMATS, FileFormat, Photo, format_of_path
from editing.request import MAX_SEED, EditRequest, read_request

if TYPE_CHECKING:
    from editing.signing import Signer

WEBP_SIDE = 16_383  # the longest side that the format can hold


def edit(arguments: Namespace) -> None:
    """Edit the photo. Everything that can be known to be wrong is found before the work starts.

    Raises:
        EditingError: as the pipeline's, or a destination that cannot be written.
    """
    request = _request(arguments)
    out, report = _destinations(arguments)
    written = FORMATS[format_of_path(arguments.out)]
    photo = read_photo(arguments.photo)
    _check_holds(photo, written)
    mask = read_mask(arguments.mask) if arguments.mask else None

    from editing.pipeline import check_mask, edit_photo
    from editing.provenance import describe_edit, write_provenance

    check_mask(mask, photo)
    result = edit_photo(photo, request, open_models(), mask=mask)
    signer = _signer()
    marked = write_provenance(result.photo, describe_edit(result.report), written.name, signer)
    if signer is not None and marked.unsigned_because is not None:
        _note(f"the result is not signed: {marked.unsigned_because}")
    files = [(out, marked.data)]
    if report is not None:
        files.append((report, result.report.model_dump_json(indent=2).encode() + b"\n"))
    write_all(files)


def data_folder() -> Path:
    """Return the folder of this installation's data: ``MIEN_DATA``, or ``var`` beside the code."""
    default = Path(__file__).resolve().parents[2] / "var"
    return Path(os.environ.get("MIEN_DATA") or default).expanduser().resolve()


def _signer() -> Signer | None:
    """Return this installation's signer; where its folder is closed, say so and return None."""
    from editing.signing import local_signer

    folder = data_folder() / "signer"
    try:
        return local_signer(folder)
    except OSError as error:
        _note(f"the result is not signed: {folder}: {error.strerror or error}")
        return None


def _note(text: str) -> None:
    """Tell something on stderr that is no failure."""
    sys.stderr.write(f"mien: note: {text}\n")


def _request(arguments: Namespace) -> EditRequest:
    operation = find_operation(arguments.operation)
    faces, seed = arguments.faces, arguments.seed
    if faces is not None and not re.fullmatch(r"all|largest|\d+( *, *\d+)*", faces):
        raise ArgumentsInvalid(f"--faces {faces}: 0,2 or all or largest is wanted")
    if seed is not None and not (seed.isdecimal() and int(seed) <= MAX_SEED):
        raise ArgumentsInvalid(f"--seed {seed}: a whole number from 0 to {MAX_SEED} is wanted")
    asked: dict[str, Any] = {
        "operation": operation.name,
        "params": read_settings(operation, arguments.settings),
        "engine": arguments.engine,
    }
    asked |= {name: v for name, v in (("faces", faces), ("seed", seed)) if v is not None}
    return read_request(asked)


def _destinations(arguments: Namespace) -> tuple[Destination, Destination | None]:
    """Return where the photo and the report go.

    Raises:
        OutputUnwritable: one cannot be written, or would overwrite what is read.
    """
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
