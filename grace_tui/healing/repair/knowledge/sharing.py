"""Remembered fixes as one signed file, and back: so that a fix learned on one machine heals another.

The signature covers a header with the digest of every fix; so a file that was tampered with is refused with the name of
what was changed. Nothing in it names a place on the exporter's disk.
"""

import base64
import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from grace_tui import __version__
from grace_tui.disk import digest
from grace_tui.healing.repair.knowledge.fix import KnownFix
from grace_tui.healing.repair.knowledge.keys import Keys, fingerprint, public_bytes, verified
from grace_tui.healing.repair.knowledge.store import Knowledge, problem_of
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.redact import redact

FORMAT = "grace-tui knowledge"
VERSION = 1
LARGEST = 64 << 20
"""Bytes of a file that is read."""


class Tampered(GraceError):
    """The file is not what was signed, or no such file."""


class Untrusted(GraceError):
    """The file is whole, but its key is not trusted."""

    def __init__(self, print_: str) -> None:
        super().__init__(
            f"it is signed by {print_}, which is not trusted; compare that with its exporter, then --trust {print_}"
        )
        self.fingerprint = print_


class HoldsSecret(GraceError):
    """A fix shows what looks like a secret; it is not handed out."""

    def __init__(self, signature: str) -> None:
        super().__init__(f"{signature} holds what looks like a secret, in the code it changes; it is not exported")
        self.signature = signature


@dataclass(frozen=True, slots=True)
class Parcel:
    """A file whose signature and content were checked."""

    fingerprint: str
    exported_at: float
    fixes: tuple[KnownFix, ...]


def sealed(fixes: Sequence[KnownFix], keys: Keys) -> bytes:
    """The signed file.

    Raises:
        HoldsSecret: one of them must not be handed out.
        GraceError: the user's key cannot be used.
    """
    key = keys.own()
    told = [_plain(fix) for fix in fixes]
    public = public_bytes(key)
    header = {
        "format": FORMAT,
        "version": VERSION,
        "grace": __version__,
        "exported_at": round(time.time(), 3),
        "public_key": base64.b64encode(public).decode(),
        "fingerprint": fingerprint(public),
        "digests": {str(fix["signature"]): _digest(fix) for fix in told},
    }
    signature = base64.b64encode(key.sign(_canonical(header))).decode()
    return json.dumps({"header": header, "signature": signature, "fixes": told}, indent=1).encode()


def opened(data: bytes) -> Parcel:
    """What is in a signed file, of whoever signed it.

    Raises:
        Tampered: it is no such file, or something in it is not what was signed.
    """
    header, signature, told = _parts(data)
    public = _bytes(header.get("public_key"), "the public key")
    if fingerprint(public) != header.get("fingerprint"):
        raise Tampered("the fingerprint in it is not that of its public key")
    if not verified(public, _bytes(signature, "the signature"), _canonical(header)):
        raise Tampered("its header (exporter, date, list of fixes) is not what was signed")
    digests = header.get("digests")
    if not isinstance(digests, dict) or header.get("format") != FORMAT:
        raise Tampered("its header is not that of exported knowledge")
    if header.get("version") != VERSION:
        raise Tampered(f"it is of version {header.get('version')}; this Grace knows {VERSION}")
    fixes = tuple(_checked(fix, digests) for fix in told)
    if missing := [name for name in digests if name not in {fix.signature for fix in fixes}]:
        raise Tampered(f"{missing[0]} was signed and is missing")
    if len(fixes) != len(digests):
        raise Tampered("a fix stands in it twice")
    return Parcel(str(header["fingerprint"]), float(header.get("exported_at", 0.0)), fixes)


def take_in(parcel: Parcel, store: Knowledge, only: Collection[str] = ()) -> tuple[tuple[str, str], ...]:
    """Keep what is not known here yet; (signature, what became of it) of each.

    What others saw counts in part, and the first use here passes every gate.
    """
    said = []
    for fix in parcel.fixes:
        if only and fix.signature not in only:
            continue
        known = store.find(fix.signature)
        if isinstance(known, KnownFix) and known.proven_here:
            said.append((fix.signature, "known here already, by what was proven here"))
            continue
        store.add(_as_stranger(fix, parcel.fingerprint))
        said.append((fix.signature, "renewed" if known else "imported"))
    return tuple(said)


def read_file(path: Path) -> bytes:
    """
    Raises:
        Tampered: it cannot be read, or is far too large.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise Tampered(f"{path} has more than {LARGEST >> 20} MB: no exported knowledge is so large")
        return path.read_bytes()
    except OSError as error:
        raise Tampered(f"{path}: {error.strerror or error}") from error


def _as_stranger(fix: KnownFix, print_: str) -> KnownFix:
    return replace(
        fix,
        successes=0,
        failures=0,
        imported_from=print_,
        imported_by=(fix.successes + fix.imported_by[0], fix.failures + fix.imported_by[1]),
        proven_here=False,
        expired="",
        outcomes=(),
    )


def _plain(fix: KnownFix) -> Mapping[str, Any]:
    code = [fix.diff, *(file.text for file in fix.files)]
    code += [text for file in fix.files for anchor in file.anchors for text in (anchor.text_before, anchor.text)]
    if any(redact(text) != text for text in code):
        raise HoldsSecret(fix.signature)
    outcomes = tuple(replace(outcome, detail=redact(outcome.detail)) for outcome in fix.outcomes)
    told: Mapping[str, Any] = msgspec.to_builtins(replace(fix, message=redact(fix.message), outcomes=outcomes))
    return told


def _parts(data: bytes) -> tuple[dict[str, Any], object, list[object]]:
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Tampered(f"it is no exported knowledge: {error}") from error
    header, fixes = (told.get("header"), told.get("fixes")) if isinstance(told, dict) else (None, None)
    if not isinstance(header, dict) or not isinstance(fixes, list):
        raise Tampered("it is no exported knowledge: it has no header and fixes")
    return header, told.get("signature"), fixes


def _checked(told: object, digests: Mapping[str, object]) -> KnownFix:
    try:
        fix = msgspec.convert(told, KnownFix)
    except msgspec.ValidationError as error:
        raise Tampered(f"a fix in it cannot be read: {error}") from error
    if fix.signature not in digests:
        raise Tampered(f"{fix.signature} was added after it was signed")
    if digests[fix.signature] != _digest(told):
        raise Tampered(f"{fix.signature} was changed after it was signed")
    if problem := problem_of(fix):
        raise Tampered(f"{fix.signature}: {problem}")
    return fix


def _bytes(value: object, what: str) -> bytes:
    try:
        return base64.b64decode(str(value), validate=True)
    except ValueError as error:
        raise Tampered(f"{what} in it is no base64") from error


def _digest(told: object) -> str:
    return digest(_canonical(told))


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
