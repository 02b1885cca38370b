"""`grace-tui trigger`: the rules that watch the room, what they measure, and drills that make them fire."""

import click
import msgspec

from grace_tui.cli.asking import about_workspace, ask, json_option, question, show, show_act, show_answer, show_json
from grace_tui.cli.exits import BAD, DONE
from grace_tui.cli.opening import talk
from grace_tui.cli.text import Column, clean, table
from grace_tui.workspace import Workspace

COLUMNS = (
    Column("TRIGGER"),
    Column("VALUE", right=True),
    Column("LIMIT", right=True),
    Column("UNIT", drop=2),
    Column("STATE"),
    Column("NEXT", right=True, drop=3),
    Column("ROUTE", drop=1),
    Column("MEASURED", flexible=True),
)
PATIENCE = 25.0


class Rule(msgspec.Struct, frozen=True):
    """What a line of the list shows."""

    name: str
    unit: str
    threshold: float
    route: str
    value: float | None
    detail: str
    firing: tuple[str, ...]
    next_check: float
    cool_down_left: float
    problem: str


@click.group()
def command() -> None:
    """List, check and drill the rules that watch the room."""


@command.command("list")
@json_option
@about_workspace
def list_triggers(workspace: Workspace, as_json: bool) -> int:
    """List the rules: what each last measured, its limit, whether it fires, and when it is measured next."""
    answer = ask(workspace, "trigger.list")
    if as_json:
        return show_json(answer.data)
    if trouble := answer.part("trouble", str):
        talk(clean(trouble))
    return _show_rules(answer.part("rules", list[Rule]))


@command.command("show")
@click.argument("name", metavar="NAME")
@json_option
@about_workspace
def show_trigger(workspace: Workspace, name: str, as_json: bool) -> int:
    """Show one rule with its subjects and its recent values."""
    return show_answer(ask(workspace, "trigger.show", name=name), as_json)


@command.command("check")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@json_option
@about_workspace
def check_triggers(workspace: Workspace, names: tuple[str, ...], as_json: bool) -> int:
    """Measure these rules now, or all of them; exit code 1 where one fires."""
    answer = ask(workspace, "trigger.check", PATIENCE, names=list(names))
    rules = answer.part("rules", list[Rule])
    if as_json:
        show_json(answer.data)
    else:
        _show_rules(rules)
    return BAD if any(rule.firing for rule in rules) else DONE


@command.command("accept")
@click.argument("name", metavar="NAME")
@click.option("--reason", default="", help="Why; kept in the audit log.")
@json_option
@about_workspace
def accept_trigger(workspace: Workspace, name: str, reason: str, as_json: bool) -> int:
    """Take what is there now as good, for a rule that compares with what was accepted."""
    answer = ask(workspace, "trigger.accept", PATIENCE, name=name, reason=reason)
    return show_act(answer, as_json, trigger=name, act="accept")


@command.command("drill")
@click.argument("name", metavar="NAME")
@json_option
@about_workspace
def drill_trigger(workspace: Workspace, name: str, as_json: bool) -> int:
    """Make a rule fire on harmless input: an incident marked as a drill, which nobody answers and which ends by itself.

    Exit code 1 where it does not fire, or is not undone.
    """
    answer = question(workspace, "trigger.drill", PATIENCE, name=name)
    if as_json and answer.data:
        show_json(answer.data)
    else:
        talk(clean(answer.text))
    return DONE if answer.ok else BAD


def _show_rules(rules: list[Rule]) -> int:
    return show(table(COLUMNS, [_row(rule) for rule in rules]))


def _row(rule: Rule) -> tuple[str, ...]:
    value = "–" if rule.value is None else f"{rule.value:g}"
    state = "firing" if rule.firing else "quiet" if rule.cool_down_left else "ok"
    if rule.problem:
        state = "unknown"
    next_check = f"{rule.next_check:.0f} s"
    return (
        rule.name,
        value,
        f"{rule.threshold:g}",
        rule.unit,
        state,
        next_check,
        rule.route,
        rule.problem or rule.detail,
    )
