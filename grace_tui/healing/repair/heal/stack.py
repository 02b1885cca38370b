"""The edits of several steps as one: what each file was for real, and what it is by now."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from grace_tui.healing.repair.patch import FileEdit, Patch
from grace_tui.healing.repair.sources import decode


class Outdated(Exception):
    """A patch was made for another text than the file has by now."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} changed while the repair was prepared")
        self.path = path


class Stack:
    def __init__(self, root: Path, edits: Mapping[str, FileEdit] | None = None) -> None:
        self.root = root
        self._edits = dict(edits or {})

    @property
    def edits(self) -> tuple[FileEdit, ...]:
        return tuple(self._edits.values())

    def text(self, path: str) -> str | None:
        """A file as it is by now; None where there is none."""
        if path in self._edits:
            return self._edits[path].after
        file = self.root / path
        return decode(file.read_bytes()) if file.is_file() else None

    def plus(self, patch: Patch) -> "Stack":
        """This stack with one more step.

        Raises:
            Outdated: the patch was not made for this.
        """
        edits = dict(self._edits)
        for edit in patch.edits:
            if self.text(edit.path) != edit.before:
                raise Outdated(edit.path)
            first = edits.get(edit.path)
            edits[edit.path] = FileEdit(edit.path, first.before if first else edit.before, edit.after)
        return Stack(self.root, {path: edit for path, edit in edits.items() if edit.before != edit.after})


def diff_of(edits: Sequence[FileEdit], patch: Patch) -> str:
    """One unified diff of all edits; `patch` is any of the steps."""
    return Patch(patch.operator, patch.site, "", tuple(edits)).diff
