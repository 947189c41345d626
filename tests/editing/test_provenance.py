"""Provenance: written into every format, read back, signed, and found out when changed."""

from __future__ import annotations

import datetime
import stat
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from editing.errors import PhotoUnreadable
from editing.photo import FORMATS, Photo, decode_photo, encode_photo
from editing.provenance import (
    Provenance,
    describe_edit,
    read_provenance,
    verify_provenance,
    write_provenance,
)
from editing.report import PhotoReport, Report, WeightReport
from editing.signing import Signer, local_signer


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return local_signer(tmp_path_factory.mktemp("ours") / "signing")


@pytest.fixture(scope="module")
def provenance() -> Provenance:
    report = Report(
        operation="expression",
        params={"smile": 0.5, "note": "<&> \u00e9"},
        engine="native",
        seed=7,
        seconds=0.2,
        photo=PhotoReport(width=512, height=512, sha256="ab" * 32),
        faces=[],
        weights=[WeightReport(name="expression", sha256="cd" * 32, licence="CC-BY-4.0")],
    )
    return describe_edit(report, datetime.datetime(2026, 11, 24, 9, tzinfo=datetime.UTC))


@pytest.fixture(scope="module")
def photo(astronaut_photo: Photo) -> Photo:
    return replace(astronaut_photo, pixels=astronaut_photo.pixels[:256, 100:356].copy())


def with_right_checksums(png: bytes) -> bytes:
    """Return a changed PNG as somebody careful would leave it."""
    fixed, at = png[:8], 8
    while at < len(png):
        end = at + 8 + int.from_bytes(png[at : at + 4])
        fixed += png[at:end] + zlib.crc32(png[at + 4 : end]).to_bytes(4)
        at = end + 4
    return fixed


@pytest.mark.parametrize("format", list(FORMATS))
class TestEveryFormat:
    def test_mark_and_signature(
        self, format: str, photo: Photo, provenance: Provenance, signer: Signer
    ) -> None:
        marked = write_provenance(photo, provenance, format, signer)
        assert marked.signed, marked.unsigned_because
        assert marked.format.name == format
        assert read_provenance(marked.data) == provenance
        found = verify_provenance(marked.data, signer.root)
        assert (found.state, found.provenance) == ("valid", provenance)
        assert found.issuer == "Mien, on this computer"
        # What other programs look for, to the letter.
        assert b"digitalsourcetype/compositeWithTrainedAlgorithmicMedia</Iptc4xmpExt" in marked.data

    def test_pixels_are_those_of_the_unmarked_file(
        self, format: str, photo: Photo, provenance: Provenance, signer: Signer
    ) -> None:
        marked = write_provenance(photo, provenance, format, signer)
        plain = decode_photo(encode_photo(photo, format))
        assert_array_equal(decode_photo(marked.data).pixels, plain.pixels)

    def test_no_picture_hides_in_the_manifest(
        self, format: str, photo: Photo, provenance: Provenance, signer: Signer
    ) -> None:
        marked = write_provenance(photo, provenance, format, signer)
        unsigned = write_provenance(photo, provenance, format)
        assert len(marked.data) - len(unsigned.data) < 6000
        assert b"thumbnail" not in marked.data
        for begin in (b"\xff\xd8\xff", b"\x89PNG", b"WEBPVP8"):
            assert marked.data.count(begin) == unsigned.data.count(begin)

    def test_one_changed_byte_is_found_out(
        self, format: str, photo: Photo, provenance: Provenance, signer: Signer
    ) -> None:
        marked = write_provenance(photo, provenance, format, signer)
        changed = marked.data.replace(b'"seed":7', b'"seed":8', 1)
        if format == "PNG":
            changed = with_right_checksums(changed)
        claimed = read_provenance(changed)
        assert claimed is not None
        assert claimed.seed == 8
        assert verify_provenance(changed, signer.root).state == "changed"

    def test_without_a_signer_the_mark_is_there_and_unsigned(
        self, format: str, photo: Photo, provenance: Provenance
    ) -> None:
        marked = write_provenance(photo, provenance, format)
        assert not marked.signed
        found = verify_provenance(marked.data)
        assert (found.state, found.provenance) == ("none", provenance)


def test_a_changed_pixel_is_found_out(photo: Photo, provenance: Provenance, signer: Signer) -> None:
    data = bytearray(write_provenance(photo, provenance, "TIFF", signer).data)
    at = bytes(data).index(photo.pixels[100].tobytes())
    data[at] ^= 1
    assert not np.array_equal(decode_photo(bytes(data)).pixels, photo.pixels)
    assert verify_provenance(bytes(data), signer.root).state == "changed"


def test_a_strangers_signature_is_untrusted(
    photo: Photo, provenance: Provenance, signer: Signer, tmp_path: Path
) -> None:
    stranger = local_signer(tmp_path / "signing")
    data = write_provenance(photo, provenance, "JPEG", stranger).data
    assert verify_provenance(data, signer.root).state == "untrusted"
    assert verify_provenance(data).state == "untrusted"
    assert verify_provenance(data, signer.root + stranger.root).state == "valid"


def test_a_key_that_does_not_fit_leaves_the_mark(
    photo: Photo, provenance: Provenance, signer: Signer
) -> None:
    marked = write_provenance(photo, provenance, "PNG", replace(signer, key=b"no key"))
    assert marked.unsigned_because
    assert read_provenance(marked.data) == provenance


@pytest.mark.parametrize(
    "xmp",
    [
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
        b"not xml",
        b"<a xmlns:m='urn:mien:provenance:1#'><m:Record>{}</m:Record></a>",
    ],
)
def test_foreign_or_broken_xmp_is_no_record(xmp: bytes, photo: Photo) -> None:
    assert read_provenance(encode_photo(photo, "PNG", xmp=xmp)) is None


def test_xmp_with_a_document_type_is_not_parsed(photo: Photo, provenance: Provenance) -> None:
    # Entities are how a small file makes an XML parser use up a machine.
    record = provenance.model_copy(update={"params": {}}).model_dump_json().replace('"', "&quot;")
    xmp = f"<a xmlns:m='urn:mien:provenance:1#'><m:Record>{record}</m:Record></a>"
    assert read_provenance(encode_photo(photo, "PNG", xmp=xmp.encode())) is not None
    typed = "<!DOCTYPE a [<!ENTITY b 'c'>]>" + xmp
    assert read_provenance(encode_photo(photo, "PNG", xmp=typed.encode())) is None


def test_a_photo_without_a_mark(astronaut_jpeg: bytes, signer: Signer) -> None:
    assert read_provenance(astronaut_jpeg) is None
    found = verify_provenance(astronaut_jpeg, signer.root)
    assert (found.state, found.provenance) == ("none", None)


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(PhotoUnreadable):
        verify_provenance(b"text")


def test_saving_again_takes_the_signature_away(
    photo: Photo, provenance: Provenance, signer: Signer
) -> None:
    out = BytesIO()
    Image.open(BytesIO(write_provenance(photo, provenance, "JPEG", signer).data)).save(out, "JPEG")
    assert verify_provenance(out.getvalue(), signer.root).state == "none"


class TestKeys:
    def test_made_once_and_for_the_owner_only(self, tmp_path: Path) -> None:
        folder = tmp_path / "new" / "signing"
        assert local_signer(folder) == local_signer(folder)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for name in ("root.key", "leaf.key"):
            assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
        assert [path.name for path in folder.parent.iterdir()] == ["signing"]

    def test_processes_at_the_same_time_agree(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor(8) as pool:
            signers = list(pool.map(local_signer, [tmp_path / "signing"] * 8))
        assert len({signer.chain for signer in signers}) == 1
        assert len(list(tmp_path.iterdir())) == 1

    def test_a_folder_that_lacks_a_file_is_not_mended(self, tmp_path: Path) -> None:
        local_signer(tmp_path / "signing")
        (tmp_path / "signing" / "leaf.key").unlink()
        with pytest.raises(FileNotFoundError, match=r"leaf\.key"):
            local_signer(tmp_path / "signing")

    def test_the_key_is_not_printed(self, signer: Signer) -> None:
        assert b"PRIVATE" in signer.key
        assert "PRIVATE" not in repr(signer)
