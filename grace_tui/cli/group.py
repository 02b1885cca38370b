"""The table of verbs. A verb's module is imported when the verb is called, or when help lists it."""

import difflib
import importlib
from collections.abc import Sequence
from pathlib import Path

import click

from grace_tui import __version__
from grace_tui.cli.asking import workspace_option
from grace_tui.cli.exits import INTERRUPTED, WRONG, Ended
from grace_tui.cli.opening import DRILLS, open_here, talk

VERBS = (
    "up",
    "attach",
    "down",
    "status",
    "kernel",
    "incident",
    "silence",
    "trigger",
    "playbook",
    "task",
    "snapshot",
    "knowledge",
    "audit",
    "drill",
    "heal",
    "preflight",
    "new",
    "doctor",
)
HIDDEN = ("serve",)


class Verbs(click.Group):
    """Finds `grace_tui.cli.verbs.NAME.command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS + HIDDEN:
            return None
        command = importlib.import_module(f"grace_tui.cli.verbs.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            near = difflib.get_close_matches(args[0], VERBS, n=1)
            right = f"did you mean {near[0]}?" if near else f"there are {', '.join(VERBS)}"
            raise click.UsageError(f"{args[0]} is not a verb; {right}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 the thing asked about is bad, 2 the call was wrong, 3 no room is open.",
)
@workspace_option
@click.option("--drill", type=click.Choice(DRILLS), help="Break a room of its own while you watch.")
@click.version_option(__version__, "-V", "--version", message="grace-tui %(version)s")
@click.pass_context
def group(ctx: click.Context, workspace: Path | None, drill: str | None) -> None:
    """A terminal control room for a self-healing Python runtime.

    Without a verb: open the room of the current folder, or join it where it is open already.
    """
    ctx.obj = workspace
    if ctx.invoked_subcommand is None:
        ctx.exit(open_here(workspace, drill))
    if drill:
        raise Ended(f"--drill opens a room; leave out {ctx.invoked_subcommand}", WRONG)


def call(arguments: Sequence[str]) -> int:
    """Run one verb and return its exit code; a wrong call is explained on stderr."""
    try:
        code = group.main(list(arguments), prog_name="grace-tui", standalone_mode=False)
    except click.Abort:
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return WRONG
    except click.ClickException as error:
        talk(f"grace-tui: {_one_line(error)}")
        return WRONG
    return code if isinstance(code, int) else 0


def _one_line(error: click.ClickException) -> str:
    """What is wrong with a call, and where it says what would be right."""
    text = " ".join(error.format_message().split()).rstrip(".")
    text = text[:1].lower() + text[1:]
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{text} (see `{context.command_path} --help`)" if context else text
