"""A failure is blamed on a repair only where its traceback runs through what the repair changed."""

from grace_tui.healing.answering.blame import blamed, touched_by
from grace_tui.healing.failure import Failure, Frame
from grace_tui.healing.repair.apply import Entry
from grace_tui.healing.repair.patch import FileEdit

BEFORE = """
LIMIT = 3

class Log:
    def append(self, actor):
        return {"actor": actor}

    def read(self):
        def one():
            return 1
        return one()
"""
WIDER = BEFORE.replace("(self, actor)", "(self, actor, part=None)")
EDIT = FileEdit("kernels/log.py", BEFORE, WIDER)


def failure(function: str, phase: str = "run", file: str = "kernels/log.py") -> Failure:
    frames = (Frame("kernels/agent.py", True, "Agent.run", 3), Frame(file, True, function, 5))
    return Failure("agent", phase, "KeyError", "'part'", frames)


def entry(number: int = 1, at: float = 100.0, edit: FileEdit = EDIT) -> Entry:
    return Entry(f"T-{number}", at, "applied", (edit,), (("", ""),))


def test_touched_are_the_functions_whose_lines_changed() -> None:
    assert touched_by(EDIT) == {"Log.append"}
    assert touched_by(FileEdit("a.py", BEFORE, BEFORE.replace("LIMIT = 3", "LIMIT = 4"))) == {"<module>"}
    assert touched_by(FileEdit("a.py", BEFORE, BEFORE.replace("return 1", "return 2"))) == {"Log.read.<locals>.one"}
    assert "Log.append" in touched_by(FileEdit("a.py", None, BEFORE))
    assert touched_by(FileEdit("a.py", BEFORE, BEFORE.replace("def read", "def more(self): ...\n\n    def read"))) >= {
        "Log.more"
    }


def test_a_failure_in_what_a_repair_changed_is_blamed_on_the_newest() -> None:
    found = blamed(failure("Log.append"), 200.0, [entry(1, 100.0), entry(2, 150.0)])
    assert found is not None
    assert found.id == "T-2"


def test_others_are_not() -> None:
    for told in (failure("Log.read"), failure("Log.append", "heartbeat"), failure("Log.append", file="kernels/b.py")):
        assert blamed(told, 200.0, [entry()]) is None


def test_what_failed_before_the_repair_is_not_its_doing() -> None:
    assert blamed(failure("Log.append"), 90.0, [entry(at=100.0)]) is None
