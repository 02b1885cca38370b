"""A file no longer parses: its text is mended by the smallest change that invents nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene
from grace_tui.healing.repair.text import ends_too_soon, mend, problem_in


@dataclass(frozen=True, slots=True)
class UnreadableSource:
    name: str = "unreadable_source"
    problem: str = "unreadable_source"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        try:
            text = scene.tree.read(site.provider)
        except FileNotFoundError:
            return Refused(self.name, f"{site.provider} is not among the files a repair may change")
        problem = problem_in(text)
        if problem is None:
            return Refused(self.name, f"{site.provider} can be read by this Python; a newer or older one refuses it")
        if ends_too_soon(text, problem):
            return Refused(
                self.name, f"{site.provider} ends in the middle of a statement; what followed is not in the tree"
            )
        found = mend(text)
        if not found:
            line = min(problem.line, text.count("\n") + 1)
            return Refused(
                self.name,
                f"{site.provider}, line {line}: {problem.words}; looked for marks of a merge, text that is no code, "
                "tabs, odd bytes, a missing colon, bracket, quote or comma",
            )
        best = [mended for mended in found if mended.sure == found[0].sure]
        return [
            Patch(
                self.name,
                site,
                f"{site.provider}: {'; '.join(mended.words)}",
                (FileEdit(site.provider, text, mended.text),),
                score=mended.sure,
                evidence=mended.words,
                ambiguous=len(best) > 1 and mended in best,
            )
            for mended in found
        ]
