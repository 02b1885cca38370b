"""A kernel's table becomes what its spec, its command and its limits are; what does not fit together is refused."""

import sys
from pathlib import Path

import pytest

from grace_tui.runtime.hosts.command.spec import Check, CommandSpec, Schedule
from grace_tui.runtime.hosts.limits import Limits
from grace_tui.settings import KernelSettings, Settings, SettingsError, load_settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with two kernels of files."""
    (tmp_path / "kernels").mkdir()
    for name in ("librarian", "message_bus"):
        (tmp_path / "kernels" / f"{name}.py").touch()
    return tmp_path


def load(folder: Path, text: str) -> Settings:
    (folder / "grace.toml").write_text(text)
    return load_settings(folder / "grace.toml")


def kernel(folder: Path, name: str, table: str) -> KernelSettings:
    return load(folder, f"[kernels.{name}]\n{table}").kernel(name)


def test_policy_keys_become_fields_of_the_spec(folder: Path) -> None:
    found = kernel(folder, "librarian", 'restart = "transient"\nintensity = 0\nstop_timeout = 2\nport = 1\n')
    assert found.overrides == {"restart": "transient", "intensity": 0, "stop_timeout": 2.0}
    assert found.options == {"port": 1}
    assert found.command is None


def test_what_is_left_out_overrides_nothing(folder: Path) -> None:
    found = kernel(folder, "librarian", "enabled = false\n")
    assert (found.overrides, found.limits, found.isolation) == ({}, Limits(), None)


def test_list_of_required_kernels_asks_for_running_ones(folder: Path) -> None:
    found = kernel(folder, "librarian", 'requires = ["message_bus"]\n')
    assert found.overrides == {"requires": ("message_bus",), "conditions": {}}


def test_no_requirements_replace_those_of_the_file(folder: Path) -> None:
    assert kernel(folder, "librarian", "requires = []\n").overrides == {"requires": (), "conditions": {}}


def test_table_of_required_kernels_asks_for_conditions(folder: Path) -> None:
    found = kernel(folder, "librarian", 'requires = { message_bus = "started" }\nfollows = ["message_bus"]\n')
    assert found.overrides == {
        "requires": ("message_bus",),
        "conditions": {"message_bus": "started"},
        "follows": ("message_bus",),
    }


def test_process_of_a_kernel_has_limits(folder: Path) -> None:
    found = kernel(folder, "librarian", 'isolation = "process"\nmemory = "64M"\ncpu_seconds = 5\nopen_files = 64\n')
    assert found.isolation == "process"
    assert found.limits == Limits(memory_bytes=64 << 20, cpu_seconds=5, open_files=64)


def test_command_is_what_its_table_says(folder: Path) -> None:
    text = """
command = "myapp --port 8000"
cwd = "app"
env = { PORT = 8000, NAME = "x", RATE = 0.5 }
env_file = [".env", "local.env"]
stop_signal = "int"
stop_timeout = 3
memory = 2097152
ready = { http = "http://127.0.0.1:8000/ok", interval = 0.2, successes = 2 }
alive = { exec = "check it", failures = 5, delay = 1 }
success_codes = [0, 3]
"""
    assert kernel(folder, "web", text).command == CommandSpec(
        argv=("myapp", "--port", "8000"),
        cwd="app",
        env={"PORT": "8000", "NAME": "x", "RATE": "0.5"},
        env_files=(".env", "local.env"),
        stop_signal="SIGINT",
        stop_timeout=3.0,
        ready=Check("http", "http://127.0.0.1:8000/ok", interval=0.2, failures=1, successes=2),
        alive=Check("exec", ("check", "it"), delay=1.0, failures=5),
        success_codes=(0, 3),
        limits=Limits(memory_bytes=2 << 20),
    )


def test_stop_deadline_of_a_program_is_not_its_kernels(folder: Path) -> None:
    found = kernel(folder, "web", 'command = "x"\nstop_timeout = 3\nstart_timeout = 5\n')
    assert found.overrides == {"start_timeout": 5.0}


@pytest.mark.parametrize(
    ("table", "schedule"),
    [
        ('{ cron = "0 3 * * mon", zone = "Europe/Berlin" }', Schedule(cron="0 3 * * mon", zone="Europe/Berlin")),
        ('{ every = "5m", run_at_start = true }', Schedule(interval=300.0, run_at_start=True)),
        ("{ every = 90 }", Schedule(interval=90.0)),
    ],
)
def test_schedule_is_read(folder: Path, table: str, schedule: Schedule) -> None:
    found = kernel(folder, "nightly", f'command = "x"\nschedule = {table}\n').command
    assert found is not None
    assert found.schedule == schedule


def test_settings_without_a_schedule_import_no_scheduler(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apscheduler.triggers.cron", None)  # importing it would fail
    assert kernel(folder, "web", 'command = "x"\n').command is not None


@pytest.mark.parametrize(
    ("name", "table", "message"),
    [
        ("web", 'command = ""', ':2: kernels.web.command is ""; expected a program and its arguments'),
        ("web", "command = []", ":2: kernels.web.command is []; expected a program"),
        ("web", "command = 5", ":2: kernels.web.command is 5; expected a list of words, or one text"),
        ("web", 'command = "x"\nwcd = "/"', ":3: kernels.web.wcd is not a setting; did you mean cwd?"),
        ("web", 'command = "x"\nuser = "no-one-here"', ':3: kernels.web.user is "no-one-here"; expected a user of'),
        ("web", 'command = "x"\nstop_signal = "SIGX"', ':3: kernels.web.stop_signal is "SIGX"; expected a signal'),
        ("web", 'command = "x"\nenv = { "A=B" = 1 }', ":3: kernels.web.env.A=B is 1; expected a variable's name"),
        ("web", 'command = "x"\nenv = { A = true }', ":3: kernels.web.env is a table; expected a table of texts"),
        ("web", 'command = "x"\nready = "yes"', ':3: kernels.web.ready is "yes"; expected a table with one of http'),
        ("web", 'command = "x"\nready = {}', ":3: kernels.web.ready has no check; expected one of http, tcp, exec"),
        (
            "web",
            'command = "x"\n[kernels.web.ready]\nhttp = "http://a/"\ntcp = "a:1"',
            ":3: kernels.web.ready has http and tcp; expected one of http, tcp, exec, log",
        ),
        (
            "web",
            'command = "x"\n[kernels.web.ready]\nlog = "("',
            ':4: kernels.web.ready.log is "("; expected a regular expression (missing )',
        ),
        ("web", 'command = "x"\nready = { tcp = "a:1", failures = 2 }', ":3: kernels.web.ready.failures is not a se"),
        (
            "web",
            'command = "x"\nschedule = { cron = "* * * * *", every = "5m" }',
            ":3: kernels.web.schedule has both cron and every; expected one of them",
        ),
        (
            "web",
            'command = "x"\nschedule = { cron = "61 * * * *" }',
            ':3: kernels.web.schedule.cron is "61 * * * *"; expected five fields',
        ),
        ("web", 'command = "x"\nschedule = { cron = "x" }', ':3: kernels.web.schedule.cron is "x"; expected five fie'),
        ("web", 'command = "x"\nschedule = { cron = "0 0 31 2 *" }', ":3: kernels.web.schedule.cron is"),
        (
            "web",
            'command = "x"\nready = { tcp = "a:1" }\nschedule = { every = "5m" }',
            ":3: kernels.web.ready cannot be asked of a program that runs on a schedule",
        ),
        ("web", 'command = "x"\nschedule = {}', ":3: kernels.web.schedule has neither cron nor every"),
        (
            "web",
            'command = "x"\nschedule = { every = "5m", zone = "Mars/X" }',
            ':3: kernels.web.schedule.zone is "Mars/X"; expected a time zone',
        ),
        ("web", 'command = "x"\nreplicas = 1000', ":3: kernels.web.replicas is 1000; expected a whole number from 1"),
        ("web", 'command = "x"\nsuccess_codes = [300]', ":3: kernels.web.success_codes is [300]; expected a list"),
        ("web", 'command = "x"\nisolation = "task"', ":3: kernels.web.isolation is for kernels of a file"),
        ("web", 'command = "x"\nheartbeat_timeout = 5', ":3: kernels.web.heartbeat_timeout is for kernels of a file"),
        ("web", 'command = "x"\nfollows = ["librarian"]', ":3: kernels.web.follows needs requires"),
        ("web", 'command = "x"\nmemory = "lots"', ':3: kernels.web.memory is "lots"; expected bytes, or a size'),
        ("librarian", 'memory = "64M"', ":2: kernels.librarian.memory limits a process; set isolation"),
        ("librarian", 'restart = "always"', ':2: kernels.librarian.restart is "always"; expected "permanent", '),
        (
            "librarian",
            'requires = ["message_bus"]\nfollows = ["web"]',
            ":3: kernels.librarian.follows is ['web']; expected names out of requires",
        ),
        ("librarian", 'requires = { message_bus = "up" }', ":2: kernels.librarian.requires is a table; expected a l"),
    ],
)
def test_refusal_names_place_value_and_what_is_right(folder: Path, name: str, table: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        kernel(folder, name, table)
    assert str(caught.value).startswith(f"{folder}/grace.toml{message}")
