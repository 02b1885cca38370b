"""Where a workspace keeps things, and how one is found and made.

Owns the names of the folders; called by the command line, the room and the drill. Nothing is created but by `prepare`
and `make_workspace`, and neither is ever called for the current folder unasked.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grace_tui
from grace_tui.kernel.errors import GraceError
from grace_tui.settings import SettingsError, load_settings, settings_template

COPIED = ("themes", "tests/kernels", "kernels")
"""What a new workspace is made of. `kernels` comes last: with it the folder becomes a workspace."""
PYTEST_INI = """\
[pytest]
testpaths = tests
addopts = -q --import-mode=importlib
pythonpath = .
anyio_mode = auto
"""


class WorkspaceError(GraceError):
    """A folder cannot be used, or made, as a workspace."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path, self.problem = path, problem


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder with `kernels/`. Its properties are names; `prepare` makes what the room needs."""

    root: Path

    @property
    def kernels(self) -> Path:
        return self.root / "kernels"

    @property
    def themes(self) -> Path:
        return self.root / "themes"

    @property
    def kernel_tests(self) -> Path:
        """Tests of the kernels: the test gate of a repair."""
        return self.root / "tests" / "kernels"

    @property
    def settings_file(self) -> Path:
        return self.root / "grace.toml"

    @property
    def state(self) -> Path:
        return self.root / ".grace"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def room_log(self) -> Path:
        """What a detached room prints."""
        return self.logs / "room.log"

    @property
    def socket(self) -> Path:
        """Where the room listens. The path may be longer than a socket's name can be: see `faces.remote.address`."""
        return self.state / "socket"

    @property
    def exists(self) -> bool:
        return self.kernels.is_dir()

    def prepare(self) -> None:
        """Make the state folder, for this user only, and the log folder.

        Raises:
            WorkspaceError: one of them cannot be made, or belongs to somebody else.
        """
        private_folder(self.state)
        with told(self.logs):
            self.logs.mkdir(parents=True, exist_ok=True)


def find_workspace(start: Path | None = None) -> Workspace | None:
    """Return the workspace that `start` (else the current folder) is; parents are not searched."""
    found = Workspace((start or Path.cwd()).resolve())
    return found if found.exists else None


def default_workspace() -> Workspace:
    """Return the workspace used where the current folder is none; it may not have been made yet."""
    home = os.environ.get("XDG_DATA_HOME", "")
    # The XDG rules: a relative path is to be ignored.
    data = Path(home) if os.path.isabs(home) else Path.home() / ".local" / "share"
    return Workspace(data / "grace-tui" / "default")


def shipped() -> Path:
    """Return the folder with the shipped `kernels/`, `themes/` and `tests/kernels/`."""
    package = Path(grace_tui.__file__).resolve().parent
    for folder in (package / "shipped", package.parent):
        if (folder / "kernels").is_dir():
            return folder
    raise WorkspaceError(package, "this installation has no kernels; install grace-tui again")


def make_workspace(folder: Path, *, settings: str | None = None, bare: bool = False) -> Workspace:
    """Make a workspace of `folder` from what is shipped: whole, or not at all.

    `settings` is the text of its grace.toml, else that shows every setting; a `bare` one has no kernel.

    Raises:
        WorkspaceError: the folder is a workspace already, has something in the way, or cannot be written; or the
            settings cannot be used.
    """
    workspace = Workspace(folder.absolute())
    _refuse_overwriting(workspace.root)
    if settings is not None and workspace.settings_file.exists():
        raise WorkspaceError(workspace.root, "has grace.toml already; name another folder")
    with told(workspace.root):
        workspace.root.parent.mkdir(parents=True, exist_ok=True)
        with _building_beside(workspace.root) as built:
            _copy_shipped(built, bare)
            _write_settings(built, settings)
            if workspace.root.exists():
                _move_into(built, workspace.root)
            else:
                built.chmod(0o755)
                built.rename(workspace.root)
    return workspace


def private_folder(folder: Path) -> None:
    """Make `folder` with mode 0700, or take group's and others' rights away from it.

    Raises:
        WorkspaceError: it is a link, no folder, or not this user's, so what lies in it could be somebody else's.
    """
    with told(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise WorkspaceError(folder, "is a link; it must be a folder of its own")
        if found.st_uid != os.getuid():
            raise WorkspaceError(folder, f"belongs to user {found.st_uid}; it must belong to you ({os.getuid()})")
        if stat.S_IMODE(found.st_mode) != 0o700:
            folder.chmod(0o700)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn an operating system's error into one that names the place."""
    try:
        yield
    except OSError as error:
        raise WorkspaceError(Path(error.filename or path), (error.strerror or str(error)).lower()) from error


def _refuse_overwriting(root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise WorkspaceError(root, "is a file; name a folder")
    if (root / "kernels").exists():
        raise WorkspaceError(root, "has kernels/ already; name another folder, or open it with `grace-tui`")
    for name in COPIED:
        if (root / name).exists():
            raise WorkspaceError(root, f"has {name}/ already, which a new workspace would bring; name another folder")


@contextmanager
def _building_beside(root: Path) -> Iterator[Path]:
    try:
        built = Path(tempfile.mkdtemp(prefix=".grace-new-", dir=root.parent))
    except OSError as error:
        raise WorkspaceError(root, f"cannot be made: {(error.strerror or str(error)).lower()}") from error
    try:
        yield built
    finally:
        shutil.rmtree(built, ignore_errors=True)


def _copy_shipped(target: Path, bare: bool) -> None:
    source = shipped()
    for name in ("themes",) if bare else COPIED:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*"))
    (target / "kernels").mkdir(exist_ok=True)
    if not bare:
        (target / "pytest.ini").write_text(PYTEST_INI, encoding="utf-8")
    _expect_kernels(target)


def _write_settings(target: Path, text: str | None) -> None:
    """Write grace.toml, and read it as the room will."""
    file = target / "grace.toml"
    file.write_text(settings_template() if text is None else text, encoding="utf-8")
    try:
        load_settings(file)
    except SettingsError as error:
        said = text.splitlines()[error.line - 1] if text and error.line else ""
        raise WorkspaceError(Path(file.name), f"would not be usable: {error.problem} (in the line: {said})") from error


def _expect_kernels(target: Path) -> None:
    """Say which kernels there are from the first day, so that a missing file is noticed before it ever ran."""
    import json

    private_folder(target / ".grace")
    names = kernel_names(target)
    (target / ".grace" / "kernels.json").write_text(json.dumps(names), encoding="utf-8")


def kernel_names(root: Path | None = None) -> list[str]:
    """The kernels in a folder's `kernels/`; without one, those that a new workspace has."""
    return sorted(
        entry.name.removesuffix(".py") for entry in ((root or shipped()) / "kernels").iterdir() if _is_kernel(entry)
    )


def _is_kernel(entry: Path) -> bool:
    if entry.is_dir():
        source = entry / "__init__.py"
        return source.is_file() and "(Kernel)" in source.read_text(encoding="utf-8")
    return entry.suffix == ".py" and not entry.name.startswith("_")


def _move_into(built: Path, root: Path) -> None:
    """Move what was built into a folder that is there; where that fails halfway, take it all back."""
    moved: list[str] = []
    made: list[Path] = []
    try:
        for name in (".grace", "grace.toml", "pytest.ini", *COPIED):
            if (built / name).exists() and not (root / name).exists():
                if not (root / name).parent.exists():
                    (root / name).parent.mkdir()
                    made.append((root / name).parent)
                (built / name).rename(root / name)
                moved.append(name)
    except OSError:
        for name in moved:
            (root / name).rename(built / name)
        for folder in reversed(made):
            folder.rmdir()
        raise
