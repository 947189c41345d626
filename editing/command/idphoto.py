"""``idphoto``: a photo for a passport, and on stdout whether it is fit for one, point by point."""

from __future__ import annotations

import sys
from argparse import Namespace

from editing.command.destination import check_destination, write_all
from editing.command.edit import find_signer, note
from editing.command.source import open_models, read_photo
from editing.errors import OutputUnwritable
from editing.idphoto.sizes import DOTS_PER_INCH, find_size
from editing.photo import FORMATS, format_of_path
from editing.request import EditRequest


def idphoto(arguments: Namespace) -> None:
    """Make the photo.

    Raises:
        EditingError: as ``make_id_photo``, or a destination that cannot be written.
    """
    size = find_size(arguments.size)
    written = FORMATS[format_of_path(arguments.out)]
    place = check_destination(arguments.out)
    told = check_destination(arguments.report) if arguments.report else None
    if place.path == arguments.photo.resolve():
        raise OutputUnwritable(f"{arguments.out} is read by this: name another file")
    photo = read_photo(arguments.photo)

    from editing.pipeline import edit_photo
    from editing.provenance import describe_edit, write_provenance

    params = {"pose": arguments.pose, "light": arguments.light, "id_photo": size.name}
    params["plain_background"] = not arguments.keep_background
    asked = EditRequest(operation="normalize", params=params, seed=0)
    made = edit_photo(photo, asked, open_models())
    assert made.id_photo is not None
    assert made.report.id_photo is not None
    marked = write_provenance(
        made.id_photo, describe_edit(made.report), written.name, find_signer(), DOTS_PER_INCH
    )
    files = [(place, marked.data)]
    if told is not None:
        files.append((told, made.report.model_dump_json(indent=2).encode() + b"\n"))
    write_all(files)
    for check in made.report.id_photo.checks:
        value = "not measured" if check.value is None else f"{check.value:g}"
        sys.stdout.write(
            f"{'ok   ' if check.passed else 'FAILS'} {check.title}: {value} ({check.limit})\n"
        )
    note("it is an edited photo, and many authorities want one that is not; look at their own page")
