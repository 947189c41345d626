"""Reading a ZIP that a stranger sent: looked through once, then each file read by itself.

Nothing is ever unpacked to a path that the archive names, and nothing inside is opened as an
archive. What is refused here is refused before anything is read of any file.
"""

from __future__ import annotations

import contextlib
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings

from editing.errors import PhotoTooLarge, PhotoUnreadable, PhotoUnsupported
from webapp.batches.errors import ArchiveNested, ArchiveTooLarge, ArchiveUnreadable, ArchiveUnsafe

LONGEST_PATH = 1000
LARGEST_DIRECTORY = 64 * 1024 * 1024  # bytes of the list of files, which is read as a whole
RATIO_FROM_BYTES = 100 * 1024 * 1024
LARGEST_RATIO = 100  # unpacked to packed, of the whole archive
UNPACKED_TO_LIMIT = 4
CHUNK = 64 * 1024

UTF_8 = 0x800
ENCRYPTED = 0x1
LOCAL_HEADER = 30
ARCHIVES = (".zip", ".jar", ".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst")
# What operating systems put beside photos by themselves.
LEFT_BY_SYSTEMS = (".ds_store", "thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: its path with slashes, and where its bytes are."""

    path: str
    place: dict[str, Any]


def look_through(path: Path) -> tuple[list[Member], int]:
    """Return the files of an archive and the number of those that operating systems left.

    Raises:
        ArchiveUnreadable: it is no ZIP, or damaged.
        ArchiveTooLarge: too many files, or too many bytes for its size: a bomb.
        ArchiveUnsafe: a path leaves the archive, comes twice, or is a link.
        ArchiveNested: there is an archive in it.
    """
    check_directory(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    # The last is what zipfile raises for a version of the format that it does not know.
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ArchiveUnreadable(f"the archive cannot be read: {error}") from error
    check_sizes(entries, path.stat().st_size)
    members: list[Member] = []
    skipped = 0
    for entry in entries:
        name = checked_path(entry)
        if not name or name.endswith("/"):
            continue
        if is_left_by_system(name):
            skipped += 1
            continue
        if name.lower().endswith(ARCHIVES):
            raise ArchiveNested(f"{name}: an archive inside the archive is not opened")
        members.append(Member(name, place_of(entry)))
    if len(members) > settings.MAX_BATCH_ITEMS:
        raise ArchiveTooLarge(
            f"there are {len(members):,} files in it; {settings.MAX_BATCH_ITEMS:,} are allowed"
        )
    check_clashes(member.path for member in members)
    if not members:
        raise ArchiveUnreadable("there is no file in the archive")
    return members, skipped


def check_directory(path: Path) -> None:
    """Let an archive pass whose list of files fits into memory: it is read as a whole."""
    with path.open("rb") as file:
        try:
            # The same look at the end of the file that ZipFile takes first.
            end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
        except (OSError, zipfile.BadZipFile) as error:
            raise ArchiveUnreadable(f"the archive cannot be read: {error}") from error
    if not end:
        raise ArchiveUnreadable("it is not a ZIP, or its end is missing")
    if end[5] > LARGEST_DIRECTORY or end[4] > 4 * settings.MAX_BATCH_ITEMS:
        raise ArchiveTooLarge(
            f"there are {end[4]:,} entries in it; {settings.MAX_BATCH_ITEMS:,} files are allowed"
        )


def check_sizes(entries: list[zipfile.ZipInfo], packed: int) -> None:
    """Refuse what grows too much when it is unpacked, or uses the same bytes twice to do so."""
    unpacked = sum(entry.file_size for entry in entries)
    most = UNPACKED_TO_LIMIT * settings.MAX_ARCHIVE_BYTES
    if unpacked > most:
        raise ArchiveTooLarge(f"it unpacks to {unpacked:,} bytes; {most:,} are allowed")
    if unpacked > RATIO_FROM_BYTES and unpacked > LARGEST_RATIO * packed:
        raise ArchiveTooLarge(
            f"it unpacks to {unpacked:,} bytes from {packed:,}, more than photos ever do"
        )
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise ArchiveTooLarge(f"{entry.filename}: it shares its bytes with another file")
        end = entry.header_offset + LOCAL_HEADER + entry.compress_size


def checked_path(entry: zipfile.ZipInfo) -> str:
    """Return the path of an entry with slashes.

    Without the UTF-8 mark a name is read as UTF-8 where its bytes are that, and as code page 437
    where not: that one gives every byte a letter, so the bytes can be had back.
    """
    # zipfile cuts the name at a NUL; what follows would be another name to another program.
    name = entry.orig_filename
    if not entry.flag_bits & UTF_8:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    shown = name.encode("unicode_escape").decode()[:200]
    path = name.replace("\\", "/")
    while path.startswith("./"):  # as bsdtar writes them
        path = path[2:]
    parts = path.split("/")
    if not name or "\0" in path or len(path) > LONGEST_PATH:
        raise ArchiveUnsafe(f"{shown}: no path, a NUL in it, or more than {LONGEST_PATH} letters")
    if path.startswith("/") or (len(path) > 1 and path[1] == ":" and path[0].isalpha()):
        raise ArchiveUnsafe(f"{shown}: an absolute path")
    if ".." in parts or "." in parts or "" in parts[:-1]:
        raise ArchiveUnsafe(f"{shown}: a path with '..', '.' or an empty part")
    mode = entry.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveUnsafe(f"{shown}: a link or device, not a file")
    return path


def is_left_by_system(path: str) -> bool:
    name = PurePosixPath(path).name.lower()
    return path.startswith("__MACOSX/") or name in LEFT_BY_SYSTEMS or name.startswith("._")


def check_clashes(paths: Iterator[str]) -> None:
    """Refuse a path that comes twice, or that is a file here and a folder there."""
    files: set[str] = set()
    folders: set[str] = set()
    for path in paths:
        if path in files:
            raise ArchiveUnsafe(f"{path}: it comes twice")
        files.add(path)
        folders.update(str(folder) for folder in PurePosixPath(path).parents)
    for path in files & folders:
        raise ArchiveUnsafe(f"{path}: it is a file and a folder")


def place_of(entry: zipfile.ZipInfo) -> dict[str, Any]:
    """Return what ``read_member`` needs, so that no worker reads the list of all files again."""
    return {
        "offset": entry.header_offset,
        "packed": entry.compress_size,
        "size": entry.file_size,
        "crc": entry.CRC,
        "method": entry.compress_type,
        "encrypted": bool(entry.flag_bits & ENCRYPTED),
    }


def read_member(path: Path, place: dict[str, Any]) -> bytes:
    """Return the bytes of one file; never more than the archive's list says it has.

    Raises:
        PhotoTooLarge: it has more bytes than a photo may have.
        PhotoUnsupported: it has a password, or is packed in a way that is not read here.
        PhotoUnreadable: it is damaged.
    """
    if place["size"] > settings.MAX_UPLOAD_BYTES:
        raise PhotoTooLarge(
            f"the file has {place['size']:,} bytes; {settings.MAX_UPLOAD_BYTES:,} are allowed"
        )
    if place["encrypted"]:
        raise PhotoUnsupported("the file has a password")
    if place["method"] not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise PhotoUnsupported("the file is packed by another method than store and deflate")
    with path.open("rb") as file:
        file.seek(place["offset"])
        header = file.read(LOCAL_HEADER)
        if len(header) < LOCAL_HEADER or header[:4] != b"PK\3\4":
            raise PhotoUnreadable("the archive is damaged where the file should be")
        name, extra = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
        file.seek(name + extra, 1)
        data = b"".join(_unpacked(file, place))
    if len(data) != place["size"] or zlib.crc32(data) != place["crc"]:
        raise PhotoUnreadable("the file is damaged: it is not what the archive's list says")
    return data


def _unpacked(file: Any, place: dict[str, Any]) -> Iterator[bytes]:
    left, room = place["packed"], place["size"]
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    while left > 0 and (chunk := file.read(min(CHUNK, left))):
        left -= len(chunk)
        if place["method"] == zipfile.ZIP_DEFLATED:
            try:
                chunk = inflate.decompress(chunk, room + 1)
            except zlib.error as error:
                raise PhotoUnreadable("the file is damaged: it cannot be unpacked") from error
        room -= len(chunk)
        if room < 0:
            raise PhotoUnreadable("the file is damaged: it is longer than it says")
        yield chunk
