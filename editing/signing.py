"""C2PA signatures: who signed a file, and whether it is still the file that was signed.

The signature covers every byte of the file, XMP included. No thumbnail and no pixel of the source
photo goes into the manifest, and nothing is asked of the network. Without a time-stamping
authority a signature holds as long as its certificate does, so ours are made for a long time.
"""

from __future__ import annotations

import datetime
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Literal

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SignatureState = Literal["valid", "changed", "untrusted", "none"]

_FILES = ("root.pem", "root.key", "chain.pem", "leaf.key")
_YEARS = {"root": 20, "leaf": 10}
_OFFLINE = {"ocsp_fetch": False, "remote_manifest_fetch": False}


class SigningFailed(Exception):
    """A file that could not be signed; ``str(error)`` is the library's own reason."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A certificate chain (leaf first), the leaf's private key, and the root to trust; all PEM."""

    chain: bytes
    key: bytes = field(repr=False)
    root: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    """What was found: ``issuer`` is the organisation in the certificate, None where none was read.

    valid: unchanged, and signed by a trusted root. untrusted: unchanged, signed by somebody else.
    changed: the file, or the manifest in it, is not what was signed. none: there is no manifest.
    """

    state: SignatureState
    issuer: str | None = None


def local_signer(folder: Path) -> Signer:
    """Return this installation's own signer, made in ``folder`` the first time.

    The folder is for its owner only (0700), the keys are 0600. Two processes that come at the
    same time end with the same signer.

    Raises:
        OSError: the folder cannot be made, or its files cannot be read.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        _make_keys(folder)
    return Signer(
        chain=(folder / "chain.pem").read_bytes(),
        key=(folder / "leaf.key").read_bytes(),
        root=(folder / "root.pem").read_bytes(),
    )


def sign(data: bytes, media_type: str, action: Mapping[str, object], signer: Signer) -> bytes:
    """Return the file with a signed manifest that tells the one ``action`` (c2pa.actions.v2).

    Nothing may be written into the file afterwards.

    Raises:
        SigningFailed: the format or the file cannot carry a manifest, or the key does not fit.
    """
    agent = action.get("softwareAgent")
    manifest = {
        "claim_generator_info": [agent],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }
    # A thumbnail would carry the face into the file once more.
    settings = {"builder": {"thumbnail": {"enabled": False}}, "verify": _OFFLINE}
    signed = BytesIO()
    try:
        info = c2pa.C2paSignerInfo(
            alg=b"es256", sign_cert=signer.chain, private_key=signer.key, ta_url=None
        )
        builder = c2pa.Builder(manifest, context=c2pa.Context.from_dict(settings))
        # An edit begins with "opened"; the library adds it, with a parent that holds no pixels.
        builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
        builder.sign(c2pa.Signer.from_info(info), media_type, BytesIO(data), signed)
    except c2pa.C2paError as error:
        raise SigningFailed(str(error)) from error
    return signed.getvalue()


def check_signature(data: bytes, media_type: str, roots: bytes = b"") -> Signature:
    """Return the state of the file's signature; ``roots`` are the trusted certificates, PEM."""
    settings: dict[str, object] = {"verify": {"verify_trust": True, **_OFFLINE}}
    if roots:
        settings["trust"] = {"user_anchors": roots.decode()}
    context = c2pa.Context.from_dict(settings)
    try:
        reader = c2pa.Reader.try_create(media_type, BytesIO(data), context=context)
        if reader is None:
            return Signature("none")
        found = json.loads(reader.json())
    except c2pa.C2paError:
        # There is a manifest, or the place of one, and it can no longer be read.
        return Signature("changed")
    manifest = found["manifests"].get(found.get("active_manifest"), {})
    issuer = manifest.get("signature_info", {}).get("issuer")
    if found["validation_state"] == "Trusted":
        return Signature("valid", issuer)
    failures = [status["code"] for status in found.get("validation_status", [])]
    if all(code.startswith("signingCredential.") for code in failures):
        return Signature("untrusted", issuer)
    return Signature("changed", issuer)


def _make_keys(folder: Path) -> None:
    """Make root and leaf beside ``folder`` and move them there in one step.

    Where somebody else was first, theirs stay.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root = _certificate("Mien local root", root_key, None, root_key)
        leaf = _certificate("Mien", leaf_key, root, root_key)
        root_pem, leaf_pem = (part.public_bytes(Encoding.PEM) for part in (root, leaf))
        contents = (root_pem, _private_pem(root_key), leaf_pem + root_pem, _private_pem(leaf_key))
        for name, content in zip(_FILES, contents, strict=True):
            descriptor = os.open(made / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
        try:
            made.rename(folder)
        except OSError:
            if not all((folder / name).is_file() for name in _FILES):
                raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    """Return a certificate as the C2PA profile wants it (section "Certificate Profile")."""
    is_root = issuer is None
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Mien, on this computer"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    years = _YEARS["root" if is_root else "leaf"]
    public, issuer_public = key.public_key(), issuer_key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer is not None else subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=365 * years))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(_usage(is_root), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_public), critical=False
        )
    )
    if not is_root:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(issuer_key, SHA256())


def _usage(is_root: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_root,
        key_cert_sign=is_root,
        crl_sign=is_root,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
