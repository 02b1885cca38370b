"""The key that a user signs exported knowledge with, and the keys of others that this user trusts.

Both in one folder of the user's state. Imported when knowledge is exported or imported, since it loads `cryptography`.
"""

import base64
import hashlib
import time
import tomllib
from pathlib import Path

import tomli_w
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from grace_tui.disk import atomic_write
from grace_tui.kernel.errors import GraceError

KEY, TRUSTED = "knowledge.pem", "trusted.toml"


class KeyProblem(GraceError):
    """A key, or the list of keys, cannot be used."""


class Keys:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def own(self) -> Ed25519PrivateKey:
        """This user's key, made at the first need.

        Raises:
            KeyProblem: it cannot be read, or there is no place for one.
        """
        path = self.folder / KEY
        try:
            if not path.exists():
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                made = Ed25519PrivateKey.generate()
                atomic_write(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
            key = load_pem_private_key(path.read_bytes(), None)
        except (OSError, ValueError) as error:
            raise KeyProblem(f"{path}: {error}") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyProblem(f"{path} is no ed25519 key")
        return key

    def trusted(self) -> dict[str, str]:
        """Fingerprint -> since when, and this user's own.

        Raises:
            KeyProblem: the list cannot be read.
        """
        known = self._listed()
        if (self.folder / KEY).exists():
            known[fingerprint(public_bytes(self.own()))] = "your own"
        return known

    def trust(self, print_: str) -> None:
        """Remember that fixes signed by this key are taken."""
        known = {**self._listed(), print_: time.strftime("%Y-%m-%d")}
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        atomic_write(self.folder / TRUSTED, tomli_w.dumps({"keys": known}).encode(), mode=0o600)

    def _listed(self) -> dict[str, str]:
        path = self.folder / TRUSTED
        if not path.exists():
            return {}
        try:
            keys = tomllib.loads(path.read_text("utf-8")).get("keys", {})
        except (OSError, ValueError) as error:
            raise KeyProblem(f"{path}: {error}") from error
        if not isinstance(keys, dict):
            raise KeyProblem(f"{path}: keys is {keys!r}; expected a table of fingerprints")
        return {str(name): str(since) for name, since in keys.items()}


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def fingerprint(public: bytes) -> str:
    """As `ssh-keygen -l` writes it."""
    return f"SHA256:{base64.b64encode(hashlib.sha256(public).digest()).decode().rstrip('=')}"


def verified(public: bytes, signature: bytes, data: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def keys_folder(shared: Path) -> Path:
    """Where the user's keys are; `shared` is the folder of the user's knowledge."""
    return shared.parent / "keys"
