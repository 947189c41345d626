"""Archives of strangers: what is read of them, and what is refused before anything is."""

from __future__ import annotations

import struct
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from editing.errors import PhotoTooLarge, PhotoUnreadable, PhotoUnsupported
from webapp.batches import unpacking
from webapp.batches.errors import ArchiveNested, ArchiveTooLarge, ArchiveUnreadable, ArchiveUnsafe
from webapp.batches.unpacking import look_through, read_member

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a ZIP of (name or entry, bytes)."""

    def make(*files: tuple[Any, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
        path = tmp_path / "archive.zip"
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, data in files:
                archive.writestr(name, data)
        return path

    return make


def paths(path: Path) -> list[str]:
    return [member.path for member in look_through(path)[0]]


def renamed(path: Path, old: bytes, new: bytes, mark: bool = False) -> Path:
    """Put other bytes of the same length where the name is, with or without the UTF-8 mark."""
    data = bytearray(path.read_bytes())
    assert len(old) == len(new)
    assert data.count(old) == 2
    for start, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.find(start)
        bits = struct.unpack_from("<H", data, at + flags)[0] & ~0x800
        struct.pack_into("<H", data, at + flags, bits | (0x800 if mark else 0))
    path.write_bytes(bytes(data).replace(old, new))
    return path


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"]
)
def test_files_are_read_by_themselves(write: Write, method: int) -> None:
    files = [("a.jpg", b"first" * 50_000), ("holiday/day 1/b.jpg", b"second"), ("empty.jpg", b"")]
    path = write(*files, ("holiday/", b""), method=method)
    members, skipped = look_through(path)
    assert (skipped, [member.path for member in members]) == (0, [name for name, _ in files])
    assert [read_member(path, member.place) for member in members] == [data for _, data in files]


def test_what_systems_leave_is_counted_and_not_read(write: Write) -> None:
    path = write(
        ("a.jpg", b"x"),
        ("__MACOSX/._a.jpg", b"x"),
        ("d/.DS_Store", b"x"),
        ("d/Thumbs.db", b"x"),
        ("d/._b.jpg", b"x"),
    )
    assert (paths(path), look_through(path)[1]) == (["a.jpg"], 4)


def test_an_archive_after_other_bytes_is_read(write: Write) -> None:
    path = write(("a.jpg", b"inside"))
    path.write_bytes(b"#!/bin/sh\n" * 10 + path.read_bytes())
    (member,), _ = look_through(path)
    assert read_member(path, member.place) == b"inside"


def test_names_in_any_encoding_come_back(write: Write) -> None:
    assert paths(write(("Jürgen/写真.jpg", b"x"))) == ["Jürgen/写真.jpg"]
    # Linux and macOS write UTF-8 without saying so.
    unmarked = renamed(write(("aaaaaa.jpg", b"x")), b"aaaaaa", "写真".encode())
    assert paths(unmarked) == ["写真.jpg"]
    # Old Windows writes its code page: every byte has a letter, and the letters give the bytes.
    shift_jis = "写真".encode("shift-jis")
    (name,) = paths(renamed(write(("aaaa.jpg", b"x")), b"aaaa", shift_jis))
    assert name.encode("cp437") == shift_jis + b".jpg"
    german = renamed(write(("Xrger.jpg", b"x")), b"Xrger", "Ärger".encode("cp437"))
    assert paths(german) == ["Ärger.jpg"]
    decomposed = unicodedata.normalize("NFD", "é.jpg")
    assert paths(write((decomposed, b"x"))) == [decomposed]


def test_every_byte_makes_a_name_of_its_own(write: Write) -> None:
    seen = set()
    for byte in range(0x80, 0x100):
        (name,) = paths(renamed(write(("X-.jpg", b"x")), b"X-", bytes([byte]) + b"-"))
        seen.add(name)
    assert len(seen) == 128


def test_a_name_that_says_utf_8_and_is_not_is_refused(write: Write) -> None:
    path = renamed(write(("XX.jpg", b"x")), b"XX", b"\xff\xfe", mark=True)
    with pytest.raises(ArchiveUnreadable, match="utf-8"):
        look_through(path)


@pytest.mark.parametrize(
    "name",
    [
        "../a.jpg",
        "a/../../b.jpg",
        "a/..",
        "/etc/a.jpg",
        "C:/a.jpg",
        "c:a.jpg",
        "..\\a.jpg",
        "a\\..\\..\\b.jpg",
        "\\\\server\\a.jpg",
        "a//b.jpg",
        "a/./b.jpg",
        "x" * 1001,
    ],
)
def test_paths_that_lead_elsewhere_are_refused(write: Write, name: str) -> None:
    with pytest.raises(ArchiveUnsafe):
        look_through(write(("ok.jpg", b"x"), (name, b"x")))


def test_a_name_with_a_nul_is_refused(write: Write) -> None:
    path = renamed(write(("aXb.jpg", b"x")), b"aXb.jpg", b"a\0b.jpg")
    with pytest.raises(ArchiveUnsafe, match="NUL"):
        look_through(path)


def test_backslashes_make_folders(write: Write) -> None:
    assert paths(write(("a\\b.jpg", b"x"), ("./c.jpg", b"x"))) == ["a/b.jpg", "c.jpg"]


@pytest.mark.parametrize("kind", [0o120777, 0o010644, 0o060644], ids=["symlink", "pipe", "device"])
def test_what_is_no_file_is_refused(write: Write, kind: int) -> None:
    entry = zipfile.ZipInfo("a.jpg")
    entry.external_attr = kind << 16
    with pytest.raises(ArchiveUnsafe, match="link or device"):
        look_through(write((entry, b"/etc/passwd")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("first", "second"), [("a.jpg", "a.jpg"), ("d/a.jpg", "d\\a.jpg"), ("d/a", "d/a/b.jpg")]
)
def test_paths_that_clash_are_refused(write: Write, first: str, second: str) -> None:
    with pytest.raises(ArchiveUnsafe):
        look_through(write((first, b"x"), (second, b"y")))


@pytest.mark.parametrize("name", ["inner.zip", "d/Inner.ZIP", "a.tar.gz", "a.7z"])
def test_archives_inside_are_refused(write: Write, name: str) -> None:
    with pytest.raises(ArchiveNested):
        look_through(write(("a.jpg", b"x"), (name, b"x")))


def test_a_bomb_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "RATIO_FROM_BYTES", 1_000_000)
    with pytest.raises(ArchiveTooLarge, match="more than photos ever do"):
        look_through(write(("zeros.bmp", bytes(2_000_000))))
    assert paths(write(("flat.bmp", bytes(500_000)))) == ["flat.bmp"]


def test_too_many_bytes_are_refused(write: Write, settings: Any) -> None:
    settings.MAX_ARCHIVE_BYTES = 1000
    with pytest.raises(ArchiveTooLarge, match="5,000 bytes; 4,000 are allowed"):
        look_through(write(("a.jpg", b"x" * 5000)))


def test_too_many_files_are_refused(write: Write, settings: Any) -> None:
    settings.MAX_BATCH_ITEMS = 3
    files = [(f"{n}.jpg", b"x") for n in range(4)]
    assert len(paths(write(*files[:3]))) == 3
    with pytest.raises(ArchiveTooLarge, match="4 files"):
        look_through(write(*files))
    with pytest.raises(ArchiveTooLarge, match="20 entries"):
        look_through(write(*[(f"{n}/", b"") for n in range(20)]))


def test_files_that_share_their_bytes_are_refused(write: Write) -> None:
    """The better zip bomb: many names in the list for one file in the archive."""
    path = write(("a.jpg", b"x" * 1000), ("b.jpg", b"y" * 1000), method=zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    second = data.rfind(b"PK\1\2")
    struct.pack_into("<I", data, second + 42, 0)  # the second name points at the first file
    path.write_bytes(data)
    with pytest.raises(ArchiveTooLarge, match="shares its bytes"):
        look_through(path)


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"no archive at all" * 100, b"PK\5\6" + bytes(18)], ids=range(4)
)
def test_what_is_no_archive_or_has_no_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(data)
    with pytest.raises(ArchiveUnreadable):
        look_through(path)


def test_an_archive_that_is_cut_short_is_refused(write: Write) -> None:
    path = write(("a.jpg", b"x" * 1000))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ArchiveUnreadable):
        look_through(path)


def place(path: Path) -> dict[str, Any]:
    return look_through(path)[0][0].place


def test_a_damaged_file_is_told(write: Write) -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        path = write(("a.jpg", bytes(range(256)) * 20), method=method)
        at = place(path)
        data = bytearray(path.read_bytes())
        data[60] ^= 0xFF
        path.write_bytes(data)
        with pytest.raises(PhotoUnreadable, match="damaged"):
            read_member(path, at)
        path.write_bytes(b"nothing here" * 10)
        with pytest.raises(PhotoUnreadable, match="damaged"):
            read_member(path, at)


def test_a_file_that_is_longer_than_it_says_is_not_read_on(write: Write) -> None:
    path = write(("a.jpg", bytes(5_000_000)))
    at = place(path) | {"size": 1000}
    with pytest.raises(PhotoUnreadable, match="longer than it says"):
        read_member(path, at)


def test_what_cannot_be_read_is_told(write: Write, settings: Any) -> None:
    path = write(("a.jpg", b"x" * 100))
    with pytest.raises(PhotoUnsupported, match="password"):
        read_member(path, place(path) | {"encrypted": True})
    with pytest.raises(PhotoUnsupported, match="method"):
        read_member(path, place(write(("a.jpg", b"x" * 100), method=zipfile.ZIP_LZMA)))
    settings.MAX_UPLOAD_BYTES = 99
    with pytest.raises(PhotoTooLarge):
        read_member(path, place(path))
