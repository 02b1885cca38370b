"""A third-party module is not installed: name the distribution; have it installed only where that is allowed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grace_tui.healing.repair.imports.foreign import distribution_of
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class MissingDistribution:
    """The patch changes no file: `site.asked` holds the distribution, which whoever applies it installs."""

    name: str = "missing_distribution"
    problem: str = "missing_distribution"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        root = getattr(scene.tree, "root", None)
        distribution, why = distribution_of(site.name, root if isinstance(root, Path) else None)
        if not distribution:
            return Refused(
                self.name,
                f"{site.name} is no module of this tree, and no requirement of it names a distribution that provides "
                "one; looked in pyproject.toml, setup.cfg, Pipfile and requirements files",
            )
        if not scene.allowed.install:
            return Refused(
                self.name,
                f"{site.name} is not installed; {distribution} provides it ({why}): pip install {distribution}",
            )
        summary = f"install {distribution} for {site.name}"
        return [Patch(self.name, replace(site, asked=(distribution,)), summary, (), 0.7, (why,))]
