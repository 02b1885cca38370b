"""`grace-tui heal`: run any Python command, and repair what it fails of. Needs no open room, and no workspace."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grace_tui.cli.asking import json_option, show_json
from grace_tui.cli.exits import BAD, DONE, INTERRUPTED, WRONG, Ended
from grace_tui.cli.opening import talk

if TYPE_CHECKING:
    from grace_tui.healing.repair.heal import Home, Report, Session
    from grace_tui.healing.repair.patch import Patch

TERMINATED = 143
SIGNALS = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED, signal.SIGHUP: 129}


class Heal(click.Command):
    """Notes whether `undo` is our word or the command's: `heal undo`, but `heal -- undo`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.obj = "--" in args and args.index("--") < (args.index("undo") if "undo" in args else len(args))
        return super().parse_args(ctx, args)


@click.command(cls=Heal, context_settings={"allow_interspersed_args": False})
@click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="Repair only below this folder; the current one if not said.",
)
@click.option("--dry-run", is_flag=True, help="Print the diff that heals it, and change nothing.")
@click.option(
    "--keep-partial", is_flag=True, help="Keep the steps that made progress, even if the command still fails."
)
@click.option("--rewrite-moved", is_flag=True, help="Let relative imports of a file that was moved be rewritten.")
@click.option("--install", is_flag=True, help="Let missing distributions be installed.")
@click.option("--steps", type=click.IntRange(1, 1000), default=60, show_default=True, help="Repairs in turn, at most.")
@click.option("--time", "seconds", type=click.FloatRange(1), default=600.0, show_default=True, help="Seconds, at most.")
@json_option
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND… | undo [ID]")
@click.pass_context
def command(
    ctx: click.Context,
    root: Path,
    dry_run: bool,
    keep_partial: bool,
    rewrite_moved: bool,
    install: bool,
    steps: int,
    seconds: float,
    as_json: bool,
    command: Sequence[str],
) -> int:
    """Run COMMAND, and repair below DIR what it fails of; 1 if not healed.

    While COMMAND dies of a Python failure, the provider of the broken interface is found and repaired in a trial, until
    COMMAND succeeds there. Then all changes are applied at once and COMMAND runs for real; unless it succeeds, every
    file is as it was. `grace-tui heal undo` takes the last heal back.
    """
    from grace_tui.healing.repair.allowed import Allowed
    from grace_tui.healing.repair.heal import Ledger, Session, Wanted, alone, home_of
    from grace_tui.healing.repair.heal.telling import to_stderr

    root = root.resolve()
    home = home_of(root)
    if command[:1] == ("undo",) and not ctx.obj:
        return undo(home, command[1:], as_json)
    if not command:
        raise Ended("heal needs a command: grace-tui heal -- python -m yours", WRONG)
    wanted = Wanted(
        tuple(command),
        root,
        Path.cwd(),
        dry_run,
        keep_partial,
        Allowed(rewrite_moved, install),
        steps,
        seconds,
        all_to_stderr=as_json or dry_run,
    )
    with alone(ready(home)):
        ledger = Ledger(home)
        session = Session(wanted, home, ledger, to_stderr, None if as_json or not _terminal() else _ask)
        session.report.recovered = ledger.recover()
        for line in session.report.recovered:
            to_stderr(line)
        code = asyncio.run(_heal(session))
    return _end(session.report, code, as_json)


def undo(home: "Home", words: Sequence[str], as_json: bool) -> int:
    """Take a heal back, exactly."""
    from grace_tui.healing.repair.heal import Ledger, alone
    from grace_tui.healing.repair.heal.memory import Memory

    if len(words) > 1:
        raise Ended(f"undo takes one id at most, not {' '.join(words)}", WRONG)
    with alone(ready(home)):
        ledger = Ledger(home)
        for line in ledger.recover():
            talk(line)
        heal = ledger.last(*words)
        ledger.take_back(heal)
        Memory(home).taken_back(heal.id)
    if as_json:
        return show_json({"undone": heal.id, "files_changed": heal.files})
    talk(f"{heal.id} is undone: {', '.join(heal.files)} {'is' if len(heal.files) == 1 else 'are'} as before")
    return DONE


async def _heal(session: "Session") -> int:
    """Heal, and return the exit code. A signal ends it in order: what was applied and not proven is taken back."""
    from grace_tui.healing.repair.heal.real import NoCommand

    loop, work = asyncio.get_running_loop(), asyncio.ensure_future(session.heal())
    came: list[signal.Signals] = []

    def ended_by(number: signal.Signals) -> None:
        came.append(number)
        work.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, ended_by, number)
    try:
        report = await work
    except NoCommand as error:
        raise Ended(str(error), WRONG) from error
    except asyncio.CancelledError:
        session.report.reason = session.report.reason or "interrupted"
        return SIGNALS[came[0]] if came else INTERRUPTED
    return DONE if report.healed or report.would_heal else BAD


def _end(report: "Report", code: int, as_json: bool) -> int:
    from grace_tui.healing.repair.heal.telling import ending, to_stderr

    for line in ending(report):
        to_stderr(line)
    if as_json:
        show_json(report.plain())
    elif report.dry_run and report.diff:
        print(report.plain()["diff"], end="")
    return code


def ready(home: "Home") -> "Home":
    try:
        home.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Ended(f"no place for the journal: {error}; set XDG_STATE_HOME to a folder of yours", WRONG) from error
    return home


def _terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _ask(question: str, patches: "Sequence[Patch]") -> int | None:
    """Let the person at the terminal choose one; Enter is none."""
    from grace_tui.healing.repair.heal.telling import candidates, to_stderr

    to_stderr(f"{question}:\n{candidates(patches)}")
    choices = "y/N" if len(patches) == 1 else f"1-{len(patches)}, Enter for none"
    print(f"heal: which one? [{choices}] ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline().strip().lower()
    if len(patches) == 1 and answer in ("y", "yes"):
        return 0
    return int(answer) - 1 if answer.isdecimal() and 1 <= int(answer) <= len(patches) else None
