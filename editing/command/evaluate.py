"""``mien evaluate``: an operation over a folder of photos."""

from __future__ import annotations

from argparse import Namespace

from editing.errors import OutputUnwritable, RequestInvalid
from editing.operations import find_operation


def evaluate(arguments: Namespace) -> None:
    """Write the tables and the contact sheet, and print the table.

    Raises:
        OperationUnknown: there is no such operation.
        RequestInvalid: the folder is not there, or holds no photo.
        OutputUnwritable: the folder of the results cannot be made.
    """
    operation = find_operation(arguments.operation)
    if not arguments.folder.is_dir():
        raise RequestInvalid(f"{arguments.folder} is not a folder of photos")
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputUnwritable(f"{arguments.out} cannot be made: {error.strerror}") from error
    from editing.evaluate.run import evaluate_folder

    table = evaluate_folder(
        operation, arguments.folder, arguments.out, arguments.engine, arguments.limit
    )
    print(table)
