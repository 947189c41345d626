"""What a batch does to each photo: one operation or several, and what single files have otherwise."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from django.conf import settings

from editing.availability import check_available
from editing.errors import OperationUnknown, ParamsInvalid, RequestInvalid, Unavailable
from editing.operations import find_operation
from editing.request import EditRequest, read_request
from webapp.batches.errors import OverridesInvalid

MOST_STEPS = 10
STEP_FIELDS = ("operation", "params", "faces", "engine", "seed")
OF_A_STEP = ("faces", "seed")
FILE_COLUMN = "file"

Overrides = list[dict[str, Any]]  # one object per step: params, and perhaps faces and seed


def read_recipe(data: dict[str, Any]) -> list[EditRequest]:
    """Return the steps that ``data`` asks for, and take them out of it.

    Either one step, as ``operation`` with ``params``, ``faces``, ``engine`` and ``seed``, or
    ``recipe``, a list of such objects.

    Raises:
        OperationUnknown, ParamsInvalid: as ``editing.request``; the message says which step.
        EngineUnavailable, LicenceRefused: as ``editing.availability.check_available``.
        RequestInvalid: both, neither, no list, or too many steps.
    """
    one = {name: data.pop(name) for name in STEP_FIELDS if name in data}
    recipe = data.pop("recipe", None)
    if recipe is None:
        if "operation" not in one:
            raise RequestInvalid("operation: name one, or send a recipe of several")
        return [_checked(one)]
    if one:
        raise RequestInvalid(f"{', '.join(one)}: send them in the steps of the recipe")
    if not isinstance(recipe, list) or not 0 < len(recipe) <= MOST_STEPS:
        raise RequestInvalid(f"recipe: send a list of 1 to {MOST_STEPS} steps")
    return [_checked(step, f"recipe, step {n}: ") for n, step in enumerate(recipe, 1)]


def _checked(step: Any, where: str = "") -> EditRequest:
    try:
        if not isinstance(step, dict):
            raise RequestInvalid("send an object with operation and params")
        request = read_request(step)
    except ParamsInvalid as error:
        raise ParamsInvalid(f"{where}{error}", error.fields) from error
    except (RequestInvalid, OperationUnknown) as error:
        raise type(error)(f"{where}{error}") from error
    try:
        check_available(find_operation(request.operation), request.engine)
    except Unavailable as error:
        raise type(error)(f"{where}{error}") from error
    if request.checked_params().needs_mask():
        raise RequestInvalid(f"{where}a batch has no mask for each photo: choose another region")
    return request


def step_of_item(recipe: list[dict[str, Any]], overrides: Overrides | None, n: int) -> EditRequest:
    """Return the request of step ``n`` for one item: the recipe's, with what the file has otherwise."""
    step = dict(recipe[n])
    if overrides:
        own = overrides[n]
        step |= {name: own[name] for name in OF_A_STEP if name in own}
        step["params"] = step["params"] | own["params"]
    return EditRequest.model_validate(step)


def read_overrides(data: bytes, steps: list[EditRequest]) -> dict[str, Overrides]:
    """Return what the lines of a CSV say of each file: ``{file: overrides}``.

    One column is ``file``; every other is a param of the one step that has it, or ``faces`` or
    ``seed`` of all steps; ``2.smile`` means the second step. An empty cell leaves the recipe's value.

    Raises:
        OverridesInvalid: names the line and column of the first thing that is wrong.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OverridesInvalid("overrides: the CSV is not UTF-8") from error
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        names = list(rows.fieldnames or ())
        if names.count(FILE_COLUMN) != 1:
            raise OverridesInvalid(f"overrides: one column must be called {FILE_COLUMN!r}")
        columns = {name: _steps_of(name, steps) for name in names if name != FILE_COLUMN}
        if len(names) != len(set(names)):
            raise OverridesInvalid("overrides: two columns have the same name")
        return _read_rows(rows, columns, steps)
    except csv.Error as error:
        raise OverridesInvalid(f"overrides: line {rows.line_num}: {error}") from error


def _read_rows(
    rows: csv.DictReader[str], columns: dict[str, list[int]], steps: list[EditRequest]
) -> dict[str, Overrides]:
    found: dict[str, Overrides] = {}
    for row in rows:
        where = f"overrides: line {rows.line_num}"
        if None in row or None in row.values():
            raise OverridesInvalid(f"{where}: it has another number of cells than the first line")
        file = row[FILE_COLUMN]
        if file in found:
            raise OverridesInvalid(f"{where}: {file!r} comes twice")
        if len(found) >= settings.MAX_BATCH_ITEMS:
            raise OverridesInvalid(f"{where}: more than {settings.MAX_BATCH_ITEMS:,} lines")
        own: Overrides = [{"params": {}} for _ in steps]
        for column, numbers in columns.items():
            if row[column] == "":
                continue
            name = column.rpartition(".")[2]
            for n in numbers:
                (own[n] if name in OF_A_STEP else own[n]["params"])[name] = _value(
                    name, row[column]
                )
        _check_row(own, steps, where)
        found[file] = own
    return found


def _check_row(own: Overrides, steps: list[EditRequest], where: str) -> None:
    recipe = [step.model_dump(mode="json") for step in steps]
    for n in range(len(steps)):
        merged = recipe[n] | {name: own[n][name] for name in OF_A_STEP if name in own[n]}
        merged["params"] = recipe[n]["params"] | own[n]["params"]
        try:
            read_request(merged)
        except RequestInvalid as error:
            raise OverridesInvalid(f"{where}: {error}") from error


def _steps_of(column: str, steps: list[EditRequest]) -> list[int]:
    """Return the numbers, from 0, of the steps that a column speaks of."""
    number, dot, name = column.rpartition(".")
    if dot:
        if not (number.isdigit() and 1 <= int(number) <= len(steps)):
            raise OverridesInvalid(f"overrides: column {column!r}: there is no step {number!r}")
        chosen = [int(number) - 1]
    else:
        chosen = list(range(len(steps)))
    if name in OF_A_STEP:
        return chosen
    having = [n for n in chosen if name in find_operation(steps[n].operation).params.model_fields]
    if not having:
        raise OverridesInvalid(f"overrides: column {column!r}: no step has such a param")
    if len(having) > 1:
        raise OverridesInvalid(
            f"overrides: column {column!r}: steps {', '.join(str(n + 1) for n in having)} have it; "
            f"write {having[0] + 1}.{name}"
        )
    return having


def _value(name: str, cell: str) -> Any:
    """Read a cell: numbers, true and false as such, everything else as text."""
    if name == "faces":
        return cell
    try:
        value = json.loads(cell)
    except ValueError:
        return cell
    return value if isinstance(value, int | float | bool) else cell
