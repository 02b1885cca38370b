"""Files that went in a step of history, and that a failure asks for: by the dotted name of a module, or by a path."""

import re
from collections.abc import Iterator

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.history.history import Change, Changed, Version
from grace_tui.healing.repair.history.restoring import STEPS, File, Restoration, is_test
from grace_tui.healing.repair.history.segments import cut
from grace_tui.healing.repair.history.wanted import wanted_file, wanted_modules
from grace_tui.healing.repair.index.layout import ancestors, dotted
from grace_tui.healing.repair.patch import FileEdit
from grace_tui.healing.repair.scene import Scene


def lost_files(failure: Failure, scene: Scene) -> list[Restoration]:
    """What to make again, the likeliest first."""
    found: list[Restoration] = []
    for step, change in enumerate(scene.history.changes[:STEPS]):
        gone = [changed for changed in change.files if changed.before and changed.path != changed.old_path]
        asked = _asked_for(failure, scene, gone)
        if asked:
            found += _made_again(failure, scene, change, step, asked)
        if found:
            break
    return sorted(found, key=lambda restoration: -restoration.score)


def _asked_for(failure: Failure, scene: Scene, gone: list[Changed]) -> list[Changed]:
    here = [changed for changed in gone if changed.old_path not in scene.index.names]
    path = wanted_file(failure)
    if path:
        return [changed for changed in here if path == changed.old_path or path.endswith(f"/{changed.old_path}")]
    for name in wanted_modules(failure):
        folders: set[str] = set()
        for changed in here:
            for root in ancestors(changed.old_path.rpartition("/")[0]):
                if changed.old_path.endswith(".py") and _is_within(dotted(changed.old_path, root), name):
                    folders.add("/".join(part for part in (root, name.replace(".", "/")) if part))
        own = [root for root in folders if not is_test(f"{root}.py")] or sorted(folders)
        if folders:
            chosen = min(own, key=len)
            return [changed for changed in here if _below(changed.old_path, chosen)]
    return []


def _is_within(module: str, name: str) -> bool:
    return module == name or module.startswith(f"{name}.")


def _below(path: str, module: str) -> bool:
    """The module's own file, and for a package all that was inside of it."""
    return path == f"{module}.py" or path.startswith(f"{module}/")


def _made_again(
    failure: Failure, scene: Scene, change: Change, step: int, asked: list[Changed]
) -> Iterator[Restoration]:
    versions = [changed.before for changed in asked if changed.before is not None]
    new = tuple(FileEdit(version.path, None, version.text) for version in versions)
    names = tuple(version.path for version in versions)
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    evidence = (f"{change.words}: {shown} was there before",)
    elsewhere = any(changed.moved for changed in asked) or _lives_on(scene, change, versions)
    less = 0.02 * step
    if not elsewhere:
        yield Restoration(new, 0.95 - less, f"{shown} as before {change.words}", evidence, names)
    users = tuple(_users(failure, scene, change, versions))
    if users or elsewhere:
        words = f"{shown} as before {change.words}, and the files that changed with it"
        yield Restoration((*new, *users), (0.62 if elsewhere else 0.9) - less, words, evidence, names)


def _lives_on(scene: Scene, change: Change, versions: list[Version]) -> bool:
    """Say whether what the files defined was made elsewhere by the same step: put back, it would be there twice."""
    lost = {segment.key for version in versions for segment in cut(version.text) or () if not _is_plumbing(segment.key)}
    for changed in change.files:
        if changed.path.endswith(".py") and changed.after is not None and changed.path in scene.index.names:
            before = {segment.key for segment in cut(changed.before.text) or ()} if changed.before else set()
            if lost & ({segment.key for segment in cut(scene.index.text(changed.path)) or ()} - before):
                return True
    return False


def _is_plumbing(key: str) -> bool:
    return key.startswith(("import ", "from ", "end ", "other ", "=__"))


def _users(failure: Failure, scene: Scene, change: Change, versions: list[Version]) -> Iterator[FileEdit]:
    """Sources that the same step taught to do without the files, as they were before it."""
    stems = {version.path.removesuffix("/__init__.py").rpartition("/")[2].removesuffix(".py") for version in versions}
    asking = {frame.file for frame in failure.frames if frame.in_project}
    for changed in change.files:
        path = changed.path
        if changed.before is None or changed.after is None or changed.moved or path not in scene.index.names:
            continue
        says = set(re.findall(r"\w+", changed.before.text))
        if path.endswith(".py") and path not in asking and not is_test(path) and stems & says:
            file = File(path, changed.before.text, changed.after.text, scene.index.text(path))
            text = file.whole()
            if text is not None and text != file.now_text:
                yield FileEdit(path, file.now_text, text)
