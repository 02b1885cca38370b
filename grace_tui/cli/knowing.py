"""Knowledge without a room: of a tree that `heal` repaired, or of the user. Called by the `knowledge` verbs."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grace_tui.cli.exits import BAD, WRONG, Ended
from grace_tui.cli.opening import talk

if TYPE_CHECKING:
    from grace_tui.healing.repair.knowledge import Knowledge, KnownFix
    from grace_tui.healing.repair.knowledge.keys import Keys
    from grace_tui.healing.repair.knowledge.sharing import Parcel


@dataclass(frozen=True)
class Local:
    """The fixes of a tree, or of the user."""

    stores: "tuple[Knowledge, ...]"
    """The first takes in what is imported."""
    root: Path | None
    """The tree that they are for; None where they are for any."""

    def fixes(self) -> "list[KnownFix]":
        """Every fix once, that of the earlier store where two know it."""
        found: dict[str, KnownFix] = {}
        for store in self.stores:
            for fix in store.all()[0]:
                found.setdefault(fix.signature, fix)
        return list(found.values())

    def holding(self, wanted: str) -> "Knowledge":
        """The store that knows a fix; the first one, to say that there is none."""
        held = (store for store in self.stores if any(fix.signature.startswith(wanted) for fix in store.all()[0]))
        return next(held, self.stores[0])

    def told(self, wanted: str) -> "tuple[KnownFix, str]":
        """A fix in words, with whether it applies to the tree."""
        from grace_tui.healing.repair.knowledge import reader, recall, told

        fix = self.holding(wanted).named(wanted)
        return fix, told(fix, recall(fix, reader(self.root)) if self.root else None)

    def export(self, path: Path, wanted: Sequence[str]) -> tuple[int, str]:
        """Write a signed file; how many fixes are in it, and by which key."""
        from grace_tui.disk import atomic_write
        from grace_tui.healing.repair.knowledge.keys import fingerprint, public_bytes
        from grace_tui.healing.repair.knowledge.sharing import sealed

        fixes = [self.holding(name).named(name) for name in wanted] if wanted else self.fixes()
        keys = user_keys()
        try:
            atomic_write(path, sealed(fixes, keys))
        except OSError as error:
            raise Ended(f"{path}: {error.strerror or error}", WRONG) from error
        return len(fixes), fingerprint(public_bytes(keys.own()))

    def take_in(self, parcel: "Parcel", wanted: Sequence[str]) -> tuple[tuple[str, str], ...]:
        from grace_tui.healing.repair.knowledge.sharing import take_in

        return take_in(parcel, self.stores[0], wanted)

    def forget(self, wanted: str) -> "KnownFix":
        """Forget a fix wherever it is known."""
        fix = self.holding(wanted).named(wanted)
        for store in self.stores:
            store.forget(fix.signature)
        return fix


def local(root: Path | None, user: bool) -> Local | None:
    """The knowledge that the options name; None where they name none: that of the room."""
    if root is None and not user:
        return None
    if root is not None and user:
        raise Ended("say --root or --user, not both", WRONG)
    from grace_tui.healing.repair.heal import home_of
    from grace_tui.healing.repair.knowledge import Knowledge

    place = (root or Path()).resolve()
    home = home_of(place)
    if root is None:
        return Local((Knowledge(home.shared),), None)
    folders = dict.fromkeys((home.knowledge, place / ".grace" / "knowledge"))
    return Local(tuple(Knowledge(folder, place.name) for folder in folders), place)


def user_keys() -> "Keys":
    from grace_tui.healing.repair.heal import home_of
    from grace_tui.healing.repair.knowledge.keys import Keys, keys_folder

    return Keys(keys_folder(home_of(Path.cwd()).shared))


def trusted_parcel(path: Path, trust: str) -> "Parcel":
    """Read and check a signed file, and make sure that its key is trusted: remembered, named, or by a person's yes.

    Raises:
        GraceError: it was tampered with.
        Ended: its key is not trusted.
    """
    from grace_tui.healing.repair.knowledge.sharing import Untrusted, opened, read_file

    parcel = opened(read_file(path))
    talk(f"{path} is signed by {parcel.fingerprint}")
    keys = user_keys()
    if parcel.fingerprint in keys.trusted():
        return parcel
    if trust and trust != parcel.fingerprint:
        raise Ended(f"--trust {trust}: the file is signed by {parcel.fingerprint}", BAD)
    if not trust and not _agrees():
        raise Untrusted(parcel.fingerprint)
    keys.trust(parcel.fingerprint)
    return parcel


def _agrees() -> bool:
    """A person's yes; without a terminal there is nobody to ask."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print("trust this key from now on, as its exporter told it to you? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
