"""The arguments of the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from editing.errors import RequestInvalid
from editing.idphoto.sizes import SIZES

DESCRIPTION = "Edit faces in photos, on this computer, at the photo's own resolution."
STATUSES = """\
exit status: 0 done; 2 bad arguments or params; 3 unreadable or refused photo; 4 no face;
5 engine or weights unavailable; 70 our fault. One line on stderr says why; with MIEN_DEBUG=1
a traceback follows. MIEN_DEVICE (cpu, cuda, mps) chooses the device, MIEN_DATA the folder of
the key that signs results (var/).
"""


class ArgumentsInvalid(RequestInvalid):
    code = "arguments_invalid"


class Parser(argparse.ArgumentParser):
    """A parser whose refusals are errors like any other, told in one line."""

    def error(self, message: str) -> NoReturn:
        raise ArgumentsInvalid(f"{message} (see {self.prog} --help)")


def build_parser() -> Parser:
    """Return the parser. ``command`` of what it parses is the name of the command."""
    parser = Parser(
        prog="mien",
        description=DESCRIPTION,
        epilog=STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--server",
        metavar="URL",
        help="let the Mien at this address do it, instead of this computer",
    )
    parser.add_argument(
        "--token",
        help="for a server that wants one; MIEN_TOKEN keeps it out of the list of processes",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser(
        "operations",
        help="what can be done, as JSON: name, params schema, engines, licences",
        allow_abbrev=False,
    )
    faces = commands.add_parser(
        "faces", help="the faces of a photo, as JSON: index, box, pose", allow_abbrev=False
    )
    faces.add_argument("photo", metavar="PHOTO", type=Path)
    _add_edit(commands)
    _add_idphoto(commands)
    _add_batch(commands)
    _add_evaluate(commands)
    return parser


def _add_edit(commands: argparse._SubParsersAction[Parser]) -> None:
    edit = commands.add_parser(
        "edit",
        help="edit a photo",
        description=(
            "Edit a photo. OUT's suffix is its format; only a whole file replaces it. Several ages"
            " give a strip: OUT is the row, and each is beside it at full size, as OUT-20.jpg."
        ),
        allow_abbrev=False,
    )
    edit.add_argument("photo", metavar="PHOTO", type=Path)
    edit.add_argument("out", metavar="OUT", type=Path)
    _add_request(edit)
    edit.add_argument(
        "--mask",
        type=Path,
        metavar="PNG",
        help="of the photo's size; white lets the edit through, black keeps the photo",
    )
    edit.add_argument(
        "--report", type=Path, metavar="REPORT.json", help="what was done and measured"
    )


def _add_idphoto(commands: argparse._SubParsersAction[Parser]) -> None:
    idphoto = commands.add_parser(
        "idphoto",
        help="a photo for a passport: straight, even light, plain background, cut to size, checked",
        allow_abbrev=False,
    )
    idphoto.add_argument("photo", metavar="PHOTO", type=Path)
    idphoto.add_argument("out", metavar="OUT", type=Path)
    idphoto.add_argument("--size", default="icao", metavar="|".join(SIZES), help="default: icao")
    idphoto.add_argument("--pose", type=_share, default=1.0, help="0 to 1: how far it is turned")
    idphoto.add_argument("--light", type=_share, default=1.0, help="0 to 1: how far it is evened")
    idphoto.add_argument("--keep-background", action="store_true")
    idphoto.add_argument("--report", type=Path, metavar="REPORT.json", help="with every check")


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError
    return value


def _add_batch(commands: argparse._SubParsersAction[Parser]) -> None:
    batch = commands.add_parser(
        "batch",
        help="edit every photo of a folder, and of the folders in it",
        description="Edit every photo below DIR into the same place below OUT, beside report.csv "
        "and report.json. A photo that fails is named there and stops no other. Run it again: only "
        "what is missing, changed or failed is done.",
        allow_abbrev=False,
    )
    batch.add_argument("folder", metavar="DIR", type=Path)
    batch.add_argument("out", metavar="OUT", type=Path)
    _add_request(batch)
    batch.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="how many photos at the same time; default 1 here, 4 sent to a server",
    )


def _add_request(parser: argparse.ArgumentParser) -> None:
    """Add what is asked for: the fields of an ``EditRequest``."""
    parser.add_argument("--operation", required=True, metavar="NAME")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="KEY=VALUE",
        help="a param of the operation; may be repeated; lists as JSON or 1,2,3",
    )
    parser.add_argument("--faces", metavar="0,2|all|largest", help="default: the operation's own")
    _add_engine(parser)
    parser.add_argument(
        "--seed", metavar="N", help="for the same result again; drawn when not given"
    )


def _add_evaluate(commands: argparse._SubParsersAction[Parser]) -> None:
    evaluate = commands.add_parser(
        "evaluate",
        help="a table and a contact sheet of an operation over a folder of photos",
        description="Run an operation over a folder of photos with a grid of settings.",
        allow_abbrev=False,
    )
    evaluate.add_argument("operation", metavar="OPERATION", help="or privacy")
    evaluate.add_argument("--faces", type=Path, metavar="DIR", dest="folder")
    evaluate.add_argument(
        "--original", type=Path, metavar="DIR|VIDEO", help="of privacy: as it was"
    )
    evaluate.add_argument(
        "--edited",
        type=Path,
        metavar="DIR|VIDEO",
        help="of privacy: by any program, under the same names",
    )
    evaluate.add_argument(
        "--person",
        metavar="REGEX",
        help="of privacy: what of a photo's name says who it shows, as '^[^_]+' (default: all of it)",
    )
    evaluate.add_argument(
        "--quick", action="store_true", help="of privacy: without the attack that learns"
    )
    evaluate.add_argument("--out", required=True, type=Path, metavar="DIR")
    _add_engine(evaluate)
    evaluate.add_argument("--limit", type=int, metavar="N", help="at most so many photos")


def _add_engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", default="auto", choices=("auto", "native", "diffusion"))
