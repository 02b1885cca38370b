"""`grace-tui silence`: hide incidents for a while, with a reason, and see what was hidden."""

import time
from datetime import datetime

import click

from grace_tui.cli.asking import about_workspace, ask, json_option, show, show_act, show_answer, show_json
from grace_tui.cli.exits import DONE
from grace_tui.cli.opening import talk
from grace_tui.cli.text import Column, clean, moment, table
from grace_tui.faces.views import SilenceView
from grace_tui.workspace import Workspace

COLUMNS = (
    Column("SILENCE"),
    Column("ENDS"),
    Column("HID", right=True),
    Column("FAILURES", right=True, drop=2),
    Column("BY", drop=1),
    Column("HIDES", flexible=True),
    Column("REASON", flexible=True),
)


class Length(click.ParamType[float]):
    """A length of time such as `2h`."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from grace_tui.settings.parsing import span

        try:
            return span(str(value))
        except ValueError as error:
            self.fail(f"{value!r} is not {error}", param, ctx)


class Moment(click.ParamType[float]):
    """A moment as in ISO 8601; without a zone it is local."""

    name = "MOMENT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return datetime.fromisoformat(str(value)).timestamp()
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not a moment such as 2026-12-01T08:00 or 2026-12-01T08:00+01:00", param, ctx)


@click.group()
def command() -> None:
    """Hide incidents for a while, and see what was hidden."""


@command.command("list")
@click.option("--active", "only_active", is_flag=True, help="Only those in force.")
@json_option
@about_workspace
def list_silences(workspace: Workspace, only_active: bool, as_json: bool) -> int:
    """List silences: those in force, the next to end first, then those that ended."""
    found, now = ask(workspace, "silence.list").part("silences", list[SilenceView]), time.time()
    if only_active:
        found = [silence for silence in found if silence.ends_at > now]
    return show_json(found) if as_json else show(table(COLUMNS, [_row(silence, now) for silence in found]))


@command.command("show")
@click.argument("silence_id", metavar="ID")
@json_option
@about_workspace
def show_silence(workspace: Workspace, silence_id: str, as_json: bool) -> int:
    """Show a silence and its ledger: what it hid, how often, and when."""
    return show_answer(ask(workspace, "silence.show", id=silence_id), as_json)


@command.command("add")
@click.option("--kernel", metavar="PATTERN", help="Kernels to hide incidents of; * is anything, ? one character.")
@click.option("--kind", metavar="PATTERN", help="Type of the failure, such as TimeoutError.")
@click.option("--title", metavar="PATTERN", help="Title of the incident.")
@click.option("--signature", metavar="PATTERN", help="Its signature, strict or coarse.")
@click.option("--phase", metavar="PATTERN", help="Where it failed: start, probe, run, stop and so on.")
@click.option("--reason", required=True, help="Why; shown with what is hidden.")
@click.option("--for", "length", type=Length(), help="How long, such as 90s, 30m, 2h or 1d 12h; at most 31 days.")
@click.option("--until", type=Moment(), help="Until when, such as 2026-12-01T08:00; local without a zone.")
@click.option("--dry-run", is_flag=True, help="Only list what it would hide now.")
@json_option
@about_workspace
def add_silence(
    workspace: Workspace,
    reason: str,
    length: float | None,
    until: float | None,
    dry_run: bool,
    as_json: bool,
    **patterns: str | None,
) -> int:
    """Hide the incidents that fit every pattern given, until the silence ends.

    Kernels are restarted all the same. What happens while it is hidden is counted, and comes back with the end.
    """
    matcher = {name: pattern for name, pattern in patterns.items() if pattern is not None}
    if not matcher:
        raise click.UsageError(f"say what to hide: one of {', '.join(f'--{name}' for name in patterns)}")
    if (length is None) == (until is None):
        raise click.UsageError("say when it ends: either --for or --until")
    if dry_run:
        return show_answer(ask(workspace, "silence.preview", matcher=matcher), as_json)
    end = {"for": length} if until is None else {"ends_at": until}
    answer = ask(workspace, "silence.add", matcher=matcher, reason=reason, **end)
    if as_json:
        return show_json(answer.data)
    for line in answer.text.splitlines():
        talk(clean(line))
    return DONE


@command.command("end")
@click.argument("silence_id", metavar="ID")
@click.option("--reason", default="", help="Why; kept in the audit log.")
@json_option
@about_workspace
def end_silence(workspace: Workspace, silence_id: str, reason: str, as_json: bool) -> int:
    """End a silence now: what happened while it was hidden comes back."""
    answer = ask(workspace, "silence.end", id=silence_id, reason=reason)
    return show_act(answer, as_json, silence=silence_id, act="end")


def _row(found: SilenceView, now: float) -> tuple[str, ...]:
    ends = moment(found.ends_at)[:16] if found.ends_at > now else "ended"
    return found.id, ends, str(found.hidden), str(found.failures), found.by, found.matcher, found.reason
