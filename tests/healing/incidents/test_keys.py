"""Cheap keys: equal where signatures are, and never a reason to raise."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from grace_tui.healing.incidents.capture import capture
from grace_tui.healing.incidents.codec import to_plain
from grace_tui.healing.incidents.keys import Keys, keys_of
from grace_tui.healing.incidents.signature import sign
from grace_tui.kernel.errors import RemoteFailure
from grace_tui.kernel.events import KernelFailed
from tests.healing.incidents.workshop import failed, raised, story

ROOT = Path("/nowhere")


def _raise(text: str) -> BaseException:
    def act() -> None:
        raise ValueError(text)

    return raised(act)


def _remote(error: BaseException, root: Path) -> RemoteFailure:
    described = to_plain(capture(error, kernel="x", phase="run", root=root, at=1.0))
    return RemoteFailure(type(error).__name__, str(error), described=described)


def test_the_same_failure_has_the_same_keys(tmp_path: Path) -> None:
    assert keys_of(failed(story(tmp_path))) == keys_of(failed(story(tmp_path)))


def test_another_text_has_another_exact_key_and_the_same_rough_one() -> None:
    one, two = keys_of(failed(_raise("one"))), keys_of(failed(_raise("two")))
    assert one.exact != two.exact
    assert one.rough == two.rough


@given(st.text(max_size=50), st.text(max_size=50))
def test_equal_exact_keys_mean_equal_signatures(left: str, right: str) -> None:
    events = [failed(_raise(text)) for text in (left, right)]
    if keys_of(events[0]).exact == keys_of(events[1]).exact:
        assert _signed(events[0]) == _signed(events[1])


def _signed(event: KernelFailed) -> str:
    return sign(capture(event.error, kernel=event.kernel, phase=event.phase, root=ROOT, at=event.at)).strict


def test_what_another_process_described_is_told_apart_by_its_text_and_functions(tmp_path: Path) -> None:
    one, same, other = (
        keys_of(failed(_remote(error, tmp_path))) for error in (_raise("one"), _raise("one"), _raise("two"))
    )
    assert one == same
    assert one.exact != other.exact
    assert one.rough == other.rough


def test_what_a_program_printed_is_told_apart_by_all_of_it() -> None:
    def printed(text: str) -> Keys:
        return keys_of(failed(RemoteFailure("ValueError", "x", printed=text)))

    assert printed("in a") == printed("in a")
    assert printed("in a").exact != printed("in b").exact


def test_what_cannot_be_compared_has_no_exact_key() -> None:
    strange = RemoteFailure("E", "x", described={"kind": "E", "message": "x", "frames": [{"file": []}]})
    group = ExceptionGroup("several", [ValueError("x")])
    for error in (strange, group, SyntaxError("x"), RemoteFailure("E", "x", described={"frames": 1})):
        assert keys_of(failed(error)).exact is None
