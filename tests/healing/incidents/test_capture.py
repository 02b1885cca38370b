"""capture: from a live exception to plain data, whatever the exception is."""

import asyncio
import subprocess
import sys
from pathlib import Path

import anyio

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.capture import FIRST_FRAMES, LAST_FRAMES, capture, chain_of, leaf_of
from tests.healing.incidents.workshop import failure_of, load, raised, story


def seen(error: BaseException, root: Path) -> Failure:
    return capture(error, kernel="k", phase="run", root=root, at=2.0)


def test_the_story_is_captured_with_its_consumer_and_without_the_cores_own_file(tmp_path: Path) -> None:
    failure = seen(story(tmp_path), tmp_path)
    assert failure.kind == "TypeError"
    assert failure.message == "ImmutableLog.append() got an unexpected keyword argument 'subsystem'"
    assert failure.consumers == ("kernels/coding_agent.py",)
    own = next(frame for frame in failure.frames if frame.in_project)
    assert (own.function, own.line) == ("CodingAgent.start", 8)
    assert own.source == 'await self.kernel("immutable_log").append("agent", "start", subsystem=self.place)'


def test_a_missing_name_names_the_module_and_its_file(tmp_path: Path) -> None:
    (tmp_path / "kernels/models").mkdir(parents=True)
    (tmp_path / "kernels/__init__.py").write_text("")
    (tmp_path / "kernels/models/__init__.py").write_text("")
    (tmp_path / "kernels/governance.py").write_text("from kernels.models import async_session\n")
    script = f"""
from pathlib import Path
from grace_tui.healing.incidents.capture import capture
from grace_tui.healing.incidents.codec import encode
try:
    import kernels.governance
except ImportError as error:
    root = Path({str(tmp_path)!r})
    print(encode(capture(error, kernel="governance", phase="load", root=root, at=0)).decode())
"""
    here = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": f"{tmp_path}:{here}"}, cwd=tmp_path,
    )  # fmt: skip
    assert '"missing":["kernels.models","async_session","kernels/models/__init__.py"]' in done.stdout
    assert str(tmp_path) not in done.stdout


def test_a_module_attribute_that_is_not_there_is_a_missing_name_too(tmp_path: Path) -> None:
    models = load(tmp_path, "kernels/models.py", "")
    failure = failure_of(tmp_path, lambda: models.async_session)
    assert failure.missing == ("kernels.models", "async_session", "kernels/models.py")


def test_a_module_that_is_not_there_is_no_missing_name(tmp_path: Path) -> None:
    user = load(tmp_path, "kernels/user.py", "def go():\n    import nowhere_to_be_found\n")
    assert failure_of(tmp_path, user.go).missing is None


def test_a_syntax_error_ends_in_the_bad_file_at_its_line(tmp_path: Path) -> None:
    bad = tmp_path / "kernels/bad.py"
    bad.parent.mkdir()
    bad.write_text("x = 1\ndef broken(:\n")
    failure = failure_of(tmp_path, lambda: compile(bad.read_text(), str(bad), "exec"))
    assert (failure.frames[-1].file, failure.frames[-1].line, failure.frames[-1].in_project) == (
        "kernels/bad.py",
        2,
        True,
    )
    assert failure.frames[-1].source == "def broken(:"


def test_the_failure_in_a_task_group_is_the_one_that_cancelled_the_others(tmp_path: Path) -> None:
    worker = load(tmp_path, "kernels/worker.py", "async def work():\n    raise ValueError('inner')\n")

    async def wait() -> None:
        await anyio.sleep_forever()

    async def run() -> None:
        async with anyio.create_task_group() as outer, anyio.create_task_group() as inner:
            outer.start_soon(wait)
            inner.start_soon(worker.work)

    failure = failure_of(tmp_path, run)
    assert (failure.kind, failure.message) == ("ValueError", "inner")
    assert [frame.function for frame in failure.frames if frame.in_project] == ["work"]


def test_a_cancellation_in_a_group_is_passed_over_however_deep() -> None:
    wanted = ValueError("this")
    inner = BaseExceptionGroup("inner", [asyncio.CancelledError(), wanted])
    group = BaseExceptionGroup("outer", [asyncio.CancelledError(), inner])
    assert leaf_of(group) == (wanted, (group, inner))


def test_a_leaf_without_frames_of_the_project_gets_those_of_its_groups(tmp_path: Path) -> None:
    module = load(tmp_path, "kernels/grouped.py", "def go(error):\n    raise ExceptionGroup('both', [error])\n")
    failure = failure_of(tmp_path, lambda: module.go(ValueError("never raised itself")))
    assert [frame.function for frame in failure.frames if frame.in_project] == ["go"]


def test_causes_come_innermost_first(tmp_path: Path) -> None:
    source = """
def go():
    try:
        try:
            {}["first"]
        except KeyError as error:
            raise ValueError("second") from error
    except ValueError:
        raise RuntimeError("third")
"""
    failure = failure_of(tmp_path, load(tmp_path, "kernels/chained.py", source).go)
    assert failure.kind == "RuntimeError"
    assert failure.chain == (("KeyError", "'first'"), ("ValueError", "second"))


def test_a_context_that_was_suppressed_is_no_cause() -> None:
    error = ValueError("alone")
    error.__context__ = KeyError("hidden")
    error.__suppress_context__ = True
    assert chain_of(error) == ()


def test_a_chain_that_bites_its_tail_ends() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert chain_of(one) == (two,)


def test_an_exception_that_cannot_be_told_is_captured_all_the_same(tmp_path: Path) -> None:
    class Hostile(TypeError):
        def __str__(self) -> str:
            raise RuntimeError("no")

        def __getattribute__(self, name: str) -> object:
            raise RuntimeError("no")

    failure = seen(Hostile(), tmp_path)
    assert (failure.kind, failure.message) == ("Hostile", "<Hostile without a readable text>")


def test_text_that_no_encoding_knows_still_becomes_a_failure(tmp_path: Path) -> None:
    assert seen(ValueError("name \udce9"), tmp_path).message == "name \\udce9"


def test_secrets_and_the_roots_own_path_leave_the_message(tmp_path: Path) -> None:
    failure = seen(ValueError(f"{tmp_path}/kernels/a.py: password=hunter22"), tmp_path)
    assert failure.message == "kernels/a.py: password=[redacted]"


def test_a_very_deep_traceback_is_thinned_in_the_middle(tmp_path: Path) -> None:
    endless = load(tmp_path, "kernels/endless.py", "def again():\n    return again()\n")
    failure = failure_of(tmp_path, endless.again)
    assert failure.kind == "RecursionError"
    assert len(failure.frames) == FIRST_FRAMES + LAST_FRAMES


def test_installed_packages_and_state_below_the_root_are_not_the_project(tmp_path: Path) -> None:
    for name in (".venv/lib/python3.11/site-packages/x/y.py", ".grace/trial/kernels/y.py"):
        module = load(tmp_path, name, "def go():\n    raise ValueError\n")
        assert not any(frame.in_project for frame in failure_of(tmp_path, module.go).frames)


def test_the_root_may_be_reached_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    module = load(tmp_path / "link", "kernels/a.py", "def go():\n    raise ValueError\n")
    for root in (tmp_path / "link", tmp_path / "real"):
        assert failure_of(root, module.go).consumers == ("kernels/a.py",)


def test_an_exception_without_a_traceback_is_captured(tmp_path: Path) -> None:
    failure = seen(TimeoutError("no beat for 30 s"), tmp_path)
    assert (failure.kind, failure.frames, failure.callee) == ("TimeoutError", (), None)


def test_an_error_of_a_failing_async_function_has_its_line(tmp_path: Path) -> None:
    module = load(tmp_path, "kernels/a.py", "async def go():\n    x = 1\n    return x / 0\n")
    error = raised(module.go)
    assert seen(error, tmp_path).frames[-1].source == "return x / 0"


def test_what_was_missing_is_captured_with_the_object_that_lacks_it(tmp_path: Path) -> None:
    source = "class Base:\n    def old(self): pass\n\nclass Log(Base):\n    pass\n\ndef go():\n    Log().new()\n"
    module = load(tmp_path, "kernels/log.py", source)
    failure = failure_of(tmp_path, module.go)
    assert failure.asked == "new"
    assert failure.subject is not None
    assert (failure.subject.what, failure.subject.name, failure.subject.module) == ("instance", "Log", "kernels.log")
    assert failure.subject.bases[0][1] == "Base"
    assert "old" in failure.subject.names


def test_a_frame_has_its_module_and_the_expression_that_failed(tmp_path: Path) -> None:
    module = load(tmp_path, "kernels/log.py", "def go():\n    return [1 / (2 - 2)]\n")
    frame = failure_of(tmp_path, module.go).frames[-1]
    assert (frame.module, frame.expression) == ("kernels.log", "1 / (2 - 2)")


def test_what_may_have_answered_in_another_shape_is_touched(tmp_path: Path) -> None:
    source = "def answer():\n    return None\n\ndef go():\n    found = answer()\n    return found['a']\n"
    module = load(tmp_path, "kernels/log.py", source)
    touched = failure_of(tmp_path, module.go).touched
    assert [(callee.qualname, callee.file, callee.line) for callee in touched] == [("answer", "kernels/log.py", 1)]
