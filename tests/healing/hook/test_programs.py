"""Where failures surface: programs, threads, tasks, groups, children; and that the hook does not show in any."""

import ast
import sys
from pathlib import Path

import pytest

from grace_tui.healing.repair.recorded import HOOK, failures_in_text, hook_errors, hooked, read_modules
from tests.healing.hook.program import Program

IMPORT = "import sys\nfrom library.core import plain\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("plain(y=1)", id="script"),
        pytest.param("sys.excepthook = lambda *a: print('mine', a[0])\nplain(y=1)", id="own-hook"),
        pytest.param("try:\n    plain(y=1)\nexcept TypeError:\n    sys.exit(3)", id="exit"),
        pytest.param("import asyncio\nasync def go():\n    plain(y=1)\nasyncio.run(go())", id="asyncio"),
        pytest.param("raise ExceptionGroup('all', [plain(y=1)])", id="in-a-group"),
    ],
)
def test_what_ends_a_program_is_recorded_as_fatal(program: Program, text: str) -> None:
    found = program.failing(IMPORT + text + "\n")
    assert (found.failure.kind, found.fatal, found.handled) == ("TypeError", True, False)


def test_each_failure_of_a_group_is_recorded(program: Program) -> None:
    program.write("main.py", "raise ExceptionGroup('two', [ValueError('a'), ExceptionGroup('in', [KeyError('b')])])\n")
    assert [each.failure.kind for each in program.compared("main.py")] == ["ValueError", "KeyError"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "import threading\ndef go(): plain(y=1)\nt = threading.Thread(target=go)\nt.start()\nt.join()", id="thread"
        ),
        pytest.param(
            "import asyncio\nasync def go(): plain(y=1)\nasync def main():\n    asyncio.ensure_future(go())\n"
            "    await asyncio.sleep(0)\n    await asyncio.sleep(0)\nasyncio.run(main())",
            id="task",
        ),
        pytest.param("class A:\n    def __del__(self): plain(y=1)\nA()", id="finaliser"),
    ],
)
def test_what_a_program_survives_is_recorded_as_not_fatal(program: Program, text: str) -> None:
    found = program.failing(IMPORT + text + "\n")
    assert (found.failure.kind, found.fatal, found.handled) == ("TypeError", False, False)


def test_an_error_that_is_logged_is_recorded_as_handled(program: Program) -> None:
    text = "import logging\ntry:\n    plain(y=1)\nexcept TypeError:\n    logging.exception('no')\n"
    found = program.failing(IMPORT + text)
    assert (found.fatal, found.handled) == (False, True)


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    plain(y=1)\nexcept TypeError:\n    pass\n",
        "sys.exit('wrong usage')\n",
        "raise SystemExit(2)\n",
        "raise KeyboardInterrupt\n",
        "print(sys.path, sys.excepthook is sys.__excepthook__, sys.argv)\n",
    ],
)
def test_what_is_no_failure_is_not_recorded_and_does_not_change(program: Program, text: str) -> None:
    program.write("main.py", IMPORT + text)
    assert program.compared("main.py") == ()


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_a_child_process_records_for_itself(program: Program, method: str) -> None:
    text = (
        "import multiprocessing\ndef go(): plain(y=1)\nif __name__ == '__main__':\n"
        f"    child = multiprocessing.get_context({method!r}).Process(target=go)\n"
        "    child.start()\n    child.join()\n    sys.exit(child.exitcode)\n"
    )
    found = program.failing(IMPORT + text)
    assert found.fatal
    assert found.failure.callee is not None


def test_a_module_that_is_run_by_name_is_recorded_under_it(program: Program) -> None:
    program.write("library/__main__.py", "from library.core import gone\n")
    (found,) = program.compared("-m", "library")
    assert found.failure.frames[-1].module == "library.__main__"
    assert found.failure.missing == ("library.core", "gone", "library/core.py")


def test_a_module_that_cannot_be_run_is_a_missing_one(program: Program) -> None:
    (found,) = program.compared("-m", "library.gone")
    assert (found.failure.kind, found.failure.asked) == ("ModuleNotFoundError", "library.gone")


@pytest.mark.parametrize("option", ["-I", "-E", "-S"])
def test_a_python_that_loads_no_hook_is_read_from_its_text(program: Program, option: str) -> None:
    program.write("main.py", "def go():\n    return gone\n\ngo()\n")
    assert program.compared(option, "main.py") == ()
    (failure,) = failures_in_text(program.run(option, "main.py").stderr, program.root)
    assert (failure.kind, failure.frames[-1].file, failure.frames[-1].function) == ("NameError", "main.py", "go")


def test_the_sitecustomize_of_the_program_is_loaded_too(program: Program) -> None:
    program.write("sitecustomize.py", "print('mine', __file__)\n")
    found = program.failing("import sitecustomize\nprint(sitecustomize.__file__)\nsitecustomize.gone\n")
    assert found.failure.missing == ("sitecustomize", "gone", "sitecustomize.py")
    assert "mine" in program.run("main.py").stdout


def test_a_sitecustomize_that_fails_fails_as_ever(program: Program) -> None:
    program.write("sitecustomize.py", "import nowhere_to_be_found\n")
    program.write("main.py", "print('still here')\n")
    program.compared("main.py")
    assert program.run("main.py").stdout == "still here\n"


def test_files_of_the_program_do_not_shadow_what_the_hook_imports(program: Program) -> None:
    for name in ("inspect", "json", "ast", "typing"):
        program.write(f"{name}.py", "raise RuntimeError('not this one')\n")
    assert program.failing("def go():\n    return gone\n\ngo()\n").failure.asked == "gone"


def test_an_environment_below_the_root_is_not_the_project(program: Program) -> None:
    program.write("main.py", "import sys\nsys.prefix = sys.argv[1]\nimport inner\n")
    program.write("env/inner.py", "gone\n")
    more = {"PYTHONPATH": f"{program.root / 'env'}"}
    (found,) = program.compared("main.py", str(program.root / "env"), more=more)
    assert [(frame.file, frame.in_project) for frame in found.failure.frames if frame.file[0] != "<"] == [
        ("main.py", True),
        ("env/inner.py", False),
    ]


def test_the_files_that_were_imported_are_told(program: Program) -> None:
    program.write("main.py", "import library.core, json\n")
    program.compared("main.py")
    assert read_modules(program.evidence, program.root) == ("library/__init__.py", "library/core.py", "main.py")


def test_a_hook_that_breaks_leaves_the_program_alone_and_says_so(program: Program) -> None:
    program.write("main.py", "import sys\nsys.modules['ast'] = None\ngone\n")
    assert program.run("main.py") == program.run("main.py", hook=False)
    assert hook_errors(program.evidence).startswith("record: ModuleNotFoundError: import of ast halted")


def test_a_folder_of_evidence_that_is_gone_is_no_trouble(program: Program) -> None:
    program.write(
        "main.py", "import os, shutil\nshutil.rmtree(os.environ.get('GRACE_EVIDENCE', '/nowhere'), True)\ngone\n"
    )
    assert program.compared("main.py") == ()


def test_secrets_leave_what_is_read(program: Program) -> None:
    found = program.failing("raise ValueError('password=hunter22')\n")
    assert found.failure.message == "password=[redacted]"
    assert "hunter22" not in str(found.failure)


def test_evidence_is_the_owners_alone(program: Program) -> None:
    program.failing("gone\n")
    modes = {path.stat().st_mode & 0o777 for path in program.evidence.glob("*-1.json")}
    assert modes == {0o600}
    assert program.evidence.stat().st_mode & 0o777 == 0o700


def test_an_environment_keeps_its_own_path(tmp_path: Path) -> None:
    added = hooked(tmp_path / "evidence", tmp_path, {"PYTHONPATH": "/mine"})
    assert added["PYTHONPATH"] == f"{HOOK}:/mine"


def test_the_hook_is_written_for_older_pythons_with_the_standard_library_alone() -> None:
    for path in HOOK.rglob("*.py"):
        tree = ast.parse(path.read_text(), feature_version=(3, 8))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert {alias.name.partition(".")[0] for alias in node.names} <= sys.stdlib_module_names
            elif isinstance(node, ast.ImportFrom) and not node.level:
                assert str(node.module).partition(".")[0] in sys.stdlib_module_names
