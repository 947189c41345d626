"""What is asked for on the command line, as a request."""

from __future__ import annotations

import re
from argparse import Namespace
from typing import Any

from editing.command.arguments import ArgumentsInvalid
from editing.command.settings import read_settings
from editing.operations import find_operation
from editing.request import MAX_SEED, EditRequest, read_request


def read_arguments(arguments: Namespace) -> EditRequest:
    """Return the request of ``edit`` or ``batch``, its params checked.

    Raises:
        ArgumentsInvalid, OperationUnknown, ParamsInvalid: it cannot be; says why.
    """
    operation = find_operation(arguments.operation)
    asked: dict[str, Any] = {
        "operation": operation.name,
        "params": read_settings(operation, arguments.settings),
        "engine": arguments.engine,
    }
    return read_request(asked | read_choices(arguments))


def read_choices(arguments: Namespace) -> dict[str, Any]:
    """Return ``faces`` and ``seed`` where they were given.

    Raises:
        ArgumentsInvalid: one cannot be.
    """
    faces, seed = arguments.faces, arguments.seed
    if faces is not None and not re.fullmatch(r"all|largest|\d+( *, *\d+)*", faces):
        raise ArgumentsInvalid(f"--faces {faces}: 0,2 or all or largest is wanted")
    if seed is not None and not (seed.isdecimal() and int(seed) <= MAX_SEED):
        raise ArgumentsInvalid(f"--seed {seed}: a whole number from 0 to {MAX_SEED} is wanted")
    chosen: dict[str, Any] = {}
    if faces is not None:
        chosen["faces"] = faces
    if seed is not None:
        chosen["seed"] = int(seed)
    return chosen
