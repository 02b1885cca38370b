"""From a command to its kernel class: replicas, the version, and a command line that is fit to be shown."""

from pathlib import Path

import anyio
import pytest

from grace_tui.runtime.hosts.command import Check, CommandSpec, Schedule
from grace_tui.runtime.hosts.command.kernel import CommandKernel
from grace_tui.runtime.hosts.command.scheduled import ScheduledKernel
from grace_tui.runtime.hosts.command.source import SHOWN, CommandSource, numbered, shown
from grace_tui.runtime.reload.loader import LoadedKernel


async def loaded(command: CommandSpec) -> LoadedKernel:
    return await CommandSource(command, Path(), anyio.CapacityLimiter(1)).load("web")


async def test_each_load_makes_a_class_of_its_own() -> None:
    one, two = await loaded(CommandSpec(("true",))), await loaded(CommandSpec(("true",)))
    assert one.kind is not two.kind
    assert issubclass(one.kind, CommandKernel)
    assert (one.version, one.doc) == (two.version, "true")
    assert (await loaded(CommandSpec(("true",), stop_signal="SIGINT"))).version != one.version


async def test_the_supervisor_waits_longer_than_the_programs_own_deadline() -> None:
    assert (await loaded(CommandSpec(("true",), stop_timeout=60.0))).kind.spec.stop_timeout > 60


async def test_a_schedule_makes_a_kernel_that_follows_it() -> None:
    assert issubclass((await loaded(CommandSpec(("true",), schedule=Schedule(interval=1)))).kind, ScheduledKernel)


def test_a_replica_finds_its_number_wherever_it_asks_for_it() -> None:
    check = Check("http", "http://localhost:808{replica}/")
    found = numbered(CommandSpec(("serve", "808{replica}"), env={"N": "{replica}"}, ready=check, replica=3))
    assert found.argv == ("serve", "8083")
    assert found.env == {"N": "3"}
    assert found.ready is not None
    assert found.ready.target == "http://localhost:8083/"


@pytest.mark.parametrize(
    "argv",
    [
        ("serve", "--password", "hunter2222"),
        ("serve", "--api-key=hunter2222"),
        ("serve", "postgres://user:hunter2222@host/db"),
        ("env", "TOKEN=hunter2222", "serve"),
    ],
)
def test_a_secret_in_a_command_line_is_not_shown(argv: tuple[str, ...]) -> None:
    assert "hunter2222" not in shown(argv)
    assert argv[0] in shown(argv)


def test_a_long_command_line_is_shortened() -> None:
    assert len(shown(("serve", "x" * 1000))) == SHOWN
