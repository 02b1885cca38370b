"""Who needs whom: the graph of `requires` over all children, and what restarts and stops in which order. Pure."""

from collections.abc import Iterable, Mapping

import msgspec

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.spec import KernelSpec
from grace_tui.runtime.supervisor.child import Child

Family = Mapping[str, Child]
UP = frozenset({"running", "paused"})
LAST_TIER = 3


class RequiresCycle(GraceError):
    """Kernels require one another in a circle, so that none of them could ever start."""

    def __init__(self, kernels: tuple[str, ...]) -> None:
        super().__init__(f"kernels require one another in a circle: {' -> '.join(kernels)}")
        self.kernels = kernels


class UnusableSpec(GraceError):
    """A spec has something of the wrong kind in it, such as one name where a tuple of names belongs."""

    def __init__(self, kernel: str, reason: str) -> None:
        super().__init__(f"the spec of {kernel} cannot be used: {reason}")
        self.kernel, self.reason = kernel, reason


class UnknownNeed(GraceError):
    """A spec says something about a kernel that it does not require."""

    def __init__(self, kernel: str, field: str, name: str) -> None:
        super().__init__(f"the spec of {kernel} has {name!r} in `{field}`; expected a kernel in its `requires`")
        self.kernel, self.field, self.name = kernel, field, name


def check_spec(kernel: str, spec: KernelSpec) -> None:
    """
    Raises:
        UnusableSpec: a field is not what it should be.
        UnknownNeed: `follows` or `conditions` names a kernel that is not required.
    """
    if not isinstance(spec, KernelSpec):
        raise UnusableSpec(kernel, f"expected a KernelSpec, got {type(spec).__name__}")
    try:
        msgspec.convert(msgspec.to_builtins(spec), KernelSpec)
    except (msgspec.ValidationError, TypeError) as error:
        raise UnusableSpec(kernel, str(error)) from None
    if not 0 <= spec.tier <= LAST_TIER:
        raise UnusableSpec(kernel, f"tier is {spec.tier}; expected a whole number from 0 to {LAST_TIER}")
    for field, names in (("follows", spec.follows), ("conditions", tuple(spec.conditions))):
        for name in names:
            if name not in spec.requires:
                raise UnknownNeed(kernel, field, name)


def is_met(spec: KernelSpec, provider: Child | None, name: str) -> bool:
    """Whether what a kernel asks of the one it requires under `name` is so at this moment."""
    condition = spec.conditions.get(name, "ready")
    if provider is not None and provider.state == "completed":
        return condition != "ready"
    if provider is None or provider.is_changing or condition == "completed":
        return False
    if condition == "started":
        return provider.scope is not None
    return provider.state in UP


def cycle_through(name: str, family: Family) -> tuple[str, ...]:
    """A circle of `requires` that `name` is part of, beginning and ending with it; empty where there is none."""
    ways: list[tuple[str, ...]] = [(name,)]
    seen = set[str]()
    while ways:
        way = ways.pop()
        for provider in requires(way[-1], family):
            if provider == name:
                return (*way, name)
            if provider not in seen:
                seen.add(provider)
                ways.append((*way, provider))
    return ()


def requires(name: str, family: Family) -> tuple[str, ...]:
    child = family.get(name)
    return child.spec.requires if child else ()


def dependents(names: Iterable[str], family: Family) -> set[str]:
    """All that require one of `names`, directly or through others."""
    found = set(names)
    given = frozenset(found)
    while more := {child.name for child in family.values() if not found.isdisjoint(child.spec.requires)} - found:
        found |= more
    return found - given


def providers(name: str, family: Family) -> set[str]:
    """All that `name` requires, directly or through others."""
    found, left = set[str](), [name]
    while left:
        more = set(requires(left.pop(), family)) - found
        found |= more
        left.extend(more)
    return found


def restarts_with(child: Child, family: Family, *, strategy: bool) -> set[str]:
    """Who restarts when `child` does: by its strategy, where that is asked, and by who `follows` any of them."""
    group = {child.name}
    if strategy and child.spec.strategy != "one_for_one":
        group |= dependents(group, family)
        if child.spec.strategy == "one_for_all":
            group |= providers(child.name, family)
    while more := {other.name for other in family.values() if not group.isdisjoint(other.spec.follows)} - group:
        group |= more
    return group - {child.name}


def waves(names: Iterable[str], family: Family) -> list[list[str]]:
    """The order in which to end kernels: each wave after all that depend on it; in a circle, somewhere."""
    left = set(names)
    found = []
    while left:
        needed = set().union(*(providers(name, family) for name in left))
        wave = sorted(left - needed) or sorted(left)
        found.append(wave)
        left.difference_update(wave)
    return found
