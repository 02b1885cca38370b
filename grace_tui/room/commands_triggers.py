"""Commands about triggers: list the rules, show one, measure now, accept what is there as good, drill one.

The rules are trigger_mesh's; while it is down these commands say so.
"""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.spelling import duration, in_units, plural
from grace_tui.room.asking import ask_kernel
from grace_tui.room.commanding import Answer, Arguments, Command, answer, word
from grace_tui.room.telling import fields

if TYPE_CHECKING:
    from grace_tui.room.core import Room

MESH = "trigger_mesh"
PATIENCE = 18.0
"""A check of every rule, or a drill, may wait for programs; whoever asks for it waits a little longer."""
RECENT_SHOWN, SUBJECTS_SHOWN = 12, 20


async def trigger_list(room: "Room", arguments: Arguments, by: str) -> Answer:
    rules = await _ask(room, by, "rules")
    return answer("", {"rules": rules, "trouble": await _ask(room, by, "trouble")})


async def trigger_show(room: "Room", arguments: Arguments, by: str) -> Answer:
    detail = await _ask(room, by, "show", word(arguments, "name"))
    return answer(told(detail), detail)


async def trigger_check(room: "Room", arguments: Arguments, by: str) -> Answer:
    """Measure one rule now, or all of them."""
    rules = await _ask(room, by, "check_now", _names(arguments))
    firing = [rule["name"] for rule in rules if rule["firing"]]
    found = f"firing: {', '.join(firing)}" if firing else "none fires"
    return answer(f"{len(rules)} checked; {found}", {"rules": rules})


async def trigger_accept(room: "Room", arguments: Arguments, by: str) -> Answer:
    name = word(arguments, "name")
    taken = await _ask(room, by, "accept", name)
    return answer(f"{name}: accepted {taken}", {"rule": name, "accepted": taken})


async def trigger_drill(room: "Room", arguments: Arguments, by: str) -> Answer:
    report = await _ask(room, by, "drill", word(arguments, "name"))
    ended = "and was resolved again" if report["resolved"] else "and is NOT resolved"
    came = f"fired as {report['incident_id']} {ended}" if report["fired"] else "did not fire"
    how = ", with its limit lowered to what was measured" if report["how"] == "threshold" else ""
    text = f"{report['rule']} {came} ({report['seconds'] * 1000:.0f} ms{how}): {report['text']}"
    return answer(text, report, ok=report["fired"] and report["resolved"])


def told(detail: Mapping[str, Any]) -> str:
    """Everything about one rule, for people."""
    rule = detail["rule"]
    value = "not measured yet" if rule["value"] is None else _amount(rule["value"], rule["unit"])
    fired = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(rule["last_fired"])) if rule["last_fired"] else ""
    lines = [
        f"{rule['name']}: {'firing' if rule['firing'] else 'quiet'}",
        rule["says"],
        "",
        *fields(
            ("value", f"{value}  {rule['detail']}".rstrip()),
            ("fires", f"from {_amount(rule['threshold'], rule['unit'])} on; clear at {rule['clear']:g}"),
            ("for", ", ".join(subject or "the room" for subject in rule["firing"])),
            ("incidents", ", ".join(rule["incidents"])),
            ("severity", rule["severity"]),
            ("route", rule["route"] or "the playbooks' conditions decide"),
            ("fired", f"{plural(rule['fired'], 'time')}{f', last {fired}' if fired else ''}"),
            ("quiet for", duration(rule["cool_down_left"]) if rule["cool_down_left"] else ""),
            ("next check", f"in {duration(rule['next_check'])}, every {duration(rule['every'])}"),
            ("also on", ", ".join(rule["on"])),
            ("took", f"{rule['took_ms']:g} ms"),
            ("file", rule["file"]),
        ),
        *_part("parameters", [f"{name} = {value}" for name, value in detail["parameters"]]),
        *_part("measured", [_subject(one) for one in detail["subjects"][:SUBJECTS_SHOWN] if one["subject"]]),
        *_part("recently", [_point(at, value) for at, value in detail["recent"][-RECENT_SHOWN:]]),
    ]
    return "\n".join(lines)


def _part(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, *(f"  {line}" for line in lines)] if lines else []


def _subject(one: Mapping[str, Any]) -> str:
    mark = f"  fires ({one['incident_id'] or 'no incident'})" if one["firing"] else ""
    return f"{one['value']:g}  {one['subject']}  {one['detail']}{mark}".rstrip()


def _point(at: float, value: float) -> str:
    return f"{time.strftime('%H:%M:%S', time.localtime(at))}  {value:g}"


def _names(arguments: Arguments) -> list[str]:
    if arguments.get("name"):
        return [word(arguments, "name")]
    names = arguments.get("names", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise GraceError(f"names is {names!r}; expected a list of rules")
    return names


async def _ask(room: "Room", by: str, method: str, *arguments: object) -> Any:
    """What trigger_mesh answers, as plain data: its classes are not known here."""
    return msgspec.to_builtins(await ask_kernel(room, by, MESH, method, *arguments, within=PATIENCE))


def _amount(value: float, unit: str) -> str:
    return f"{value:g} {in_units(value, unit)}".rstrip()


COMMANDS: Mapping[str, Command] = {
    "trigger.list": Command(trigger_list),
    "trigger.show": Command(trigger_show),
    "trigger.check": Command(trigger_check, acts=True),
    "trigger.accept": Command(trigger_accept, acts=True),
    "trigger.drill": Command(trigger_drill, acts=True),
}
