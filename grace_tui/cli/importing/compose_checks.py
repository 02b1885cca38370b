"""The probes of process-compose as the checks of a command kernel."""

import re
from collections.abc import Mapping
from typing import Any

from grace_tui.cli.importing.compose_values import At, Values
from grace_tui.cli.importing.found import Process, command_of

PERIOD, TIMEOUT, FAILURES = 10, 1, 3
"""What process-compose takes where nothing is said."""
LEAST_START = 15
"""Seconds that a start may always take."""
_TIMES = {"initial_delay_seconds": "delay", "period_seconds": "interval", "timeout_seconds": "timeout"}


def ready_and_alive(process: Process, data: Mapping[str, Any], at: At, values: Values, shell: tuple[str, ...]) -> None:
    """Give the process its `ready` and `alive`."""
    line = values.text(data, (*at, "ready_log_line"))
    if data.get("readiness_probe"):
        _ready(process, values.mapping(data, (*at, "readiness_probe")), (*at, "readiness_probe"), values, shell)
        if line:
            process.remarks.append("ready_log_line is not carried over: there is a readiness probe")
    elif line:
        # process-compose looks for the text as it stands, or for the expression, whichever the text is.
        process.keys["ready"] = {"log": line if _compiles(line) else re.escape(line)}
        process.keys["start_timeout"] = 60
        process.notes.append("a start without the awaited line of output fails after start_timeout")
    if data.get("liveness_probe"):
        where = (*at, "liveness_probe")
        given = values.mapping(data, where)
        check = _check(process, given, where, values, shell)
        check["failures"] = values.count(given, (*where, "failure_threshold")) or FAILURES
        if "success_threshold" in given:
            process.remarks.append("liveness_probe.success_threshold is not carried over: one good answer is enough")
        process.keys["alive"] = check


def _ready(process: Process, given: Mapping[str, Any], at: At, values: Values, shell: tuple[str, ...]) -> None:
    check = _check(process, given, at, values, shell)
    if successes := values.count(given, (*at, "success_threshold")):
        check["successes"] = successes
    process.keys["ready"] = check
    delay = values.count(given, (*at, "initial_delay_seconds"))
    period = values.count(given, (*at, "period_seconds")) or PERIOD
    failures = values.count(given, (*at, "failure_threshold")) or FAILURES
    process.keys["start_timeout"] = max(delay + period * failures, LEAST_START)
    process.notes.append("a start that is not ready within start_timeout fails: what failure_threshold allowed")


def _check(
    process: Process, given: Mapping[str, Any], at: At, values: Values, shell: tuple[str, ...]
) -> dict[str, object]:
    check: dict[str, object] = {}
    carried = {*_TIMES, "failure_threshold", "success_threshold", "exec", "http_get"}
    if given.get("exec"):
        asked = values.mapping(given, (*at, "exec"))
        line = values.text(asked, (*at, "exec", "command"))
        if not line:
            raise values.document.refuse((*at, "exec"), "has no command")
        check["exec"] = command_of(line, shell)[0]
        _lose(process, asked, (*at, "exec"), {"command"})
    elif given.get("http_get"):
        check["http"] = _url(process, values.mapping(given, (*at, "http_get")), (*at, "http_get"), values)
    else:
        raise values.document.refuse(at, "asks nothing; expected exec or http_get")
    if given.get("exec") and given.get("http_get"):
        process.remarks.append(f"{at[-1]}.http_get is not carried over: exec stands beside it")
    for theirs, default in (("initial_delay_seconds", 0), ("period_seconds", PERIOD), ("timeout_seconds", TIMEOUT)):
        check[_TIMES[theirs]] = values.count(given, (*at, theirs)) or default
    _lose(process, given, at, carried)
    return check


def _url(process: Process, asked: Mapping[str, Any], at: At, values: Values) -> str:
    host = values.text(asked, (*at, "host")) or "127.0.0.1"
    scheme = values.text(asked, (*at, "scheme")) or "http"
    port = values.text(asked, (*at, "port")) or values.text(asked, (*at, "num_port"))
    path = values.text(asked, (*at, "path")) or "/"
    _lose(process, asked, at, {"host", "scheme", "port", "num_port", "path"})
    authority = f"[{host}]" if ":" in host else host
    return f"{scheme}://{authority}{f':{port}' if port else ''}{path if path.startswith('/') else f'/{path}'}"


def _lose(process: Process, given: Mapping[str, Any], at: At, carried: set[str]) -> None:
    for key in given:
        if key not in carried:
            process.remarks.append(f"{'.'.join((*at[2:], key))} is not carried over")


def _compiles(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True
