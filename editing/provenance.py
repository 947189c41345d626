"""What was done to a photo, to which photo and with what: written into the file, and read back.

Every file carries it as XMP: the IPTC's digital source type, which other programs read, and our
own record as JSON. With a signer the file is then signed (C2PA), which covers the XMP too.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from editing import __version__
from editing.operations import find_operation
from editing.photo import FORMATS, FileFormat, Photo, encode_photo, open_picture, output_format
from editing.report import Report, VideoReport, WeightReport
from editing.signing import SignatureState, Signer, SigningFailed, check_signature, sign

# https://cv.iptc.org/newscodes/digitalsourcetype/
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"

_META = "adobe:ns:meta/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_MIEN = "urn:mien:provenance:1#"
_PACKET = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n',
    b'\n<?xpacket end="r"?>',
)
for _prefix, _space in (
    ("x", _META), ("rdf", _RDF), ("Iptc4xmpExt", _IPTC), ("xmp", _XMP), ("mien", _MIEN)
):  # fmt: skip
    ElementTree.register_namespace(_prefix, _space)


class Provenance(BaseModel):
    """One edit, as it is told to whoever receives the file. Never holds pixels or faces.

    ``source_sha256`` is the digest of the edited photo's file, ``digital_source_type`` a name of
    the IPTC's vocabulary, ``version`` that of Mien. Digest and seed are None where the operation
    hides who was in the photo: the digest would tell which photo it was, and with the seed anybody
    could try on other photos of whom the face was drawn.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    operation: str
    params: dict[str, Any]
    engine: str
    seed: int | None
    source_sha256: str | None
    weights: tuple[WeightReport, ...]
    digital_source_type: str
    version: str
    time: AwareDatetime

    def action(self) -> dict[str, object]:
        """Return the edit as an action of C2PA."""
        return {
            "action": "c2pa.edited",
            "digitalSourceType": SOURCE_TYPES + self.digital_source_type,
            "softwareAgent": {"name": "Mien", "version": self.version},
            "description": self.operation,
            "when": self.time.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class MarkedFile:
    """A file with its provenance. ``unsigned_because`` is the reason, None where it is signed."""

    data: bytes
    format: FileFormat
    unsigned_because: str | None

    @property
    def signed(self) -> bool:
        return self.unsigned_because is None


@dataclass(frozen=True, slots=True)
class Verification:
    """A file's signature (``editing.signing.Signature`` says what the states mean) and its record.

    A record beside the state "none" is a mere claim: anybody could have written it.
    """

    state: SignatureState
    issuer: str | None
    provenance: Provenance | None


def describe_edit(
    report: Report | VideoReport, time: datetime.datetime | None = None
) -> Provenance:
    """Return the provenance of the edit that ``report`` tells of; ``time`` None means now."""
    operation = find_operation(report.operation)
    hides = operation.strips_metadata
    return Provenance(
        operation=report.operation,
        params=report.params,
        engine=report.engine,
        seed=None if hides else report.seed,
        source_sha256=None if hides else report.source_sha256,
        weights=tuple(report.weights),
        digital_source_type=operation.digital_source_type,
        version=__version__,
        time=time or datetime.datetime.now(datetime.UTC).replace(microsecond=0),
    )


def write_provenance(
    photo: Photo,
    provenance: Provenance,
    format: str | None = None,
    signer: Signer | None = None,
    dots_per_inch: int | None = None,
) -> MarkedFile:
    """Return the photo as a file that tells its provenance, signed where there is a signer.

    Args:
        photo: the edited photo.
        provenance: what was done to it.
        format: as in ``encode_photo``.
        signer: None leaves the file unsigned. A file that cannot be signed is returned unsigned,
            with the reason, for the mark matters more than the signature.
        dots_per_inch: how large it is to be printed.

    Raises:
        OutputUnwritable: as ``encode_photo``.
    """
    written = output_format(photo, format)
    data = encode_photo(photo, written.name, _to_xmp(provenance), dots_per_inch)
    if signer is None:
        return MarkedFile(data, written, "no signer was given")
    try:
        signed = sign(data, written.media_type, provenance.action(), signer)
        return MarkedFile(signed, written, None)
    except SigningFailed as error:
        return MarkedFile(data, written, str(error))


def read_provenance(data: bytes) -> Provenance | None:
    """Return the record in a file, or None where there is none of ours.

    Raises:
        PhotoTooLarge, PhotoUnreadable: the file is no picture that can be opened.
    """
    picture = open_picture(data)
    xmp = picture.info.get("xmp")
    return _from_xmp(xmp) if isinstance(xmp, bytes) else None


def verify_provenance(data: bytes, roots: bytes = b"") -> Verification:
    """Return whether a file is still what was signed, by whom, and its record.

    Args:
        data: the file.
        roots: certificates to trust, PEM: ``Signer.root`` of this installation, and of others.

    Raises:
        PhotoTooLarge, PhotoUnreadable: the file is no picture that can be opened.
    """
    picture = open_picture(data)
    name = "JPEG" if picture.format == "MPO" else str(picture.format)
    if name not in FORMATS:
        return Verification("none", None, None)
    signature = check_signature(data, FORMATS[name].media_type, roots)
    return Verification(signature.state, signature.issuer, read_provenance(data))


def _to_xmp(provenance: Provenance) -> bytes:
    meta = ElementTree.Element(f"{{{_META}}}xmpmeta")
    rdf = ElementTree.SubElement(meta, f"{{{_RDF}}}RDF")
    about = {f"{{{_RDF}}}about": ""}
    description = ElementTree.SubElement(rdf, f"{{{_RDF}}}Description", about)
    for space, name, text in (
        (_XMP, "CreatorTool", f"Mien {provenance.version}"),
        (_IPTC, "DigitalSourceType", SOURCE_TYPES + provenance.digital_source_type),
        (_MIEN, "Record", provenance.model_dump_json()),
    ):
        ElementTree.SubElement(description, f"{{{space}}}{name}").text = text
    begin, end = _PACKET
    return begin + ElementTree.tostring(meta, encoding="utf-8") + end


def _from_xmp(xmp: bytes) -> Provenance | None:
    # XMP has no document type; one in a stranger's file is there to make the parser work.
    if b"<!" in xmp:
        return None
    try:
        record = ElementTree.fromstring(xmp.strip(b"\0 \r\n")).findtext(f".//{{{_MIEN}}}Record")
        return Provenance.model_validate_json(record) if record else None
    except (ElementTree.ParseError, ValueError, ValidationError):
        return None
