"""A module lacks a name that it has under another one: the earlier name is kept where the thing is defined."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from grace_tui.healing.repair.diagnose.common import consumers
from grace_tui.healing.repair.imports.layout import is_test
from grace_tui.healing.repair.index import FunctionNode, Index
from grace_tui.healing.repair.members.renames import Evidence, evidence, takes, within
from grace_tui.healing.repair.members.uses import Usage, usage
from grace_tui.healing.repair.operators.additions import into_module
from grace_tui.healing.repair.operators.exports import add_export
from grace_tui.healing.repair.operators.imports import ImportPlan, add_import
from grace_tui.healing.repair.operators.renamed_member import NOTE
from grace_tui.healing.repair.operators.target import parsed, ranked
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class RenamedExport:
    name: str = "renamed_export"
    problem: str = "missing_export"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        index = scene.index
        if site.name.startswith("__"):
            return Refused(self.name, f"{site.name} is no name that a module is given by hand")
        if elsewhere := [path for path in index.exporters(site.name) if path != site.provider and not is_test(path)]:
            return Refused(self.name, f"{site.name} is not renamed: {elsewhere[0]} defines it")
        found = list(_candidates(site, scene))
        patches = [_patch(site, scene, path, new, said) for path, new, said in found]
        best = ranked([patch for patch in patches if patch is not None], rivals=True)
        return best[:3] or Refused(
            self.name, f"nothing that {site.qualname} defines shows that it was once called {site.name}"
        )


def _candidates(site: Site, scene: Scene) -> Iterator[tuple[str, str, Evidence]]:
    """(file, present name, evidence) of what the earlier name may have meant."""
    index, earlier = scene.index, site.name
    uses = list(_uses(index, earlier))
    listed = earlier in (index.outline(site.provider).exported or ())
    own = {(site.provider, name) for name, _ in index.outline(site.provider).names}
    offered = {(origin.path, origin.name) for origin in index.bindings(site.provider).values() if origin.name}
    places = own if listed else own | {place for place in offered if not is_test(place[0])}
    fitting = [(path, new) for path, new in sorted(places) if new != earlier and _fits(index, path, new, earlier, uses)]
    alone = {place: _alone(index, *place) for place in fitting}
    for path, new in fitting:
        only = [place for place in alone if alone[place]] == [(path, new)]
        said = evidence(earlier, new, alone=alone[path, new], only=only)
        if said is not None:
            more = (f"{site.qualname} still lists {earlier} in its __all__",) if listed else ()
            yield path, new, replace(said, words=(*said.words, *more))


def _alone(index: Index, path: str, name: str) -> bool:
    """Whether nobody uses it: neither by another file nor, where it is private, by several of its own."""
    files = [file for file in index.saying(rf"\b{re.escape(name)}\b") if file != path]
    return all(file.endswith("__init__.py") and name in index.bindings(file) for file in files)


def _uses(index: Index, name: str) -> Iterator[Usage]:
    """How the tree uses a name that is gone, by whatever it was reached."""
    for call in index.calls(name):
        yield usage(index, call.path, call.node.func)


def _fits(index: Index, path: str, new: str, earlier: str, uses: Sequence[Usage]) -> bool:
    if new.startswith("__"):
        return False
    found = index.find(path, new)
    if found is None:
        return earlier.isupper() == new.isupper() and not uses
    if isinstance(found.node, FunctionNode):
        called = takes(found.node, uses, in_class=False)
        return called and _is_class_name(earlier) == _is_class_name(new) and not _based_on(index, earlier)
    return not earlier.isupper() and (_is_class_name(earlier) == _is_class_name(new) or within(earlier, new))


def _is_class_name(name: str) -> bool:
    return name.lstrip("_")[:1].isupper()


def _based_on(index: Index, name: str) -> bool:
    """Whether a class of the tree inherits from that name, which then is a class."""
    return bool(index.saying(rf"\bclass\s+\w+\([^)]*\b{re.escape(name)}\b|\bexcept\b[^:\n]*\b{re.escape(name)}\b"))


def _patch(site: Site, scene: Scene, path: str, new: str, said: Evidence) -> Patch | None:
    index, earlier = scene.index, site.name
    if _rebound(index, path, new):
        return None
    failure = scene.failure
    try:
        changed = into_module(parsed(index.text(path)), f"{earlier} = {new}  # {NOTE}\n", behind=new)
        if new in (index.outline(path).exported or ()):
            changed = add_export(changed, earlier)
        edits = [FileEdit(path, index.text(path), changed.code)]
        if path != site.provider and not _stars(index, site.provider, path):
            edits.append(_reexported(site, index, path))
    except (cst.ParserSyntaxError, ValueError):
        return None
    left = consumers(failure, path) if failure is not None else site.consumers
    moved = replace(site, provider=path, consumers=tuple(each for each in left if each not in {e.path for e in edits}))
    summary = f"{index.names[path]} keeps {earlier}, the earlier name of {new}"
    return Patch("renamed_export", moved, summary, tuple(edits), said.score, said.words, ask=said.ask)


def _rebound(index: Index, path: str, name: str) -> bool:
    """Whether a function sets it anew: an alias would keep the first value."""
    return bool(re.search(rf"^\s+global\b.*\b{re.escape(name)}\b", index.text(path), re.MULTILINE))


def _stars(index: Index, package: str, path: str) -> bool:
    return any(entry.name == "*" and index.modules.get(entry.module) == path for entry in index.imports(package))


def _reexported(site: Site, index: Index, path: str) -> FileEdit:
    text = index.text(site.provider)
    plan = ImportPlan(site.name, index.names[path], site.qualname, site.provider.endswith("__init__.py"))
    return FileEdit(site.provider, text, add_export(add_import(parsed(text), plan), site.name).code)
