"""A process-compose.yaml: each process as a table of grace.toml. What has no counterpart is said, key by key."""

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from grace_tui.cli.importing.compose_checks import ready_and_alive
from grace_tui.cli.importing.compose_values import Values
from grace_tui.cli.importing.found import Found, ImportRefused, Process, command_of, relative
from grace_tui.cli.importing.yamltext import Document, read_yaml

CONDITIONS = {
    "process_started": "started",
    "process_healthy": "ready",
    "process_log_ready": "ready",
    "process_completed": "completed",
    "process_completed_successfully": "completed",
}
RESTARTS = {"no": "temporary", "on_failure": "transient", "always": "permanent", "exit_on_failure": "temporary"}
LONG = 86400
"""Seconds that stand for a limit without a period."""
OF_THE_ROOM = {
    "log_level": "the room has its own",
    "log_location": "every kernel has its log in logs/NAME.jsonl",
    "log_length": "`kernel logs -n` says how many lines",
    "log_configuration": "logs are rotated at 5 MB, three are kept",
    "log_format": "logs are JSON lines",
    "is_strict": "an unknown key is always refused",
    "is_tui_disabled": "`up --detach` opens a room without a screen",
    "ordered_shutdown": "kernels always stop before those they require",
}
OF_A_PROCESS = {
    "log_location": "its log is logs/NAME.jsonl",
    "log_configuration": "its log is rotated at 5 MB, three are kept",
    "namespace": "there are no namespaces; replicas are the only groups",
    "is_daemon": "a program that goes to the background cannot be supervised; make its command stay in front",
    "is_foreground": "no program gets the terminal",
    "is_tty": "programs get no terminal",
    "is_elevated": "set user, and open the room as root",
    "launch_timeout_seconds": "it is for programs that go to the background",
    "disable_ansi_colors": "set NO_COLOR in env",
    "vars": "there are no templates",
}


def read_compose(path: Path, root: Path) -> Found:
    """The processes of a process-compose.yaml, for a workspace in `root`.

    Raises:
        ImportRefused: it is no YAML, or a value is not what it should be.
    """
    return _Reader(read_yaml(path), root).found()


class _Reader:
    def __init__(self, document: Document, root: Path) -> None:
        self.values, self.root = Values(document), root
        self.folder = document.path.parent
        self.data = document.data
        self.result = Found(document.path, [])
        self.shell = ("bash", "-c")
        self.takes_env_file = True

    def found(self) -> Found:
        values = self.values
        processes = values.mapping(self.data, ("processes",))
        if not processes:
            raise ImportRefused(self.result.source, 0, "has no process; expected some below `processes:`")
        shell = values.mapping(self.data, ("shell",))
        if shell:
            command = values.text(shell, ("shell", "shell_command")) or self.shell[0]
            self.shell = (command, values.text(shell, ("shell", "shell_argument")) or self.shell[1])
        environment = values.environment(self.data, ("environment",))
        for key in self.data:
            if key not in ("version", "name", "processes", "shell", "environment"):
                why = OF_THE_ROOM.get(key, "")
                self.result.remarks.append(_lost(key, why))
        for name in processes:
            self.result.processes.append(
                self._process(name, values.mapping(processes, ("processes", name)), environment)
            )
        self._settle_dependencies()
        self.result.remarks.append("a kernel that fails again and again waits longer each time, and is quarantined")
        return self.result

    def _process(self, name: str, data: Mapping[str, Any], environment: Mapping[str, str]) -> Process:
        process = Process(name)
        at = ("processes", name)
        self._command(process, data, at)
        self._place(process, data, at, environment)
        known: Mapping[str, Callable[[Process, Mapping[str, Any], tuple[str, ...]], None]] = {
            "availability": self._availability,
            "depends_on": self._depends_on,
            "shutdown": self._shutdown,
            "schedule": self._schedule,
            "replicas": self._replicas,
            "disabled": self._disabled,
            "description": self._description,
        }
        if "availability" not in data:
            process.keys["restart"] = RESTARTS["no"]
        ready_and_alive(process, data, at, self.values, self.shell)
        for key in data:
            if key in known:
                known[key](process, data, (*at, key))
            elif key not in HANDLED:
                process.remarks.append(_lost(key, OF_A_PROCESS.get(key, "")))
        return process

    def _command(self, process: Process, data: Mapping[str, Any], at: tuple[str, ...]) -> None:
        line = self.values.text(data, (*at, "command"))
        entrypoint = self.values.texts(data, (*at, "entrypoint"))
        if line:
            if "{{" in line:
                process.remarks.append("command: templates are not filled in")
            words, needs_shell = command_of(line.replace("$$", "$"), self.shell)
            process.keys["command"] = words
            if needs_shell:
                process.notes.append("a shell runs this one: its line has what only a shell understands")
            if entrypoint:
                process.remarks.append(_lost("entrypoint", "command stands beside it"))
        elif entrypoint:
            process.keys["command"] = entrypoint
        else:
            raise self.values.document.refuse(at, "has no command")

    def _place(self, process: Process, data: Mapping[str, Any], at: tuple[str, ...], shared: Mapping[str, str]) -> None:
        folder = self.folder / (self.values.text(data, (*at, "working_dir")) or ".")
        if (cwd := relative(folder, self.root)) != ".":
            process.keys["cwd"] = cwd
        files = self.values.texts(data, (*at, "env_file"))
        dotenv = self.folder / ".env"
        if dotenv.is_file() and self.values.truth(data, (*at, "is_dotenv_disabled")) is not True:
            files = [".env", *files]
        if files:
            process.keys["env_file"] = [relative(self.folder / file, self.root) for file in files]
        env = {**shared, **self.values.environment(data, (*at, "environment"))}
        if env:
            process.keys["env"] = env
        for key, value in env.items():
            if "$" in value:
                process.remarks.append(f"env.{key}: $ stands for itself here, no variable is filled in")

    def _availability(self, process: Process, data: Mapping[str, Any], at: tuple[str, ...]) -> None:
        given = self.values.mapping(data, at)
        restart = self.values.text(given, (*at, "restart")) or "no"
        if restart not in RESTARTS:
            raise self.values.wrong((*at, "restart"), restart, ", ".join(RESTARTS))
        process.keys["restart"] = RESTARTS[restart]
        if restart == "exit_on_failure":
            process.remarks.append("availability.restart: a failure of it does not close the room")
        most = self.values.count(given, (*at, "max_restarts"))
        if most:
            process.keys["intensity"], process.keys["period"] = min(most, 1000), LONG
            process.notes.append("max_restarts is counted over a day")
        if "backoff_seconds" in given:
            self.values.count(given, (*at, "backoff_seconds"))
            process.remarks.append(_lost("availability.backoff_seconds", "waits grow, see [supervisor] backoff_base"))
        self._lose(process, given, at, {"restart", "max_restarts", "backoff_seconds"})

    def _depends_on(self, process: Process, data: Mapping[str, Any], at: tuple[str, ...]) -> None:
        given = self.values.mapping(data, at)
        required = {}
        for other in given:
            asked = self.values.mapping(given, (*at, other))
            condition = self.values.text(asked, (*at, other, "condition")) or "process_started"
            if condition not in CONDITIONS:
                raise self.values.wrong((*at, other, "condition"), condition, ", ".join(CONDITIONS))
            if condition == "process_completed":
                process.remarks.append(f"depends_on.{other}: it is waited for until it succeeds, not until it ends")
            required[other] = CONDITIONS[condition]
            if other not in self.values.mapping(self.data, ("processes",)):
                raise self.values.document.refuse((*at, other), "is no process of this file")
            self._lose(process, asked, (*at, other), {"condition"})
        process.keys["requires"] = required

    def _shutdown(self, process: Process, data: Mapping[str, Any], at: tuple[str, ...]) -> None:
        given = self.values.mapping(data, at)
        number = self.values.count(given, (*at, "signal"))
        if number:
            try:
                process.keys["stop_signal"] = signal.Signals(number).name
            except ValueError:
                raise self.values.wrong((*at, "signal"), number, "the number of a signal") from None
        seconds = self.values.count(given, (*at, "timeout_seconds"))
        if seconds:
            process.keys["stop_timeout"] = seconds
        self._lose(process, given, at, {"signal", "timeout_seconds"})

    def _schedule(self, process: Process, data: Mapping[str, Any], at: tuple[str, ...]) -> None:
        given = self.values.mapping(data, at)
        schedule: dict[str, object] = {}
        for key, ours in (("cron", "cron"), ("interval", "every"), ("timezone", "zone")):
            if text := self.values.text(given, (*at, key)):
                schedule[ours] = text
        if self.values.truth(given, (*at, "run_on_start")):
            schedule["run_at_start"] = True
        process.keys["schedule"] = schedule
        self._lose(process, given, at, {"cron", "interval", "timezone", "run_on_start"})

    def _replicas(self, process: Process, data: Mapping[str, Any], at: tuple[str, ...]) -> None:
        count = self.values.count(data, at)
        if count > 1:
            process.keys["replicas"] = count
            process.remarks.append("replicas: each has its number, from 1 up, in GRACE_REPLICA and for {replica}")

    def _disabled(self, process: Process, data: Mapping[str, Any], at: tuple[str, ...]) -> None:
        if self.values.truth(data, at):
            process.keys["enabled"] = False

    def _description(self, process: Process, data: Mapping[str, Any], at: tuple[str, ...]) -> None:
        process.notes.insert(0, self.values.text(data, at))

    def _lose(self, process: Process, given: Mapping[str, Any], at: tuple[str, ...], carried: set[str]) -> None:
        """Say what else stands in a table."""
        for key in given:
            if key not in carried:
                process.remarks.append(_lost(".".join((*at[2:], key))))

    def _settle_dependencies(self) -> None:
        """A process that others wait for until it completes must be one that may."""
        by_name = {process.name: process for process in self.result.processes}
        for process in self.result.processes:
            required = process.keys.get("requires")
            for other, condition in required.items() if isinstance(required, dict) else ():
                provider = by_name[other]
                if condition == "completed" and provider.keys["restart"] == "permanent":
                    provider.keys["restart"] = "transient"
                    provider.remarks.append(f"availability.restart: {process.name} waits for its end, so it may end")
                if condition == "ready" and "ready" not in provider.keys:
                    process.remarks.append(
                        f"depends_on.{other}: it has no readiness probe, so it is ready once it runs"
                    )


HANDLED = {
    "command",
    "entrypoint",
    "working_dir",
    "env_file",
    "environment",
    "is_dotenv_disabled",
    "readiness_probe",
    "liveness_probe",
    "ready_log_line",
}
"""Keys of a process that are read apart from the table of the others."""


def _lost(key: str, why: str = "") -> str:
    return f"{key} is not carried over{f': {why}' if why else ''}"
