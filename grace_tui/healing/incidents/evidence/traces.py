"""The traceback of a bundle: every link of the chain, with several source lines round each of the project's frames.

`take` runs on the loop and keeps no live object; `render` runs in the evidence's thread.
"""

import linecache
import traceback
from dataclasses import dataclass
from pathlib import Path

from grace_tui.healing.failure import Failure, Frame
from grace_tui.healing.incidents.capture import chain_of, leaf_of, message_of, remote_of, told_by, trace_of
from grace_tui.healing.incidents.places import place, without_root
from grace_tui.kernel.errors import RemoteFailure

AROUND = 4
"""Source lines shown before and after a line of the project."""


@dataclass(frozen=True, slots=True)
class _Step:
    file: str
    shown: str
    own: bool
    function: str
    line: int
    source: tuple[str, ...]
    """Of the project's own files, as they were when it failed: a repair may change them soon."""
    first: int


@dataclass(frozen=True, slots=True)
class _Link:
    heading: str
    steps: tuple[_Step, ...]
    last: str


@dataclass(frozen=True, slots=True)
class Trace:
    links: tuple[_Link, ...]
    printed: str = ""
    """What another process printed of it."""


def take(error: BaseException, root: Path) -> Trace:
    """Everything that `render` needs of a live exception: the groups around it, its causes, itself."""
    leaf, groups = leaf_of(error)
    links = [_link(group, root, "The group around it") for group in groups]
    links += [_link(cause, root, "Before it") for cause in chain_of(leaf)]
    remote = remote_of(error)
    if remote is None:
        links.append(_link(leaf, root, "The failure" if links else ""))
        return Trace(tuple(links))
    links.append(_link(leaf, root, "How it came here from another process"))
    links.append(_told(remote, root))
    return Trace(tuple(links), without_root(remote.printed, root))


def render(trace: Trace | None, failure: Failure) -> str:
    if trace is None:
        return f"{failure.kind}: {failure.message}\nThere is no traceback.\n"
    told = [_render_link(link) for link in trace.links]
    if trace.printed:
        told.append(f"As it was printed there:\n{trace.printed}\n")
    return "\n".join(told)


def _told(remote: RemoteFailure, root: Path) -> _Link:
    """The failure in its own process, with the sources that lie in this workspace."""
    failure = told_by(remote, root)
    steps = [_step(str(root / frame.file), frame, _lines(root / frame.file)) for frame in failure.frames]
    before = "".join(f"after {kind}: {message}\n" for kind, message in failure.chain)
    return _Link("The failure, in that process", tuple(steps), f"{before}{failure.kind}: {failure.message}\n")


def _lines(path: Path) -> list[str]:
    linecache.checkcache(str(path))
    return linecache.getlines(str(path))


def _step(file: str, frame: Frame, lines: list[str]) -> _Step:
    first = max(frame.line - AROUND, 1)
    source = tuple(lines[first - 1 : frame.line + AROUND]) if frame.in_project else ()
    return _Step(file, frame.file, frame.in_project, frame.function, frame.line, source, first)


def _link(error: BaseException, root: Path, heading: str) -> _Link:
    steps = []
    for frame, line in trace_of(error):
        code = frame.f_code
        shown, own = place(code.co_filename, root)
        lines = linecache.getlines(code.co_filename, frame.f_globals) if own else []
        steps.append(_step(code.co_filename, Frame(shown, own, code.co_qualname, line), lines))
    return _Link(heading, tuple(steps), _last_lines(error, root))


def _last_lines(error: BaseException, root: Path) -> str:
    if isinstance(error, SyntaxError):
        return without_root("".join(traceback.format_exception_only(error)), root)
    notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()) if isinstance(note, str))
    return f"{type(error).__qualname__}: {message_of(error, root)}{notes}\n"


def _render_link(link: _Link) -> str:
    lines = [f"{link.heading}:\n"] if link.heading else []
    for step in link.steps:
        lines.append(f'  File "{step.shown}", line {step.line}, in {step.function}\n')
        lines += _context(step) if step.own else [f"    {linecache.getline(step.file, step.line).strip()}\n"]
    return "".join([*lines, link.last])


def _context(step: _Step) -> list[str]:
    numbered = enumerate(step.source, step.first)
    return [f"  {'>' if at == step.line else ' '} {at:5d}  {text.rstrip()}\n" for at, text in numbered]
