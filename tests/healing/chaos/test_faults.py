"""Faults take out exactly what they name, and leave every other byte."""

from textwrap import dedent

import pytest

from grace_tui.healing.chaos.faults import FaultMissed, drop_export, drop_parameter

LOG = dedent('''\
    class Log:
        """Keeps rows."""

        async def append(
            self,
            actor: str,  # who
            *,
            subsystem: str = "",
            result: str = "",
        ) -> None:
            record = {
                "actor": actor,
                "subsystem": subsystem,
                "result": result,
            }
            self.keep(record, subsystem=subsystem)

        def other(self, subsystem: str) -> str:
            return subsystem
''')
WITHOUT = dedent('''\
    class Log:
        """Keeps rows."""

        async def append(
            self,
            actor: str,  # who
            *,
            result: str = "",
        ) -> None:
            record = {
                "actor": actor,
                "result": result,
            }
            self.keep(record)

        def other(self, subsystem: str) -> str:
            return subsystem
''')


def test_a_parameter_goes_with_what_stores_it() -> None:
    assert drop_parameter(LOG, "Log.append", "subsystem") == WITHOUT


def test_the_last_parameter_leaves_no_bare_star() -> None:
    assert drop_parameter("def f(a, *, b=1):\n    pass\n", "f", "b") == "def f(a):\n    pass\n"


def test_the_last_entry_of_a_row_goes_without_a_trace() -> None:
    before = 'def f(a, b):\n    return {"a": a, "b": b}\n'
    assert drop_parameter(before, "f", "b") == 'def f(a):\n    return {"a": a}\n'


@pytest.mark.parametrize(("qualname", "parameter"), [("Log.append", "colour"), ("Log.lost", "subsystem"), ("f", "a")])
def test_a_parameter_that_is_not_there_is_missed(qualname: str, parameter: str) -> None:
    with pytest.raises(FaultMissed, match=rf"drop_parameter: there is no parameter {parameter} of {qualname}"):
        drop_parameter(LOG, qualname, parameter)


PACKAGE = dedent('''\
    """The models."""

    from kernels.models.database import async_session
    from kernels.models.tables import (
        Base,
        Row,
    )

    __all__ = ["Base", "Row", "async_session"]
''')


def test_an_export_goes_with_its_line_and_its_entry() -> None:
    assert drop_export(PACKAGE, "async_session") == PACKAGE.replace(
        "from kernels.models.database import async_session\n", ""
    ).replace(', "async_session"', "")


def test_an_export_among_others_goes_alone() -> None:
    after = drop_export("from a import b, c, d\n", "d")
    assert after == "from a import b, c\n"


def test_an_export_under_another_name_goes_by_that_name() -> None:
    assert drop_export("from a import b as c\nx = 1\n", "c") == "x = 1\n"


def test_an_export_that_is_not_there_is_missed() -> None:
    with pytest.raises(FaultMissed, match="drop_export: there is no import of nothing"):
        drop_export(PACKAGE, "nothing")
    with pytest.raises(FaultMissed):
        drop_export("from a import *\n", "b")


def test_a_fault_planted_twice_is_missed_the_second_time() -> None:
    with pytest.raises(FaultMissed):
        drop_parameter(WITHOUT, "Log.append", "subsystem")
