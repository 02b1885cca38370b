"""A coroutine function that awaits nothing and nobody awaits is a plain one; what everybody awaits is not."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from grace_tui.healing.repair.members.awaiting import Use, is_idle, uses_of
from grace_tui.healing.repair.operators.target import Target, target_of
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class AsyncOrSync:
    name: str = "async_or_sync"
    problem: str = "awaiting"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        target = target_of(self.name, site, scene)
        if isinstance(target, Refused):
            return target
        uses = uses_of(scene.index, target.found)
        if isinstance(target.node, ast.AsyncFunctionDef):
            return self._plain(target, uses)
        return self._coroutine(target, uses)

    def _plain(self, target: Target, uses: Sequence[Use]) -> Sequence[Patch] | Refused:
        qualname = target.found.qualname
        if not is_idle(target.node):
            return Refused(self.name, f"{qualname} awaits something itself: it has to be a coroutine function")
        awaited = [use for use in uses if use.taken == "awaited"]
        if awaited:
            return Refused(self.name, f"{qualname} is awaited in {awaited[0].path}, line {awaited[0].line}")
        changed = target.function.with_changes(asynchronous=None)
        score = 0.8 if "coroutine" in target.site.asked else 0.5
        said = "it awaits nothing, and no call in the tree awaits it"
        return [target.patch(self.name, f"{qualname} is a plain function again", changed, score, said)]

    def _coroutine(self, target: Target, uses: Sequence[Use]) -> Sequence[Patch] | Refused:
        qualname = target.found.qualname
        otherwise = [use for use in uses if use.taken != "awaited"]
        if otherwise or not uses:
            where = f"{otherwise[0].path}, line {otherwise[0].line}" if otherwise else "anywhere"
            return Refused(self.name, f"{qualname} is not awaited in {where}")
        changed = target.function.with_changes(asynchronous=cst.Asynchronous())
        said = "every call in the tree awaits it"
        return [target.patch(self.name, f"{qualname} is a coroutine function again", changed, 0.75, said)]
