"""A remembered fix in words: when it applies, what it does, where it helped and failed, why it is trusted or not."""

import time
from collections.abc import Iterator, Mapping

from grace_tui.healing.repair.knowledge.fix import DISCOUNT, TRUSTED, KnownFile, KnownFix
from grace_tui.healing.repair.knowledge.recall import NotNow, Recalled
from grace_tui.kernel.spelling import plural


def as_view(fix: KnownFix) -> Mapping[str, object]:
    """Plain data for kernels and faces; without the texts."""
    return {
        "signature": fix.signature,
        "kernel": fix.kernel,
        "kind": fix.kind,
        "message": fix.message,
        "summary": fix.summary,
        "operator": fix.operator,
        "provider": fix.site.provider,
        "files": [file.path for file in fix.files],
        "anchors": [f"{file.path}: {anchor.path}" for file in fix.files for anchor in file.anchors],
        "successes": fix.successes,
        "failures": fix.failures,
        "confidence": round(fix.confidence, 4),
        "learned_at": fix.learned_at,
        "last_used": fix.last_used,
        "trusted": fix.trusted,
        "expired": fix.expired,
        "imported_from": fix.imported_from,
        "proven_here": fix.proven_here,
        "diff": fix.diff,
    }


def told(fix: KnownFix, now: Recalled | NotNow | None = None) -> str:
    """All that is known of it; `now` is how it stands to the tree at this moment, where there is one."""
    parts = [
        (fix.signature, [fix.summary]),
        ("when it applies", [*_when(fix), *_standing(fix, now)]),
        ("what it does", [f"operator {fix.operator} on {fix.site.provider or fix.files[0].path}", *_does(fix)]),
        ("how it went", list(_went(fix))),
        ("trust", [why_trusted(fix)]),
        ("the diff it was proven with", fix.diff.splitlines()),
    ]
    blocks = ["\n".join([title, *(f"  {line}" for line in lines)]) for title, lines in parts if lines]
    return "\n\n".join(blocks)


def why_trusted(fix: KnownFix) -> str:
    """Whether it is replayed without analysis, and why."""
    counted = f"confidence {fix.confidence:.2f}: it helped {_times(fix.successes)} and failed {_times(fix.failures)}"
    if fix.imported_from:
        helped, failed = fix.imported_by
        counted += f" here; {helped} and {failed} elsewhere, of which each counts {DISCOUNT:g}"
    if fix.expired:
        return f"expired: {fix.expired}; it is used again if that comes back ({counted})"
    if fix.demoted:
        return f"not trusted: its last use failed; it has to be proven anew ({counted})"
    if fix.confidence <= TRUSTED:
        return f"not trusted: {counted}; more than {TRUSTED:g} is needed"
    first = "" if fix.proven_here else "; on this machine it has to pass every gate first"
    return f"trusted: {counted}{first}"


def _when(fix: KnownFix) -> Iterator[str]:
    said = f": {fix.message.strip().splitlines()[0]}" if fix.message.strip() else ""
    yield f"{fix.kind}{said}"
    if fix.kernel:
        yield f"seen in {fix.kernel}"
    for file in fix.files:
        yield from _file_when(file)


def _file_when(file: KnownFile) -> Iterator[str]:
    if not file.before:
        yield f"{file.path} does not exist"
    elif not file.anchors:
        yield f"{file.path} is the very text it was proven on ({file.before[:12]})"
    for anchor in file.anchors:
        if anchor.before:
            yield f"{file.path}: {anchor.path} says what it said then ({anchor.before})"
        elif anchor.owner:
            yield f"{file.path} has class {anchor.owner}, without {anchor.path}"
    if file.needs:
        yield f"{file.path} binds {', '.join(file.needs)}"


def _does(fix: KnownFix) -> Iterator[str]:
    for file in fix.files:
        if not file.before:
            yield f"makes {file.path}"
        elif not file.anchors:
            yield f"changes {file.path}"
        for anchor in file.anchors:
            act = "changes" if anchor.before and anchor.after else "adds" if anchor.after else "takes out"
            yield f"{act} {anchor.path} in {file.path}"
    yield from (f"because {reason}" for reason in fix.evidence)


def _standing(fix: KnownFix, now: Recalled | NotNow | None) -> Iterator[str]:
    if isinstance(now, NotNow):
        yield f"now: it does not apply, {now.reason}"
    elif isinstance(now, Recalled):
        same = "on the text it was proven on" if now.exact else "and passes every gate again first"
        yield f"now: it would apply, {same}" if fix.trusted else "now: it would fit, but is not trusted"


def _went(fix: KnownFix) -> Iterator[str]:
    where = " on ".join(part for part in (fix.learned_in, fix.learned_on) if part)
    yield f"learned {_date(fix.learned_at)}{f' in {where}' if where else ''}"
    if fix.imported_from:
        yield f"imported; signed by {fix.imported_from}"
    for outcome in fix.outcomes:
        place = f" by {outcome.where}" if outcome.where else ""
        detail = f": {outcome.detail}" if outcome.detail else ""
        yield f"{_date(outcome.at)} {'helped' if outcome.success else 'failed'}{place}{detail}"


def _times(count: int) -> str:
    return plural(count, "time")


def _date(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
