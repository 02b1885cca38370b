"""`grace-tui new DIR`: a workspace of one's own, perhaps with the programs that another process manager had."""

from pathlib import Path

import click

from grace_tui.cli.exits import DONE, WRONG, Ended
from grace_tui.cli.opening import talk
from grace_tui.cli.text import clean
from grace_tui.workspace import kernel_names, make_workspace

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--from-procfile", "procfile", metavar="FILE", type=FILE, help="Take over the processes of a Procfile.")
@click.option("--from-process-compose", "compose", metavar="FILE", type=FILE, help="… of a process-compose.yaml.")
@click.option("--bare", is_flag=True, help="Leave kernels/ empty: only programs, and first aid alone to repair them.")
def command(folder: Path, procfile: Path | None, compose: Path | None, bare: bool) -> int:
    """Make a workspace in DIR, with the shipped kernels and themes.

    What an imported file says that has no counterpart here is told line by line, and stands as comments in grace.toml.
    """
    if procfile and compose:
        raise Ended("--from-procfile and --from-process-compose: name one of them", WRONG)
    text, remarks = _imported(folder, procfile, compose, bare)
    made = make_workspace(folder, settings=text, bare=bare)
    print(made.root)
    for remark in remarks:
        talk(f"  {remark}")
    talk(clean(f"made {made.root}; open it with `cd {folder} && grace-tui`"))
    return DONE


def _imported(
    folder: Path, procfile: Path | None, compose: Path | None, bare: bool
) -> tuple[str | None, tuple[str, ...]]:
    """The grace.toml, and what there is to be said about it; None for the one that shows every setting."""
    if not (procfile or compose):
        return None, ()
    from grace_tui.cli.importing import read_procfile, settings_text

    if compose:
        from grace_tui.cli.importing.compose import read_compose

        found = read_compose(compose, folder)
    elif procfile:
        found = read_procfile(procfile, folder)
    imported = settings_text(found, () if bare else kernel_names())
    return imported.text, imported.remarks
