"""Keys of a live failure that cost microseconds: by them a storm is counted without a closer look. Pure.

Nothing here raises, whatever the exception is: a part that cannot be seen makes the key None, and a closer look is due.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.capture import MESSAGE_LIMIT, chain_of, leaf_of, remote_of, text_of, trace_of
from grace_tui.kernel.errors import RemoteFailure
from grace_tui.kernel.events import KernelFailed


@dataclass(frozen=True, slots=True)
class Keys:
    exact: int | None
    """Equal where the signatures are equal; None where they depend on more than type, text and functions."""
    rough: int
    """Equal where type and functions are, whatever the texts say."""


def keys_of(failed: KernelFailed) -> Keys:
    """Hashes, as the texts themselves may be long and many."""
    leaf, groups = leaf_of(failed.error)
    remote = remote_of(failed.error)
    codes = tuple((frame.f_code.co_filename, frame.f_code.co_qualname) for frame, _ in trace_of(leaf))
    place = (failed.kernel, type(leaf).__name__, codes)
    if remote is not None:
        told, where = _told(remote)
        rough = hash((*place, remote.kind, where))
        return Keys(None if told is None else hash((*place, failed.phase, told)), rough)
    if groups or issubclass(type(leaf), SyntaxError):
        return Keys(None, hash(place))
    chain = tuple((type(link).__name__, _short(text_of(link))) for link in chain_of(leaf))
    return Keys(hash((*place, failed.phase, _short(text_of(leaf)), chain)), hash(place))


def keys_of_report(failure: Failure) -> Keys:
    """Of what no exception announced: its kind and its words."""
    place = (failure.kernel, failure.phase, failure.kind)
    return Keys(hash((*place, failure.message)), hash(place))


def _told(remote: RemoteFailure) -> tuple[Hashable, Hashable]:
    """What another process told: as a whole, and only where it was; None where it cannot be compared."""
    if remote.described is None:
        return (remote.kind, _short(text_of(remote)), hash(remote.printed)), None
    try:
        described = remote.described
        frames = tuple((frame["file"], frame["function"]) for frame in _mappings(described["frames"]))
        chain = tuple(map(tuple, described.get("chain", ())))  # type: ignore[call-overload]
        told = (described["kind"], _short(str(described["message"])), chain, frames)
        hash(told)
    except (KeyError, TypeError, ValueError):  # not as our own library describes one
        return None, None
    return told, frames


def _mappings(found: object) -> Sequence[Mapping[str, object]]:
    if not isinstance(found, list | tuple) or not all(isinstance(each, Mapping) for each in found):
        raise TypeError("frames are a list of mappings")
    return found


def _short(text: str) -> str:
    """As much of a text as a signature sees."""
    return text[:MESSAGE_LIMIT]
