"""``evaluate``: an operation over a folder of photos, into two tables and a contact sheet."""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from editing.command.arguments import ArgumentsInvalid
from editing.command.destination import check_destination, write_all
from editing.command.edit import data_folder
from editing.command.source import open_models
from editing.errors import OutputUnwritable
from editing.operations import find_operation
from editing.operations.base import Operation
from editing.video import is_video

FILES = ("table.json", "table.md", "contact_sheet.jpg")


def evaluate(arguments: Namespace) -> None:
    """Evaluate the operation. Photos that fail are told in the table.

    Raises:
        EditingError: the arguments are wrong, or the engine is not on this machine.
    """
    if arguments.operation == "privacy":
        _privacy(arguments)
        return
    operation = find_operation(arguments.operation)
    if arguments.folder is None:
        raise ArgumentsInvalid("--faces DIR: name the folder of photos")
    if not arguments.folder.is_dir():
        raise ArgumentsInvalid(f"there is no folder {arguments.folder}")
    if arguments.limit is not None and arguments.limit < 1:
        raise ArgumentsInvalid(f"--limit {arguments.limit}: at least 1 is wanted")
    destinations = [check_destination(path) for path in _outputs(arguments.out)]

    from editing.evaluate.folder import find_photos
    from editing.evaluate.people import who_is

    photos = find_photos(arguments.folder)
    if operation.name != "expression":
        # Of our own labelled faces, those that weights learned from would say nothing.
        photos = [path for path in photos if who_is(path).counts]
    photos = photos[: arguments.limit]
    if not photos:
        raise ArgumentsInvalid(f"there is no photo in {arguments.folder}")
    make = {"age": _age, "inpaint": _inpaint, "normalize": _normalize}.get(operation.name, _grid)
    write_all(list(zip(destinations, make(operation, arguments, photos), strict=True)))
    _tell("")
    sys.stdout.write(f"{destinations[1].path}\n")


def _privacy(arguments: Namespace) -> None:
    """Evaluate what any program made of a folder of photos, or of a video.

    Raises:
        EditingError: the arguments are wrong, or a video cannot be read.
    """
    original, edited = arguments.original, arguments.edited
    of_video = original is not None and original.is_file() and is_video(original)
    for name, path in (("original", original), ("edited", edited)):
        if path is None or not (path.is_file() if of_video else path.is_dir()):
            wanted = "VIDEO: name a file" if of_video else "DIR: name a folder"
            raise ArgumentsInvalid(f"--{name} {wanted} that is there")
    names = ("privacy.json", "privacy.md", "privacy.png")
    destinations = [check_destination(path) for path in _outputs(arguments.out, names)]
    make = _privacy_of_video if of_video else _privacy_of_photos
    write_all(list(zip(destinations, make(arguments), strict=True)))
    _tell("")
    sys.stdout.write(f"{destinations[1].path}\n")


def _privacy_of_photos(arguments: Namespace) -> tuple[bytes, bytes, bytes]:
    from editing.evaluate.folder import find_photos
    from editing.evaluate.privacy import photos as privacy

    photos = find_photos(arguments.original)[: arguments.limit]
    if not photos:
        raise ArgumentsInvalid(f"there is no photo in {arguments.original}")
    found = privacy.evaluate_privacy(
        arguments.original,
        arguments.edited,
        photos,
        open_models(),
        _tell,
        person=_pattern(arguments.person),
        quick=arguments.quick,
    )
    return (
        privacy.to_json(found).encode(),
        privacy.to_markdown(found).encode(),
        privacy.draw_plot(found),
    )


def _pattern(text: str | None) -> re.Pattern[str] | None:
    """Return the pattern that finds a person in a photo's name.

    Raises:
        ArgumentsInvalid: it is none.
    """
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise ArgumentsInvalid(f"--person {text}: {error}") from error


def _privacy_of_video(arguments: Namespace) -> tuple[bytes, bytes, bytes]:
    from editing.evaluate.privacy import video as privacy

    found = privacy.evaluate_video(arguments.original, arguments.edited, open_models(), _tell)
    return (
        privacy.to_json(found).encode(),
        privacy.to_markdown(found).encode(),
        privacy.draw_plot(found),
    )


def _grid(
    operation: Operation, arguments: Namespace, photos: Sequence[Path]
) -> tuple[bytes, bytes, bytes]:
    """Return the table as JSON and as Markdown, and the sheet, of a grid of settings."""
    from editing.evaluate.folder import evaluate_folder
    from editing.evaluate.sheet import draw_sheet
    from editing.evaluate.table import to_json, to_markdown

    evaluation, rows = evaluate_folder(
        operation, arguments.folder.resolve(), photos, arguments.engine, open_models(), _tell
    )
    columns = ["before", *(setting.label for setting in evaluation.settings)]
    return (
        to_json(evaluation).encode(),
        to_markdown(evaluation).encode(),
        draw_sheet(columns, rows),
    )


def _inpaint(
    operation: Operation, arguments: Namespace, photos: Sequence[Path]
) -> tuple[bytes, bytes, bytes]:
    """Return the same of inpainting, how well holes are filled, and whether attributes are reached."""
    import json

    from editing.evaluate import attributes, holes

    table, text, sheet = _grid(operation, arguments, photos)
    models = open_models()
    scores = holes.measure_holes(photos, models, _tell)
    changes = attributes.measure_attributes(photos, data_folder() / "evaluate", models, _tell)
    found = json.loads(table) | {
        "holes": holes.summary(scores),
        "attributes": attributes.summary(changes) if changes else {},
    }
    return (
        json.dumps(found, indent=2).encode() + b"\n",
        text + (holes.to_markdown(scores) + attributes.to_markdown(changes)).encode(),
        sheet,
    )


def _normalize(
    operation: Operation, arguments: Namespace, photos: Sequence[Path]
) -> tuple[bytes, bytes, bytes]:
    """Return the same of normalisation, and what becomes of copies whose truth is known."""
    import json

    from editing.evaluate import own_copies

    table, text, sheet = _grid(operation, arguments, photos)
    found = own_copies.measure_copies(photos, open_models(), _tell)
    told = json.loads(table) | {"own_copies": own_copies.summary(found)}
    return (
        json.dumps(told, indent=2).encode() + b"\n",
        text + own_copies.to_markdown(found).encode(),
        sheet,
    )


def _age(_: Operation, arguments: Namespace, photos: Sequence[Path]) -> tuple[bytes, bytes, bytes]:
    """Return the same of age, which is read by more than the measures and told by groups."""
    from editing.evaluate.age import evaluate_age
    from editing.evaluate.age_table import to_json, to_markdown
    from editing.evaluate.sheet import draw_sheet

    evaluation, columns, rows = evaluate_age(
        arguments.folder.resolve(),
        photos,
        arguments.engine,
        open_models(),
        data_folder() / "evaluate",
        _tell,
    )
    return (
        to_json(evaluation).encode(),
        to_markdown(evaluation).encode(),
        draw_sheet(columns, rows),
    )


def _outputs(folder: Path, names: Sequence[str] = FILES) -> list[Path]:
    """Return the files to be written, their folder made.

    Raises:
        OutputUnwritable: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputUnwritable(f"{folder} cannot be made: {error.strerror}") from error
    return [folder / name for name in names]


def _tell(line: str) -> None:
    """Show how far it is where somebody watches."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{line}")
