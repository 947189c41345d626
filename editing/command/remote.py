"""The commands against a server: the same flags, statuses, files and one line as without."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from editing.command.arguments import ArgumentsInvalid
from editing.command.destination import check_destination, write_all
from editing.command.edit import check_destinations, labels_of, tell_notes
from editing.command.request import read_choices
from editing.command.settings import read_params
from editing.command.show import describe_face, describe_operation, print_json
from editing.command.video import tell_video
from editing.errors import (
    EditingError,
    MaskInvalid,
    NoFace,
    OperationUnknown,
    OutputUnwritable,
    PhotoUnreadable,
    RequestInvalid,
    Unavailable,
    error_of_code,
)
from editing.photo import FORMATS, format_of_path
from editing.report import Report
from editing.request import check_params
from editing.video import is_video, written_as
from mien.client import (
    Client,
    MienError,
    Photo,
    Problem,
    Retries,
    ServerUnreachable,
    VideoReport,
)

RETRIES = Retries(attempts=4)


class ServerGone(Unavailable):
    code = "server_unreachable"


def run_remotely(arguments: Namespace) -> int:
    """Run the command on the server that ``--server`` names.

    Raises:
        EditingError: as the command without a server; ServerGone where none answers.
    """
    with open_server(arguments) as mien:
        if arguments.command == "operations":
            print_json([describe_operation(one.model_dump()) for one in mien.operations()])
        elif arguments.command == "faces":
            show_faces(mien, arguments.photo)
        elif arguments.command == "edit":
            edit(mien, arguments)
        elif arguments.command == "batch":
            from editing.command.batch import run_batch
            from editing.command.batch_remote import RemoteEditor

            asked = read_remote_request(mien, arguments)
            return run_batch(arguments, asked, RemoteEditor(mien, asked, arguments.jobs))
        else:
            raise ArgumentsInvalid(f"{arguments.command} runs on this computer: leave out --server")
    return 0


@contextmanager
def open_server(arguments: Namespace) -> Iterator[Client]:
    """Give the client, and tell what it raises as errors of the command line."""
    token = arguments.token or os.environ.get("MIEN_TOKEN") or None
    try:
        with Client(arguments.server, token, retries=RETRIES) as mien:
            yield mien
    except MienError as error:
        raise as_editing_error(error) from error


def as_editing_error(error: MienError) -> EditingError:
    """Return the error of the same code; one that only servers have becomes the nearest."""
    known = error_of_code(error.code)
    if known is not None:
        return known(str(error))
    if isinstance(error, ServerUnreachable):
        return ServerGone(str(error))
    if isinstance(error, Problem) and error.status < 500 and error.status != 429:
        return RequestInvalid(str(error))
    if isinstance(error, Problem) and error.status != 500:
        return Unavailable(str(error))
    return EditingError(str(error))


def read_remote_request(mien: Client, arguments: Namespace) -> dict[str, Any]:
    """Return what ``edit`` or ``batch`` asks for, typed by the server's own schema.

    Raises:
        OperationUnknown, ParamsInvalid, ArgumentsInvalid: it cannot be; says why.
    """
    chosen = read_choices(arguments)
    known = {operation.name: operation for operation in mien.operations()}
    name = arguments.operation
    if name not in known:
        raise OperationUnknown(f"the server has no operation {name!r}; it has {', '.join(known)}")
    params = read_params(name, known[name].params, arguments.settings)
    return {"operation": name, "params": params, "engine": arguments.engine, **chosen}


def show_faces(mien: Client, path: Path) -> None:
    """Print the faces of the photo, the largest first.

    Raises:
        NoFace: there is none.
    """
    with sent(mien, path) as photo:
        faces = found_faces(mien, photo).faces
    if not faces:
        raise NoFace("no face was found in the photo")
    print_json([describe_face(face.index, face.box, face.pose) for face in faces])


def found_faces(mien: Client, photo: Photo) -> Photo:
    """Return the photo once its faces are known.

    Raises:
        Unavailable: the server could not look.
    """
    photo = mien.wait_for_faces(photo)
    if photo.faces is None:
        raise Unavailable("the server could not look for faces in the photo")
    return photo


def edit(mien: Client, arguments: Namespace) -> None:
    """Edit the photo there and write the result here; nothing of it stays on the server.

    Raises:
        EditingError: as without a server, and an OUT of another format than the photo's.
    """
    asked = read_remote_request(mien, arguments)
    if is_video(arguments.photo):
        edit_clip(mien, arguments, asked)
        return
    labels = _labels(asked)
    places = check_destinations(arguments, labels)
    mask = _read(arguments.mask) if arguments.mask else None
    with sent(mien, arguments.photo) as photo:
        check_format(photo, arguments.out)
        params, operation = asked.pop("params"), asked.pop("operation")
        done = mien.edit(photo, operation, mask=mask, **asked, **params).wait()
        report = Report.model_validate(done.report().model_dump())
        files = [(places.out, done.result())]
        for place, label in zip(places.variants, labels, strict=True):
            files.append((place, done.result(label)))
    tell_notes(report)
    if places.report is not None:
        files.append((places.report, report.model_dump_json(indent=2).encode() + b"\n"))
    write_all(files)


def edit_clip(mien: Client, arguments: Namespace, asked: dict[str, Any]) -> None:
    """Edit the video there and write the result here.

    Raises:
        EditingError: as without a server, and an OUT of another format than the server writes.
    """
    if arguments.mask is not None:
        raise ArgumentsInvalid("--mask is for photos: in a video faces move")
    place = check_destination(arguments.out)
    told = check_destination(arguments.report) if arguments.report else None
    with sent(mien, arguments.photo) as video:
        suffix = written_as(f".{video.format}")
        if arguments.out.suffix.lower() != suffix:
            raise OutputUnwritable(f"the server writes this video as {suffix}: name OUT with that")
        params, operation = asked.pop("params"), asked.pop("operation")
        done = mien.edit(video, operation, **asked, **params).wait()
        report = done.report()
        files = [(place, done.result())]
    if isinstance(report, VideoReport):
        tell_video(report)
    if told is not None:
        files.append((told, report.model_dump_json(indent=2).encode() + b"\n"))
    write_all(files)


def _labels(asked: dict[str, Any]) -> list[str]:
    """Return the labels of the several results that are asked for; none where it is one."""
    try:
        params = check_params(asked["operation"], asked["params"])
    except (
        RequestInvalid
    ):  # an operation or param of a server newer than this; it says what is wrong
        return []
    return labels_of(params)


@contextmanager
def sent(mien: Client, path: Path) -> Iterator[Photo]:
    """Give the photo as the server has it, and delete it there at the end.

    Raises:
        PhotoUnreadable: there is no such file here.
    """
    try:
        photo = mien.upload(path)
    except (OSError, ValueError) as error:
        raise PhotoUnreadable(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    try:
        yield photo
    finally:
        with suppress(MienError):
            mien.delete_photo(photo)


def result_format(photo: Photo) -> str:
    """Return the name of the format that the server writes: the photo's own, or PNG."""
    return photo.format if photo.format in FORMATS else "PNG"


def check_format(photo: Photo, out: Path) -> None:
    """Let pass an OUT of the format that the server writes.

    Raises:
        OutputUnwritable: it is another; converting would break the signature of the result.
    """
    written = FORMATS[result_format(photo)]
    if format_of_path(out) != written.name:
        raise OutputUnwritable(
            f"the server writes this photo as {written.name}: name OUT with {written.suffixes[0]}"
        )


def _read(mask: Path) -> bytes:
    try:
        return mask.read_bytes()
    except (OSError, ValueError) as error:
        raise MaskInvalid(f"{mask}: {getattr(error, 'strerror', None) or error}") from error
