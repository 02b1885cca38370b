"""Whatever a kill hits, every effect of a run is whole or taken back once the next room has opened."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from grace_tui.healing.playbooks.actions import Call, Done
from grace_tui.healing.playbooks.playbooks import Budget
from grace_tui.healing.playbooks.tending import RETRY_SECONDS
from grace_tui.healing.store import Store, open_store
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import RunRecord
from tests.healing.playbooks.shop import FileActions, Shop

NAMES = ("a", "b", "c")
NEVER = 10_000


class Killed(BaseException):
    """The process ended here: nothing after it happened."""


class Fate:
    """Counts down the moments at which a process may be killed: before and after each write, and within each act."""

    def __init__(self) -> None:
        self.left = NEVER
        self.dead = False

    def moment(self) -> None:
        self.left -= 1
        if self.dead or self.left < 0:
            self.dead = True  # whoever still turns in the dead process does nothing any more
            raise Killed


class MortalStore(Store):
    fate: Fate

    def write(self, sql: str, *parameters: object) -> None:
        self.fate.moment()
        super().write(sql, *parameters)
        self.fate.moment()


class MortalActions(FileActions):
    fate: Fate

    async def do(self, call: Call) -> Done:
        self.fate.moment()
        done = await super().do(call)
        self.fate.moment()
        return done

    async def undo(self, call: Call, undo: Mapping[str, object]) -> str:
        self.fate.moment()
        text = await super().undo(call, undo)
        self.fate.moment()
        return text


class MortalShop(Shop):
    """A shop whose process can be killed at any moment that matters."""

    def __init__(self, root: Path, fate: Fate) -> None:
        self.fate = fate
        super().__init__(root, budget=Budget(runs=1000))

    def make_actions(self) -> FileActions:
        actions = MortalActions(self.files, self.clock)
        actions.fate = self.fate
        return actions

    def make_store(self) -> Store:
        found = open_store(self.root / "room.db")
        store = MortalStore(found._connection, found.path)
        store.fate = self.fate
        return store


def step(name: str, action: str, given: str = "", more: str = "") -> str:
    return f'[[step]]\nname = "{name}"\naction = "{action}"\nwith = {{ {given} }}\n{more}\n'


def write(name: str, more: str = "", action: str = "write") -> str:
    """Each run has files of its own, so that what has to be there follows from the records alone."""
    return step(name, action, f'path = "{{run.id}}.{name}", text = "{{incident.kind}}"', more)


HEAD = 'says = "A test."\nwhen = "true"\n'
PLAYBOOKS = {
    "plain": write("a") + write("b") + write("c"),
    "fails": write("a") + write("b") + step("no", "flaky", "times = 99"),
    "tries": write("a") + step("no", "flaky", "times = 1", "tries = 2"),
    "half": write("a") + write("b", action="half"),
    "asks": write("a") + step("ask", "ask", 'question = "on?"') + write("b"),
    "checks": write("a") + '[[verify]]\nthat = "host.memory_percent > 90"\nwithin = "2s"\n',
    "sheds": write("a", 'until = "host.memory_percent < 90"') + write("b"),
}
GOING_ON = frozenset({"succeeded", "waiting_for_person"})


def expected(runs: Iterable[RunRecord]) -> set[str]:
    """The files that have to be there: all that a run did that went well, or that a person has to answer."""
    done = (step for run in runs if run.state in GOING_ON for step in run.steps if step.state == "done")
    return {str(step.arguments["path"]) for step in done if step.action == "write"}


def found(shop: Shop) -> set[str]:
    return {path.name for path in shop.files.iterdir()}


class Rooms(RuleBasedStateMachine):
    """Rooms on one store, one after another; each may be killed anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.fate = Fate()
        self.shop = MortalShop(Path(self.folder.name), self.fate)
        for name, text in PLAYBOOKS.items():
            self.shop.write(name, HEAD + text)
        self.kinds = 0

    def teardown(self) -> None:
        self.shop.store.close()
        self.folder.cleanup()

    @rule(name=st.sampled_from(sorted(PLAYBOOKS)), moments=st.one_of(st.just(NEVER), st.integers(0, 40)))
    def run_a_playbook(self, name: str, moments: int) -> None:
        self.kinds += 1
        incident = self.shop.incident(f"Kind{self.kinds}")
        self.mortal(moments, self.shop.playbooks.run(name, incident.id, "self_healing"))

    @precondition(lambda self: self.waiting())
    @rule(yes=st.booleans(), moments=st.one_of(st.just(NEVER), st.integers(0, 30)))
    def answer_a_question(self, yes: bool, moments: int) -> None:
        self.mortal(moments, self.shop.playbooks.answer(self.waiting()[0], yes, "ann"))

    @rule(memory=st.sampled_from((50.0, 95.0)), moments=st.one_of(st.just(NEVER), st.integers(0, 12)))
    def let_a_second_pass(self, memory: float, moments: int) -> None:
        self.shop.facts["host"] = {"memory_percent": memory}
        self.mortal(moments, self.second())

    @rule()
    def close_and_open(self) -> None:
        self.open_anew()

    async def second(self) -> None:
        self.shop.playbooks.look()
        await self.shop.playbooks.owned.settled()

    def mortal(self, moments: int, work: Coroutine[Any, Any, object]) -> None:
        """Do something in a process that is killed after so many moments; then open the next room."""
        self.fate.left = moments
        try:
            asyncio.run(self.shop.driven(work))
        except (Killed, BaseExceptionGroup, asyncio.CancelledError):
            assert self.fate.dead
        finally:
            self.fate.left = NEVER
        if self.fate.dead:
            self.open_anew()

    def open_anew(self) -> None:
        self.fate.dead = False
        self.shop.reopen()
        asyncio.run(self.shop.driven(self.shop.playbooks.recover()))
        asyncio.run(self.second())  # an effect whose end was cut short is ended again

    def waiting(self) -> list[str]:
        return [run.id for run in self.shop.playbooks.runs() if run.state == "waiting_for_person"]

    @invariant()
    def every_effect_is_whole_or_taken_back(self) -> None:
        runs = self.shop.playbooks.runs()
        assert not any(run.state == "running" for run in runs)
        assert found(self.shop) == expected(runs)


Rooms.TestCase.settings = settings(max_examples=40, stateful_step_count=10, deadline=None)
test_rooms = Rooms.TestCase


@pytest.mark.parametrize("name", sorted(PLAYBOOKS))
def test_a_kill_at_each_moment_of_a_run_leaves_it_whole_or_taken_back(tmp_path: Path, name: str) -> None:
    for moment in range(60):
        fate = Fate()
        shop = MortalShop(tmp_path / str(moment), fate)
        shop.write(name, HEAD + PLAYBOOKS[name])
        incident = shop.incident()
        asyncio.run(shop.driven(shop.playbooks.ready()))
        fate.left = moment
        try:
            asyncio.run(shop.driven(shop.playbooks.run(name, incident.id, "self_healing")))
        except (Killed, BaseExceptionGroup):
            assert fate.dead
        killed, fate.dead, fate.left = fate.dead, False, NEVER
        shop.reopen()
        asyncio.run(shop.driven(shop.playbooks.recover()))
        runs = shop.playbooks.runs()
        assert not any(run.state == "running" for run in runs)
        assert found(shop) == expected(runs), moment
        shop.store.close()
        if not killed:
            return
    pytest.fail("no run came to its end")


class FullStore(Store):
    """Takes nothing while the disk is full."""

    left = NEVER

    def write(self, sql: str, *parameters: object) -> None:
        self.left -= 1
        if self.left < 0:
            raise sqlite3.OperationalError("database or disk is full")
        super().write(sql, *parameters)


class FullShop(Shop):
    def make_store(self) -> Store:
        found = open_store(self.root / "room.db")
        return FullStore(found._connection, found.path)


@pytest.mark.parametrize("writes", range(11))
async def test_a_run_that_a_full_disk_breaks_off_is_taken_back_once_there_is_room(tmp_path: Path, writes: int) -> None:
    shop = FullShop(tmp_path)
    assert isinstance(shop.store, FullStore)
    shop.write("plain", HEAD + PLAYBOOKS["plain"])
    shop.store.left = writes
    incident = shop.incident()
    with pytest.raises(GraceError, match="disk is full"):
        await shop.run("plain", incident)
    for room in (0, NEVER):
        shop.store.left = room
        await shop.clock.advance(RETRY_SECONDS)
        shop.playbooks.look()
        await shop.playbooks.owned.settled()
    assert {run.state for run in shop.playbooks.runs()} <= {"undone", "failed"}
    assert found(shop) == set()
    assert (await shop.run("plain", incident)).state == "succeeded"


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.healing.playbooks.shop import FileActions, Shop

class Deadly(FileActions):
    left = int(sys.argv[2])

    def _write(self, call):
        done = super()._write(call)
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

class DeadlyShop(Shop):
    def make_actions(self):
        return Deadly(self.files, self.clock)

shop = DeadlyShop(Path(sys.argv[1]))
asyncio.run(shop.run("plain"))
"""


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_process_that_is_killed_within_an_act_is_taken_back_by_the_next(tmp_path: Path, writes: int) -> None:
    first = Shop(tmp_path)
    first.write("plain", HEAD + "".join(step(name, "write", f'path = "{name}", text = "x"') for name in NAMES))
    (first.files / "a").write_text("before", encoding="utf-8")
    first.store.close()
    call = [sys.executable, "-c", KILLED, str(tmp_path), str(writes)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run(call, env=env, check=False, timeout=50).returncode == -signal.SIGKILL
    shop = Shop(tmp_path)
    assert shop.text("a") != "before"
    (run,) = asyncio.run(shop.driven(shop.playbooks.recover()))
    assert (run.state, [shop.text(name) for name in NAMES]) == ("interrupted", ["before", None, None])
    assert f"{writes + 1} steps taken back" in run.detail
    shop.store.close()
