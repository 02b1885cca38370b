"""A process-compose.yaml becomes tables of grace.toml; every key of it is carried over or told."""

from pathlib import Path

import pytest

from grace_tui.cli.importing.compose import HANDLED, OF_A_PROCESS, OF_THE_ROOM
from grace_tui.runtime.hosts.command.spec import Check, Schedule
from grace_tui.settings import KernelSettings, load_settings
from tests.cli.fake_room import Shell

FULL = """\
version: "0.5"
log_level: debug
environment:
  - "GLOBAL=1"
shell: {shell_command: zsh, shell_argument: "-c"}
processes:
  db:
    command: postgres -D data
    working_dir: /srv
    description: the database
    namespace: back
    availability: {restart: always, backoff_seconds: 2, max_restarts: 7}
    readiness_probe:
      exec: {command: "pg_isready -q"}
      initial_delay_seconds: 1
      period_seconds: 5
      timeout_seconds: 3
      failure_threshold: 6
    liveness_probe:
      http_get: {host: "::1", port: 9187, path: health}
      failure_threshold: 4
  migrate:
    command: "echo $$HOME && migrate"
    depends_on:
      db: {condition: process_healthy}
    availability: {restart: on_failure}
  Web:
    command: "myapp serve"
    is_tty: true
    environment: {PORT: 08, DEBUG: no}
    depends_on:
      migrate: {condition: process_completed_successfully}
      queue: {condition: process_log_ready}
      db:
    shutdown: {signal: 2, timeout_seconds: 4, command: "bye"}
    replicas: 2
  queue:
    command: beanstalkd
    ready_log_line: "listening ("
    disabled: yes
  report:
    command: report --daily
    schedule: {cron: "0 3 * * *", timezone: Europe/Berlin, run_on_start: true, max_concurrent: 2}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def imported(grace: Shell, text: str) -> dict[str, KernelSettings]:
    Path("pc.yaml").write_text(text)
    assert grace("new", "room", "--from-process-compose", "pc.yaml", "--bare") == 0, grace.err
    return dict(load_settings(Path("room/grace.toml")).kernels)


def test_processes_are_carried_over(grace: Shell) -> None:
    kernels = imported(grace, FULL)
    assert list(kernels) == ["db", "migrate", "web-1", "web-2", "queue", "report"]
    db, web = kernels["db"].command, kernels["web-2"].command
    assert db
    assert web
    assert (db.argv, db.cwd, db.env) == (("postgres", "-D", "data"), "/srv", {"GLOBAL": "1"})
    assert db.ready == Check("exec", ("pg_isready", "-q"), delay=1.0, interval=5.0, timeout=3.0, failures=1)
    assert db.alive == Check("http", "http://[::1]:9187/health", interval=10.0, timeout=1.0, failures=4)
    assert kernels["db"].overrides == {
        "restart": "permanent",
        "intensity": 7,
        "period": 86400.0,
        "start_timeout": 31.0,
    }
    assert (web.env, web.stop_signal, web.stop_timeout) == ({"GLOBAL": "1", "PORT": "08", "DEBUG": "no"}, "SIGINT", 4.0)


def test_dependencies_keep_their_conditions(grace: Shell) -> None:
    kernels = imported(grace, FULL)
    assert kernels["migrate"].overrides["requires"] == ("db",)
    assert kernels["migrate"].overrides["conditions"] == {}
    assert kernels["web-1"].overrides["requires"] == ("migrate", "queue", "db")
    assert kernels["web-1"].overrides["conditions"] == {"migrate": "completed", "db": "started"}
    assert kernels["migrate"].overrides["restart"] == "transient"


def test_shell_features_go_through_the_shell_of_the_file(grace: Shell) -> None:
    command = imported(grace, FULL)["migrate"].command
    assert command
    assert command.argv == ("zsh", "-c", "echo $HOME && migrate")


def test_log_line_schedule_and_disabled_are_carried_over(grace: Shell) -> None:
    kernels = imported(grace, FULL)
    queue, report = kernels["queue"], kernels["report"].command
    assert queue.command
    assert report
    assert (queue.enabled, queue.command.ready) == (False, Check("log", r"listening\ \(", failures=1))
    assert report.schedule == Schedule(cron="0 3 * * *", zone="Europe/Berlin", run_at_start=True)
    assert kernels["report"].overrides["restart"] == "temporary"


def test_what_is_not_carried_over_is_told_and_stands_in_the_file(grace: Shell) -> None:
    imported(grace, FULL)
    text = Path("room/grace.toml").read_text()
    for remark in (
        "log_level is not carried over: the room has its own",
        "db: namespace is not carried over: there are no namespaces",
        "db: availability.backoff_seconds is not carried over",
        "web: is_tty is not carried over: programs get no terminal",
        "web: shutdown.command is not carried over",
        "report: schedule.max_concurrent is not carried over",
        "web: was named Web",
    ):
        assert remark in grace.err
        assert remark.rpartition(": ")[2] in text
    assert "# the database" in text


def test_unknown_key_is_told(grace: Shell) -> None:
    imported(grace, "processes: {a: {command: x, quux: 1}}\nzap: {}\n")
    assert "a: quux is not carried over" in grace.err
    assert "zap is not carried over" in grace.err


def test_every_key_is_carried_over_or_told(grace: Shell) -> None:
    told = [*OF_A_PROCESS]
    keys = "".join(f"    {key}: true\n" for key in told if key not in ("vars", "log_configuration"))
    imported(grace, f"processes:\n  a:\n    command: x\n{keys}" + "".join(f"{key}: x\n" for key in OF_THE_ROOM))
    for key in told:
        assert key in ("vars", "log_configuration") or f"a: {key} is not carried over" in grace.err
    for key in OF_THE_ROOM:
        assert f"{key} is not carried over" in grace.err
    assert not HANDLED & set(told)


def test_merge_keys_are_understood(grace: Shell) -> None:
    text = "x-base: &base {command: run, replicas: 2}\nprocesses:\n  a: {<<: *base}\n  b: {<<: *base, replicas: 1}\n"
    assert list(imported(grace, text)) == ["a-1", "a-2", "b"]


def test_dotenv_beside_it_is_taken_unless_it_is_declined(grace: Shell) -> None:
    Path(".env").write_text("A=1\n")
    kernels = imported(grace, "processes:\n  a: {command: x}\n  b: {command: x, is_dotenv_disabled: true}\n")
    a, b = kernels["a"].command, kernels["b"].command
    assert a
    assert b
    assert [Path(file).name for file in a.env_files] == [".env"]
    assert b.env_files == ()


A = "processes:\n  a:\n    command: x\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("processes: [", "pc.yaml:1: not YAML: "),
        ("- a\n", "pc.yaml:1: is no mapping"),
        ("version: 1\n", "pc.yaml: has no process"),
        ("processes:\n  a: {}\n", "pc.yaml:2: processes.a has no command"),
        (
            f"{A}    command: y\n",
            "pc.yaml:4: processes.a.command stands in line 3 already",
        ),
        ("processes:\n  a:\n    command: [x]\n", "pc.yaml:3: processes.a.command is ['x']; expected text"),
        (
            f"{A}    replicas: two\n",
            'pc.yaml:4: processes.a.replicas is "two"; expected a whole number from 0 up',
        ),
        (
            f"{A}    availability:\n      restart: sometimes\n",
            'pc.yaml:5: processes.a.availability.restart is "sometimes"; expected no, on_failure, always',
        ),
        (
            A + "    depends_on:\n      b: {condition: process_ready}\n",
            'pc.yaml:5: processes.a.depends_on.b.condition is "process_ready"; expected process_started',
        ),
        (
            A + "    depends_on: {b: {condition: process_started}}\n",
            "pc.yaml:4: processes.a.depends_on.b is no process of this file",
        ),
        (f"{A}    environment: [A]\n", 'pc.yaml:4: processes.a.environment is "A"'),
        (
            A + "    shutdown: {signal: 99}\n",
            "pc.yaml:4: processes.a.shutdown.signal is 99",
        ),
        ("processes:\n  a: &a {command: x, vars: *a}\n  b: !!python/name:os.system x\n", "not YAML"),
        (
            A + "    schedule: {cron: nightly}\n",
            "grace.toml: would not be usable: kernels.a",
        ),
        ("a: " + "[" * 5000, "pc.yaml"),
    ],
)
def test_bad_file_is_refused_and_nothing_written(grace: Shell, tmp_path: Path, text: str, message: str) -> None:
    Path("pc.yaml").write_text(text)
    assert grace("new", "room", "--from-process-compose", "pc.yaml") == 2, grace.err
    assert message in grace.err
    assert [entry.name for entry in tmp_path.iterdir()] == ["pc.yaml"]
