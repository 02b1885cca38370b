"""A class or its instances lack an attribute that was renamed: the earlier name is kept beside the new one."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import libcst as cst

from grace_tui.healing.repair.diagnose.common import consumers
from grace_tui.healing.repair.index import Found, Index
from grace_tui.healing.repair.members.classes import Member, classes_of, heirs, is_frozen, is_record, members_of, own
from grace_tui.healing.repair.members.renames import Evidence, evidence, orphaned, takes
from grace_tui.healing.repair.members.uses import Usage, uses_of_attribute
from grace_tui.healing.repair.operators.additions import into_class
from grace_tui.healing.repair.operators.target import parsed, ranked
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene

NOTE = "kept for callers of the earlier name"


@dataclass(frozen=True, slots=True)
class RenamedMember:
    name: str = "renamed_member"
    problem: str = "missing_attribute"
    overriding: bool = False
    """A base has the name, and leaves it to its heirs: the earlier name is looked for in front of that base."""

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        index = scene.index
        asked = _Asked(site, scene, self.overriding)
        found = list(asked.candidates())
        if not found:
            return Refused(
                self.name,
                f"{site.qualname} lacks {site.name}, and none of its members shows that it was once called so",
            )
        patches = [_patch(self.name, site, scene, index, member, said, asked) for member, said in found]
        best = ranked([patch for patch in patches if patch is not None], rivals=True)
        return best[:3] or Refused(self.name, f"{site.qualname} has no body that an alias could be put into")


@dataclass(frozen=True)
class _Asked:
    site: Site
    scene: Scene
    overriding: bool = False

    @property
    def of_class(self) -> bool:
        """The class itself was asked, not an instance."""
        return "class" in self.site.asked

    @property
    def classes(self) -> list[Found]:
        failure = self.scene.failure
        found = classes_of(failure, self.scene.index, self.site.qualname) if failure is not None else ()
        if not found:
            named = self.scene.index.find(self.site.provider, self.site.qualname)
            found = self.scene.index.ancestors(named) if named is not None else ()
        if self.overriding:
            name, index = self.site.name, self.scene.index
            found = tuple(takewhile(lambda owner: name not in index.attributes(owner), found))
        return own(found)

    def uses(self) -> list[Usage]:
        """How the innermost line that names it uses it: others may mean a namesake. Without any, how the tree does."""
        every = uses_of_attribute(self.scene.index, self.site.name)
        frames = self.scene.failure.frames if self.scene.failure is not None else ()
        used = ([use for use in every if (use.path, use.line) == (frame.file, frame.line)] for frame in frames[::-1])
        return next(filter(None, used), every)

    def candidates(self) -> Iterator[tuple[Member, Evidence]]:
        index, earlier = self.scene.index, self.site.name
        uses = self.uses()
        every: dict[str, Member] = {}
        for owner in self.classes:
            for member in members_of(index, owner):
                if member.name not in every or member.kind in ("method", "property"):
                    every[member.name] = member  # the outermost base that has it: its other heirs need the name too
        if earlier in every:
            return
        fitting = [member for member in every.values() if self._fits(member, uses)]
        alone = {member.name: orphaned(index, member.name, member.owner.path) for member in fitting}
        for member in fitting:
            only = [name for name in alone if alone[name]] == [member.name]
            said = evidence(earlier, member.name, alone=alone[member.name], only=only)
            if said is not None:
                yield member, said

    def _fits(self, member: Member, uses: Sequence[Usage]) -> bool:
        special = member.name.startswith("__") and member.name.endswith("__")
        if special or (self.of_class and member.kind in ("instance attribute", "field")):
            return False
        called = [use for use in uses if use.how == "called"]
        set_ = any(use.how == "set" for use in uses)
        if member.function is not None and member.kind == "method":
            others = any(use.how == "value" for use in uses)
            return not set_ and not others and takes(member.function, called, in_class=True)
        if member.kind == "property":
            return not called and (not set_ or "setter" in ast.dump(member.node))
        return not called or member.kind == "class" or len(called) < len(uses)


def _patch(
    name: str, site: Site, scene: Scene, index: Index, member: Member, said: Evidence, asked: _Asked
) -> Patch | None:
    path, earlier = member.owner.path, site.name
    failure = scene.failure
    left = consumers(failure, path) if failure is not None else tuple(each for each in site.consumers if each != path)
    moved = replace(site, provider=path, consumers=left)
    try:
        changed = into_class(
            parsed(index.text(path)),
            member.owner.qualname,
            _alias(index, member, earlier, of_class=asked.of_class),
            behind=_last_binding(member),
            apart=_is_definition(index, member, of_class=asked.of_class),
        )
    except (cst.ParserSyntaxError, LookupError):
        return None
    summary = f"{member.owner.qualname} keeps {earlier}, the earlier name of {member.name}"
    edit = FileEdit(path, index.text(path), changed.code)
    return Patch(name, moved, summary, (edit,), said.score, said.words, ask=said.ask)


def _last_binding(member: Member) -> str:
    """Behind what the alias stands: the member; for an attribute that methods set, behind `__init__`."""
    return "__init__" if member.kind == "instance attribute" else member.name


def _is_definition(index: Index, member: Member, *, of_class: bool) -> bool:
    return not _alias(index, member, "x", of_class=of_class).startswith("x = ") or member.kind in (
        "method",
        "property",
        "class",
    )


def _alias(index: Index, member: Member, earlier: str, *, of_class: bool) -> str:
    new = member.name
    plain = f"{earlier} = {new}  # {NOTE}\n"
    overridden = any(new in index.attributes(heir) for heir in heirs(index, member.owner))
    if member.kind == "method" and overridden:
        return _forwarding(member, earlier)
    if member.kind in ("method", "class"):
        return plain
    if member.kind == "property":
        return _property(new, earlier, setter=False) if overridden else plain
    if member.kind == "class attribute" and not overridden:
        fixed = not any(use.how == "set" for use in uses_of_attribute(index, new))
        if fixed or of_class:
            return plain
    if member.kind == "field" and not is_record(member.owner) and getattr(member.node, "value", None) is not None:
        fixed = not any(use.how == "set" for use in uses_of_attribute(index, new))
        return plain if fixed else _property(new, earlier, setter=True)
    return _property(new, earlier, setter=not is_frozen(member.owner))


def _forwarding(member: Member, earlier: str) -> str:
    node, new = member.function, member.name
    assert node is not None
    marks = {ast.unparse(mark) for mark in node.decorator_list}
    if "staticmethod" in marks:
        call = f"{member.owner.node.name}.{new}(*args, **kwargs)"
        return f"@staticmethod\ndef {earlier}(*args, **kwargs):  # {NOTE}\n    return {call}\n"
    first = "cls" if "classmethod" in marks else "self"
    mark = "@classmethod\n" if first == "cls" else ""
    return f"{mark}def {earlier}({first}, *args, **kwargs):  # {NOTE}\n    return {first}.{new}(*args, **kwargs)\n"


def _property(new: str, earlier: str, *, setter: bool) -> str:
    text = f"@property\ndef {earlier}(self):  # {NOTE}\n    return self.{new}\n"
    if setter:
        text += f"\n@{earlier}.setter\ndef {earlier}(self, value):\n    self.{new} = value\n"
    return text
