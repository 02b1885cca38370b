"""A name that a module used to offer: the statement that bound it, put back from the newest version that had it."""

from collections.abc import Iterator, Sequence
from itertools import islice

from grace_tui.healing.repair.history.history import Version
from grace_tui.healing.repair.history.merge import like, put_back
from grace_tui.healing.repair.history.restoring import Restoration
from grace_tui.healing.repair.history.segments import Segment, cut
from grace_tui.healing.repair.index import Index
from grace_tui.healing.repair.index.outline import outline
from grace_tui.healing.repair.patch import FileEdit
from grace_tui.healing.repair.scene import Scene

VERSIONS = 20
"""Versions of one file that are looked at."""


def lost_export(path: str, name: str, scene: Scene) -> list[Restoration]:
    now = scene.index.text(path)
    segments = cut(now)
    if segments is None or any(name in segment.names for segment in segments):
        return []
    for step, version in enumerate(islice(scene.history.versions(path), VERSIONS)):
        former = cut(like(version.text, now)) or []
        binding = [segment for segment in former if name in segment.names]
        binding = binding or [segment for segment in former if _star(segment, path, name, scene.index)]
        if binding:
            return list(_put_back(path, name, now, segments, former, binding, version, step))
    return []


def _put_back(
    path: str,
    name: str,
    now: str,
    segments: Sequence[Segment],
    former: Sequence[Segment],
    binding: Sequence[Segment],
    version: Version,
    step: int,
) -> Iterator[Restoration]:
    here = {segment.key: segment for segment in segments}
    keys = {segment.key for segment in binding if segment.key not in here or here[segment.key].names <= segment.names}
    if not keys:
        return
    text = put_back(segments, {}, former, {*keys, *_public_list(name, here, former)}, {})
    if text is not None and text != now:
        id_ = version.id[:10]
        words = f"{name} of {path} as it was in {id_}"
        evidence = (f"{path} offered {name} in {id_}",)
        yield Restoration((FileEdit(path, now, text),), 0.94 - 0.02 * step, words, evidence, (name,))


def _public_list(name: str, here: dict[str, Segment], former: Sequence[Segment]) -> set[str]:
    """The `__all__` too, where it lost nothing but gained nothing either since."""
    earlier = next((segment for segment in former if segment.key == "=__all__"), None)
    if earlier is None or "=__all__" not in here:
        return set()
    before, now = (set(outline(segment.text.lstrip()).exported or ()) for segment in (earlier, here["=__all__"]))
    return {"=__all__"} if name in before - now and now <= before else set()


def _star(segment: Segment, path: str, name: str, index: Index) -> bool:
    """Say whether it took the name with all others of a module of the tree."""
    if not segment.key.startswith("from ") or "*" not in segment.names:
        return False
    written = segment.key.removeprefix("from ").partition("#")[0]
    module = index.absolute(path, written.lstrip("."), len(written) - len(written.lstrip(".")))
    return name in index.public(module)
