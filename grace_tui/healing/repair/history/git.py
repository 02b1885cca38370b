"""The history that git keeps of a tree: the files as they are against the last commit, and the last commits.

Reads only, and runs nothing of the repository's own: no hooks, filters, text conversion or monitor, and nothing is
fetched. What is not committed is found by hashing the files here, because git would pass them through the
repository's filters.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import islice
from pathlib import Path

from grace_tui.healing.repair.history.history import Change, Changed, Version
from grace_tui.healing.repair.history.kinship import pair_moved
from grace_tui.healing.repair.history.recent import Recent
from grace_tui.healing.repair.sources import decode

SECONDS = 5.0
"""Longest that one question to git may take."""
COMMITS = 30
"""How many steps back the newest changes go; a file's own versions are followed further."""
_SAFE = ("-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "-c", "protocol.allow=never")
_LOG = ("log", "--format=%x01%H %P %ct", "--raw", "--no-abbrev", "-z", "-M", "-m", "--relative", "--no-textconv")


class GitHistory(Recent):
    """Of the repository that holds `root`; `root` may be a folder inside it. `files` are the sources as they are."""

    def __init__(self, root: Path, files: Sequence[str]) -> None:
        self.root, self.files = root, files
        self._texts: dict[str, str] = {}

    @property
    def known(self) -> bool:
        """True where the last commit has sources of this tree."""
        return any(path.endswith(".py") for path in self._committed)

    @cached_property
    def changes(self) -> Sequence[Change]:
        now = self._uncommitted()
        commits = self._log("-n", str(COMMITS), "--first-parent", "HEAD", "--", ".")
        return [*([now] if now.files else []), *commits]

    def older(self, path: str, known: int) -> Iterator[Version]:
        if len(self.changes) >= COMMITS:
            commits = self._log("-n", str(COMMITS), "--follow", "HEAD", "--", path)
            told = (changed.before for change in commits for changed in change.files if changed.before is not None)
            yield from islice(told, known, None)

    def naming(self, last: str) -> Sequence[Change]:
        if len(self.changes) < COMMITS:
            return ()
        return self._log("-n", "5", "-G", rf"(def|class) +{last}\>", "HEAD", "--", "*.py")

    def prefetch(self, versions: Sequence[Version]) -> None:
        wanted = [version.key for version in versions if version.key and version.key not in self._texts]
        names = "".join(f"{blob}\n" for blob in wanted)
        told = self._ask("cat-file", "--batch", given=names.encode()) if wanted else b""
        at = 0
        for blob in wanted:
            end = told.find(b"\n", at)
            head = told[at:end].split() if end >= 0 else []
            if len(head) != 3:
                break
            size = int(head[2])
            self._texts[blob] = decode(told[end + 1 : end + 1 + size])
            at = end + 2 + size

    # ---- the newest changes

    def _uncommitted(self) -> Change:
        head, at = self._head
        befores = {path: self._version(head, at, path, blob) for path, blob in self._committed.items()}
        gone = {path: before for path, before in befores.items() if not (self.root / path).is_file()}
        stayed = [path for path in befores if path.endswith(".py") and path not in gone]
        data = {path: (self.root / path).read_bytes() for path in {*stayed, *self.files}}
        made = {path: decode(found) for path, found in data.items() if path not in befores}
        lost = [before for path, before in gone.items() if path.endswith(".py")]
        self.prefetch(lost)
        moved = pair_moved({before.path: before.text for before in lost}, made)
        changed = [
            Changed(befores[path], _written(path, data[path]))
            for path in stayed
            if not _same(data[path], self._committed[path])
        ]
        changed += [Changed(befores.get(moved.get(path, "")), _written(path, data[path])) for path in made]
        changed += [Changed(before, None) for path, before in gone.items() if path not in moved.values()]
        return Change(head, at, f"what changed since commit {head[:10]}", tuple(changed))

    def _log(self, *words: str) -> list[Change]:
        found: list[tuple[list[str], list[Changed]]] = []
        parts = iter(self._ask(*_LOG, *words).decode("utf-8", "surrogateescape").split("\0"))
        for part in (entry.lstrip("\n") for entry in parts):
            if part.startswith("\x01"):
                found.append((part[1:].split(), []))
            elif part.startswith(":") and found:
                _, _, old, new, status = part.split()
                old_path = next(parts)
                new_path = next(parts) if status[0] in "RC" else old_path
                commit = found[-1][0]
                before, at = (commit[1] if len(commit) > 2 else ""), float(commit[-1])
                found[-1][1].append(
                    Changed(
                        self._version(before, at, old_path, old) if set(old) != {"0"} and status[0] != "C" else None,
                        self._version(commit[0], at, new_path, new) if set(new) != {"0"} else None,
                    )
                )
        return [
            Change(commit[1] if len(commit) > 2 else "", float(commit[-1]), f"commit {commit[0][:10]}", tuple(files))
            for commit, files in found
        ]

    # ---- git

    @cached_property
    def _head(self) -> tuple[str, float]:
        told = self._ask("log", "-1", "--format=%H %ct").decode().split()
        return (told[0], float(told[1])) if len(told) == 2 else ("", 0.0)

    @cached_property
    def _committed(self) -> Mapping[str, str]:
        """File of the last commit -> its blob; links and submodules are left out."""
        found: dict[str, str] = {}
        for entry in self._ask("ls-tree", "-r", "-z", "HEAD").split(b"\0"):
            head, _, name = entry.partition(b"\t")
            words = head.split()
            if len(words) == 3 and words[1] == b"blob" and words[0] != b"120000":
                found[name.decode("utf-8", "surrogateescape")] = words[2].decode()
        return found

    def _version(self, commit: str, at: float, path: str, blob: str) -> Version:
        return Version(commit, at, path, partial(self._read, blob), blob)

    def _read(self, blob: str) -> str:
        if blob not in self._texts:
            self._texts[blob] = decode(self._ask("cat-file", "blob", blob))
        return self._texts[blob]

    def _ask(self, *words: str, given: bytes = b"") -> bytes:
        """What git answers; nothing where it fails or takes too long."""
        program = shutil.which("git")
        if program is None:
            return b""
        own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        quiet = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
        try:
            done = subprocess.run(
                [program, *_SAFE, "--no-pager", *words],
                cwd=self.root,
                env={**own, **quiet},
                input=given,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except (subprocess.TimeoutExpired, OSError):
            return b""
        return done.stdout if done.returncode == 0 else b""


def _written(path: str, data: bytes) -> Version:
    """A file as it is now."""
    return Version("", 0.0, path, lambda: decode(data))


def _same(data: bytes, blob: str) -> bool:
    """Say whether a file is what was committed, also where git wrote it with other line ends."""
    return blob in (_name(data, blob), _name(data.replace(b"\r\n", b"\n"), blob))


def _name(data: bytes, like: str) -> str:
    hasher = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return hasher(b"blob %d\0" % len(data) + data).hexdigest()
