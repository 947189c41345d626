"""What can be done to a face. Each operation is listed here by hand."""

from __future__ import annotations

from editing.errors import OperationUnknown
from editing.operations.age import AGE
from editing.operations.base import Operation
from editing.operations.camouflage import CAMOUFLAGE
from editing.operations.deidentify import DEIDENTIFY
from editing.operations.expression import EXPRESSION
from editing.operations.inpaint import INPAINT
from editing.operations.normalize import NORMALIZE

OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (EXPRESSION, AGE, INPAINT, CAMOUFLAGE, DEIDENTIFY, NORMALIZE)
}


def find_operation(name: str) -> Operation:
    """Return the operation of that name.

    Raises:
        OperationUnknown: there is none; the message names those there are.
    """
    if name not in OPERATIONS:
        raise OperationUnknown(f"there is no operation {name!r}; there are {', '.join(OPERATIONS)}")
    return OPERATIONS[name]
