"""The command line: ``python -m editing``, also installed as ``mien``."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from argparse import Namespace
from collections.abc import Sequence

from editing.command.arguments import build_parser
from editing.errors import EditingError

OUR_FAULT = 70
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status; a failure is one line on stderr."""
    debug = os.environ.get("MIEN_DEBUG") == "1"
    if not debug:
        # Libraries' warnings would drown the one line that says why.
        warnings.simplefilter("ignore")
    try:
        status = run(build_parser().parse_args(arguments))
        sys.stdout.flush()
    except EditingError as error:
        return fail(str(error), error.exit_status, debug)
    except KeyboardInterrupt:
        return fail("stopped", INTERRUPTED, False)
    except BrokenPipeError:
        # Whoever read the output has seen enough; nothing more can be flushed there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        told = " ".join(f"{type(error).__name__}: {error}".split())
        return fail(f"our fault: {told} (MIEN_DEBUG=1 shows more)", OUR_FAULT, debug)
    return status


def run(arguments: Namespace) -> int:
    """Run the command. Each imports what it needs itself, so that refusals come fast."""
    if arguments.server is not None:
        from editing.command.remote import run_remotely

        return run_remotely(arguments)
    if arguments.command == "operations":
        from editing.command.show import show_operations

        show_operations()
    elif arguments.command == "faces":
        from editing.command.show import show_faces

        show_faces(arguments.photo)
    elif arguments.command == "edit":
        from editing.command.edit import edit

        edit(arguments)
    elif arguments.command == "idphoto":
        from editing.command.idphoto import idphoto

        idphoto(arguments)
    elif arguments.command == "batch":
        from editing.command.batch import batch

        return batch(arguments)
    else:
        from editing.command.evaluate import evaluate

        evaluate(arguments)
    return 0


def fail(reason: str, status: int, debug: bool) -> int:
    """Say in one line on stderr why, and return the exit status."""
    print(f"mien: {' '.join(reason.split())}", file=sys.stderr)
    if debug:
        traceback.print_exc()
    return status


if __name__ == "__main__":
    sys.exit(main())
