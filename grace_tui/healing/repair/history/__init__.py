"""What the sources were before: from git, or from the room's own snapshots."""

from pathlib import Path

from grace_tui.healing.repair.history.git import GitHistory
from grace_tui.healing.repair.history.history import Change, Changed, History, NoHistory, Place, Version
from grace_tui.healing.repair.history.snapshots import SnapshotHistory
from grace_tui.healing.repair.tree import FileTree

__all__ = [
    "Change",
    "Changed",
    "GitHistory",
    "History",
    "NoHistory",
    "Place",
    "SnapshotHistory",
    "Version",
    "history_of",
]


def history_of(root: Path) -> History:
    """The history of a tree: git where it knows the tree, else the snapshots of a workspace, else none."""
    root = root.resolve()
    files = FileTree(root).files
    git = GitHistory(root, files)
    if git.known:
        return git
    folder = root / ".grace" / "snapshots"
    return SnapshotHistory(root, folder, files) if folder.is_dir() else NoHistory()
