"""What is recorded of the live objects at the moment of failure, by kind of failure."""

import pytest

from grace_tui.healing.failure import Callee
from tests.healing.hook.program import Program

CORE = "library/core.py"


def test_a_refused_call_names_its_callee_and_what_was_passed(program: Program) -> None:
    found = program.failing(
        "from library.core import plain\n\ndef go(x):\n    plain(x, 2.0, colour='red')\n\ngo('a')\n"
    )
    assert found.fatal
    assert found.failure.callee == Callee("plain", CORE, 6, "(size)", {"colour": "str"}, ("str", "float"))
    frame = found.failure.frames[-1]
    assert (frame.file, frame.in_project, frame.line) == ("main.py", True, 4)
    assert (frame.function, frame.module, frame.expression) == ("go", "__main__", "plain(x, 2.0, colour='red')")


def test_a_callee_that_c_code_called_is_found_by_its_name(program: Program) -> None:
    failure = program.failing("from library.core import plain\nlist(map(plain, [1], [2]))\n").failure
    assert failure.callee is not None
    assert (failure.callee.qualname, failure.callee.file) == ("plain", CORE)


def test_a_record_that_a_library_refuses_names_the_class(program: Program) -> None:
    program.write(
        "lib/python3/site-packages/validating.py",
        "class ValidationError(Exception): pass\n"
        "class Model:\n    def __init__(self, **fields):\n        raise ValidationError('1 validation error')\n",
    )
    program.write("library/records.py", "from validating import Model\n\nclass User(Model):\n    name: str\n")
    program.write("main.py", "from library.records import User\nUser(nick='a')\n")
    path = f"{program.root}:{program.root}/lib/python3/site-packages"
    (found,) = program.compared("main.py", more={"PYTHONPATH": path})
    assert found.failure.callee is not None
    assert found.failure.callee.qualname == "User"
    assert found.failure.callee.arguments == {"nick": "str"}
    assert [frame.in_project for frame in found.failure.frames] == [True, False]


@pytest.mark.parametrize(
    ("line", "asked", "subject"),
    [
        pytest.param("Child().gone", "gone", ("instance", "Child", CORE), id="instance"),
        pytest.param("Child().up()", "gone", ("instance", "Base", CORE), id="super"),
        pytest.param("Made.other()", "other", ("class", "Made", CORE), id="class"),
        pytest.param("plain.other", "other", ("function", "plain", CORE), id="function"),
        pytest.param("library.core.gone", "gone", ("module", "library.core", CORE), id="module"),
        pytest.param("from library.core import gone", "gone", ("module", "library.core", CORE), id="import"),
        pytest.param(
            "import library.gone", "library.gone", ("module", "library", "library/__init__.py"), id="no-module"
        ),
        pytest.param("gone", "gone", ("module", "__main__", "main.py"), id="name"),
        pytest.param("SETTINGS['size']", "size", ("mapping", "SETTINGS", CORE), id="key"),
        pytest.param("library.core.SETTINGS.pop('size')", "size", ("mapping", "SETTINGS", CORE), id="popped-key"),
        pytest.param("Square()", "area", ("class", "Square", CORE), id="abstract"),
        pytest.param("Circle().measure()", "area", ("instance", "Circle", CORE), id="left-to-heirs"),
        pytest.param("round_one = Circle()\nround_one.unit()", "unit", ("instance", "Circle", CORE), id="static"),
    ],
)
def test_what_was_missing_and_of_what_is_recorded(
    program: Program, line: str, asked: str, subject: tuple[str, str, str]
) -> None:
    failure = program.failing(f"import library.core\nfrom library.core import *\n{line}\n").failure
    assert failure.subject is not None
    assert (failure.asked, failure.subject.what, failure.subject.name, failure.subject.file) == (asked, *subject)


def test_a_subject_has_its_bases_and_its_names(program: Program) -> None:
    subject = program.failing("from library.core import Child\nChild().gone\n").failure.subject
    assert subject is not None
    assert subject.bases == (("library.core", "Base", CORE),)
    assert {"up", "now", "size"} <= set(subject.names)
    assert subject.line == 15


def test_a_module_s_own_words_for_a_name_that_it_lacks_hide_nothing(program: Program) -> None:
    program.write("library/open.py", "def __getattr__(name):\n    raise AttributeError(name)\n")
    failure = program.failing("import library.open\nlibrary.open.gone\n").failure
    assert failure.missing == ("library.open", "gone", "library/open.py")


def test_a_circle_of_imports_shows_what_the_module_had_so_far(program: Program) -> None:
    program.write("library/one.py", "early = 1\nfrom library.two import b\nlate = 2\n")
    program.write("library/two.py", "from library.one import late\nb = 1\n")
    failure = program.failing("import library.one\n").failure
    assert failure.missing == ("library.one", "late", "library/one.py")
    assert failure.subject is not None
    assert failure.subject.names == ("early",)


def test_what_gave_a_value_of_the_wrong_shape_is_touched(program: Program) -> None:
    text = "from library.core import nothing\n\ndef go():\n    found = nothing()\n    return found.size\n\ngo()\n"
    failure = program.failing(text).failure
    assert [callee.qualname for callee in failure.touched] == ["nothing", "go"]


def test_a_property_that_is_called_is_touched(program: Program) -> None:
    failure = program.failing("from library.core import Base\nBase().size()\n").failure
    assert failure.asked == "__call__"
    assert "Base.size" in [callee.qualname for callee in failure.touched]


def test_a_plain_value_that_is_awaited_touches_its_maker(program: Program) -> None:
    text = "import asyncio\nfrom library.core import plain\nasync def go():\n    await plain(1)\nasyncio.run(go())\n"
    failure = program.failing(text).failure
    assert failure.asked == "__await__"
    assert failure.touched[0].qualname == "plain"


def test_a_coroutine_that_nobody_awaits_is_recorded_where_it_was_let_go(program: Program) -> None:
    found = program.failing("from library.core import later\n\ndef go():\n    later(1)\n\ngo()\n")
    assert not found.fatal
    assert found.failure.message == "coroutine 'later' was never awaited"
    assert found.failure.frames[-1].line == 4
    assert found.failure.callee == Callee("later", CORE, 8, "(size)")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"x = 1\ndef broken(:\n", "invalid syntax", id="syntax"),
        pytest.param(b"x = 1\0\n", "null byte", id="null-byte"),
        pytest.param(b'x = "\xff\xfe"\n', "utf-8", id="encoding"),
    ],
)
def test_a_file_that_is_no_python_is_the_last_frame(program: Program, content: bytes, message: str) -> None:
    program.write("library/bad.py", content)
    failure = program.failing("import library.bad\n").failure
    assert (failure.frames[-1].file, failure.frames[-1].in_project) == ("library/bad.py", True)
    assert message in failure.message


def test_what_an_error_was_raised_from_is_recorded_beside_it(program: Program) -> None:
    text = "import library.core\ntry:\n    library.core.gone\nexcept AttributeError as e:\n"
    program.write("main.py", text + "    raise OSError('no') from e\n")
    kinds = {(each.failure.kind, each.fatal, each.handled) for each in program.compared("main.py")}
    assert kinds == {("AttributeError", False, True), ("OSError", True, False)}
