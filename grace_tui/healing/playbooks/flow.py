"""Where a run of a playbook may go: refuses steps that nobody reaches and ways that lead back. Pure."""

from collections.abc import Iterator, Sequence

from grace_tui.healing.playbooks.model import END, GOTO, NEXT, ON_FAILURE, Step
from grace_tui.kernel.spelling import nearest

Fault = tuple[int, str, str]
"""Number of the step from 0, the key, what is wrong with it."""


def faults(steps: Sequence[Step]) -> Iterator[Fault]:
    """Everything that is wrong with the order of steps; unknown names first, for the rest depends on them."""
    names = [step.name for step in steps]
    unknown = list(_unknown(steps, names))
    yield from unknown
    if unknown or len(set(names)) != len(names):
        return
    ways = {number: tuple(_ways(number, steps, names)) for number in range(len(steps))}
    reached = _reached(ways)
    for number, step in enumerate(steps):
        if number not in reached:
            yield number, "name", f'step "{step.name}" is never reached; no `then` or `goto:` leads to it'
    if cycle := _cycle(ways):
        way = " -> ".join(names[number] for number in cycle)
        number = cycle[-2]
        key = "then" if steps[number].then == names[cycle[-1]] else "on_failure"
        yield number, key, f"the steps lead back to where they were: {way}"


def _unknown(steps: Sequence[Step], names: Sequence[str]) -> Iterator[Fault]:
    for number, step in enumerate(steps):
        if step.then not in (NEXT, END, *names):
            yield number, "then", f'there is no step "{step.then}"; {nearest(step.then, (NEXT, END, *names))}'
        if step.on_failure.startswith(GOTO):
            target = step.on_failure.removeprefix(GOTO)
            if target not in names:
                yield number, "on_failure", f'there is no step "{target}"; {nearest(target, names)}'
        elif step.on_failure not in ON_FAILURE:
            right = nearest(step.on_failure, (*ON_FAILURE, f"{GOTO}STEP"))
            yield number, "on_failure", f'on_failure is "{step.on_failure}"; {right}'


def _ways(number: int, steps: Sequence[Step], names: Sequence[str]) -> Iterator[int]:
    """Steps that may come right after one."""
    step = steps[number]
    if step.then not in (NEXT, END):
        yield names.index(step.then)
    elif step.then == NEXT and number + 1 < len(steps):
        yield number + 1
    if step.on_failure.startswith(GOTO):
        yield names.index(step.on_failure.removeprefix(GOTO))


def _reached(ways: dict[int, tuple[int, ...]]) -> set[int]:
    found, todo = {0}, [0]
    while todo:
        fresh = [number for number in ways[todo.pop()] if number not in found]
        found.update(fresh)
        todo += fresh
    return found


def _cycle(ways: dict[int, tuple[int, ...]]) -> tuple[int, ...]:
    """A way from a step back to itself; empty where there is none."""
    done: set[int] = set()

    def walk(number: int, way: tuple[int, ...]) -> tuple[int, ...]:
        if number in way:
            return (*way[way.index(number) :], number)
        if number in done:
            return ()
        for after in ways[number]:
            if found := walk(after, (*way, number)):
                return found
        done.add(number)
        return ()

    return next((found for number in ways if (found := walk(number, ()))), ())
