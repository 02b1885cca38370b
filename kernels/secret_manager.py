"""Keeps secrets encrypted on disk and hands each only to the agents that may have it, with the purpose written down.

Owns `.grace/secrets/`: the store (AES-256-GCM) and its key, or a key derived from a passphrase by scrypt. Called by
whoever needs a secret or wants a text cleaned of them. Never shows, logs or saves a value anywhere else.
"""

import json
import os
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from grace_tui.disk import atomic_write, digest
from grace_tui.kernel import Denied, GraceError, Kernel, KernelSpec, NotReady, ProviderDown
from grace_tui.kernel.redact import SHOWN, redact
from grace_tui.kernel.spelling import plural

OPERATOR = "operator"
"""The person at the screen: may use every secret, and is written down like everyone else."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
SHORTEST_REDACTED = 4
LOOK_EVERY = 60.0


class Secret(msgspec.Struct, frozen=True):
    value: str
    agents: tuple[str, ...]
    """Who may read it, besides the operator."""
    changed_at: float
    version: int = 1
    lifetime: float | None = None
    """Seconds from each change to expiry; None keeps it for ever."""

    def expired_for(self, now: float) -> float:
        """Seconds since it expired; negative before that."""
        return -1.0 if self.lifetime is None else now - (self.changed_at + self.lifetime)


class StoreUnreadable(GraceError):
    """The store of secrets cannot be opened; nothing was changed, and a copy is kept where one could be made."""

    def __init__(self, path: Path, why: str, kept: Path | None) -> None:
        copy = f"; the original is also kept as {kept.name}" if kept else ""
        super().__init__(f"{path}: {why}{copy}")
        self.path, self.why, self.kept = path, why, kept


class Store:
    """The encrypted file. Blocking: every call belongs in a worker thread."""

    def __init__(self, folder: Path, passphrase: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path, self.key_path, self.passphrase = folder / "store.json", folder / "key", passphrase
        self.salt = b""
        self.key = b""

    def open(self) -> dict[str, Secret]:
        """Find or make the key, and read the store; an absent one is written empty."""
        if not self.path.exists():
            self.salt = secrets.token_bytes(16) if self.passphrase else b""
            self.key = self._derived() if self.passphrase else self._key_file(make=True)
            self.write({})
        return self.read()

    def read(self) -> dict[str, Secret]:
        raw = self.path.read_bytes()
        try:
            envelope = json.loads(raw)
            self.salt, nonce, sealed = (b64decode(envelope[part]) for part in ("salt", "nonce", "sealed"))
        except (ValueError, KeyError, TypeError) as error:
            raise self._unreadable(raw, f"is not a store of secrets ({type(error).__name__})") from error
        if not self.key:
            self.key = self._unlock(raw)
        try:
            plain = AESGCM(self.key).decrypt(nonce, sealed, self.salt)
        except (InvalidTag, ValueError) as error:
            raise self._unreadable(raw, "cannot be decrypted: another key, or a changed file") from error
        return msgspec.json.decode(plain, type=dict[str, Secret])

    def write(self, kept: Mapping[str, Secret]) -> None:
        nonce = secrets.token_bytes(12)
        sealed = AESGCM(self.key).encrypt(nonce, msgspec.json.encode(kept), self.salt)
        parts = {"salt": self.salt, "nonce": nonce, "sealed": sealed}
        envelope = {name: b64encode(part).decode() for name, part in parts.items()}
        atomic_write(self.path, json.dumps(envelope).encode(), mode=0o600)

    def _unlock(self, raw: bytes) -> bytes:
        if self.salt and not self.passphrase:
            raise self._unreadable(raw, "was sealed with a passphrase, and none is set")
        if not self.salt and self.passphrase:
            raise self._unreadable(raw, "was sealed with a key file, and the settings ask for a passphrase")
        if not self.salt and not self.key_path.exists():
            raise self._unreadable(raw, f"its key {self.key_path.name} is missing")
        return self._derived() if self.salt else self._key_file(make=False)

    def _derived(self) -> bytes:
        return Scrypt(salt=self.salt, length=32, n=2**15, r=8, p=1).derive(self.passphrase.encode())

    def _key_file(self, make: bool) -> bytes:
        if make and not self.key_path.exists():
            atomic_write(self.key_path, secrets.token_bytes(32), mode=0o600)
        self.key_path.chmod(0o600)
        key = self.key_path.read_bytes()
        if len(key) != 32:
            raise GraceError(f"{self.key_path}: holds {len(key)} bytes; expected a key of 32")
        return key

    def _unreadable(self, raw: bytes, why: str) -> StoreUnreadable:
        # Named by content, so that a kernel that restarts again and again keeps one copy.
        kept = self.path.with_name(f"store.corrupt-{digest(raw)[:12]}.json")
        if not kept.exists():
            atomic_write(kept, raw, mode=0o600)
        return StoreUnreadable(self.path, why, kept)


class SecretManager(Kernel):
    spec = KernelSpec(after=("immutable_log",), priority=7, tier=0)

    async def start(self) -> None:
        self.lock = anyio.Lock()
        passphrase = self._passphrase()

        def opened() -> tuple[Store, dict[str, Secret]]:
            store = Store(self.context.workspace.state / "secrets", passphrase)
            return store, store.open()

        self.store, self.kept = await anyio.to_thread.run_sync(opened)

    async def run(self) -> None:
        told: set[str] = set()
        async for _ in self.every(LOOK_EVERY):
            expired = self._expired()
            for name in sorted(expired - told):
                self.log.warning("a secret has expired", name=name)
            told = expired

    async def probe(self) -> None:
        """Read what is on disk with the key in use, and expect what is in memory."""
        async with self.lock:
            if await anyio.to_thread.run_sync(self.store.read) != self.kept:
                raise NotReady(f"{self.store.path} holds other secrets than are in use")

    def summary(self) -> str:
        expired = len(self._expired())
        keys = f"{plural(len(self.kept), 'key')}"
        return f"{keys}, {expired} expired" if expired else keys

    # ---- services

    async def put(
        self,
        name: str,
        value: str,
        *,
        purpose: str,
        agent: str,
        allow: tuple[str, ...] = (),
        expires_in: float | None = None,
    ) -> int:
        """Keep `value` under `name` for `agent` and those in `allow`; returns its version.

        Raises:
            Denied: the name is taken by a secret that `agent` may not use.
        """
        if not NAME.fullmatch(name):
            raise GraceError(f"a secret's name is {name!r}; expected letters, digits, dot, dash or underscore")
        if not value:
            raise GraceError(f"secret {name}: the value is empty")
        async with self.lock:
            old = self.kept.get(name)
            await self._authorise("put", name, agent, purpose, old)
            agents = tuple(dict.fromkeys([*(old.agents if old else ()), agent, *allow]))
            version = old.version + 1 if old else 1
            await self._keep(name, Secret(value, agents, self.context.clock.time(), version, expires_in))
        return version

    async def get(self, name: str, *, purpose: str, agent: str) -> str:
        """Return the value.

        Raises:
            Denied: `agent` is not on the secret's list.
            GraceError: there is no such secret, or it has expired.
        """
        secret = self._known(name)
        await self._authorise("get", name, agent, purpose, secret)
        age = secret.expired_for(self.context.clock.time())
        if age >= 0:
            raise GraceError(f"secret {name} expired {age:.0f} s ago; rotate it")
        return secret.value

    async def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.kept))

    async def rotate(self, name: str, value: str = "", *, purpose: str = "rotation", agent: str = OPERATOR) -> int:
        """Replace the value by `value`, or by a random one; its lifetime begins again. Returns the new version."""
        async with self.lock:
            old = self._known(name)
            await self._authorise("rotate", name, agent, purpose, old)
            fresh = value or secrets.token_urlsafe(32)
            now = self.context.clock.time()
            await self._keep(name, Secret(fresh, old.agents, now, old.version + 1, old.lifetime))
        return old.version + 1

    async def delete(self, name: str, *, purpose: str = "deletion", agent: str = OPERATOR) -> None:
        async with self.lock:
            await self._authorise("delete", name, agent, purpose, self._known(name))
            await self._keep(name, None)

    async def redact(self, text: str) -> str:
        """Return `text` without the values kept here and without anything that looks like a secret."""
        values = {secret.value for secret in self.kept.values() if len(secret.value) >= SHORTEST_REDACTED}
        for value in sorted(values, key=len, reverse=True):
            text = text.replace(value, SHOWN)
        return redact(text)

    # ---- helpers

    def _passphrase(self) -> str:
        kind = self.settings.get("key", "file")
        if kind == "file":
            return ""
        if kind != "passphrase":
            raise GraceError(f"kernels.secret_manager: key is {kind!r}; expected 'file' or 'passphrase'")
        variable = str(self.settings.get("passphrase_env", "GRACE_PASSPHRASE"))
        if not os.environ.get(variable):
            raise GraceError(f"kernels.secret_manager: key is 'passphrase', but the variable {variable} is not set")
        return os.environ[variable]

    def _known(self, name: str) -> Secret:
        if name not in self.kept:
            raise GraceError(f"there is no secret named {name!r}")
        return self.kept[name]

    def _expired(self) -> set[str]:
        now = self.context.clock.time()
        return {name for name, secret in self.kept.items() if secret.expired_for(now) >= 0}

    async def _authorise(self, act: str, name: str, agent: str, purpose: str, secret: Secret | None) -> None:
        """Let pass who may, and write down either way who asked for what and why."""
        if not purpose or not agent:
            raise GraceError(f"secret {name}: {act} needs an agent and a purpose")
        granted = secret is None or agent == OPERATOR or agent in secret.agents
        await self._write_down(f"secret.{act}", name, agent, purpose, "granted" if granted else "denied")
        self.count()
        if not granted:
            raise Denied(agent, f"{act} secret {name}", "it is not on the secret's list of agents")

    async def _keep(self, name: str, secret: Secret | None) -> None:
        """Write the store first: what is in memory is never ahead of what is on disk."""
        kept = {other: value for other, value in self.kept.items() if other != name}
        if secret is not None:
            kept[name] = secret
        await anyio.to_thread.run_sync(self.store.write, kept)
        self.kept = kept

    async def _write_down(self, action: str, name: str, agent: str, purpose: str, result: str) -> None:
        payload: dict[str, Any] = {"purpose": purpose}
        try:
            await self.kernel("immutable_log").append(agent, action, name, payload=payload, result=result)
        except ProviderDown:
            # No access goes unwritten: the chain in the core is there when the kernel that serves it is not.
            record = {"actor": agent, "action": action, "resource": name, "payload": payload, "result": result}
            self.context.audit.append(record)
