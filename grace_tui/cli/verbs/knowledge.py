"""`grace-tui knowledge`: remembered fixes, of the room, of a tree that `heal` repaired, or of the user."""

from collections.abc import Callable, Mapping, Sequence
from functools import update_wrapper
from pathlib import Path
from typing import Any

import click
import msgspec

from grace_tui.cli.asking import Answer, ask, json_option, read, show, show_answer, show_json, workspace_option
from grace_tui.cli.exits import DONE
from grace_tui.cli.knowing import Local, local, trusted_parcel
from grace_tui.cli.opening import chosen_workspace, talk
from grace_tui.cli.text import Column, clean, table
from grace_tui.kernel.spelling import plural

COLUMNS = (
    Column("SIGNATURE"),
    Column("OPERATOR", flexible=True),
    Column("HELPED", right=True),
    Column("FAILED", right=True),
    Column("TRUST", right=True),
    Column(""),
)
PATIENCE = 60.0


class Fix(msgspec.Struct, frozen=True):
    signature: str
    operator: str
    successes: int
    failures: int
    confidence: float
    trusted: bool = True
    expired: str = ""
    imported_from: str = ""


Place = Local | Callable[..., Answer]
"""Knowledge on disk, or how to ask the room."""


def about_knowledge(function: Callable[..., int]) -> Callable[..., int]:
    """Give a verb its options, and pass it whose knowledge it is about."""

    def wrapper(workspace: Path | None, root: Path | None, user: bool, **others: Any) -> int:
        found = local(root, user)
        if found is not None:
            return function(found, **others)
        room = chosen_workspace(workspace or click.get_current_context().find_root().obj)
        return function(lambda verb, **args: ask(room, verb, PATIENCE, **args), **others)

    folder = click.Path(path_type=Path, exists=True, file_okay=False)
    for option in (
        click.option("--user", is_flag=True, help="Of this user, whatever the tree; no room is needed."),
        click.option("--root", type=folder, help="Of this tree, as `heal` knows it; no room is needed."),
        workspace_option,
    ):
        wrapper = option(wrapper)
    return update_wrapper(wrapper, function)


@click.group()
def command() -> None:
    """List and look at remembered fixes, and pass them on."""


@command.command("list")
@json_option
@about_knowledge
def list_knowledge(place: Place, as_json: bool) -> int:
    """List remembered fixes."""
    data = _listed(place)
    return show_json(data) if as_json else show(table(COLUMNS, [_row(read(fix, Fix)) for fix in data]))


@command.command("show")
@click.argument("signature", metavar="SIGNATURE")
@json_option
@about_knowledge
def show_knowledge(place: Place, signature: str, as_json: bool) -> int:
    """Show a fix in words: when it applies, what it does, how it went, why it is trusted or not."""
    if not isinstance(place, Local):
        return show_answer(place("knowledge.show", id=signature), as_json)
    from grace_tui.healing.repair.knowledge import as_view

    fix, text = place.told(signature)
    return show_json(as_view(fix)) if as_json else show([clean(line) for line in text.splitlines()])


@command.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("signatures", nargs=-1, metavar="[SIGNATURE…]")
@json_option
@about_knowledge
def export_knowledge(place: Place, file: Path, signatures: Sequence[str], as_json: bool) -> int:
    """Write fixes (all, if none is named) into one FILE, signed with your key."""
    path = file.absolute()
    if isinstance(place, Local):
        count, signed_by = place.export(path, signatures)
        text = f"{plural(count, 'fix', 'fixes')} written to {path}, signed by {signed_by}"
        answer = Answer(True, text, {"file": str(path), "fixes": count, "fingerprint": signed_by})
    else:
        answer = place("knowledge.export", name=str(path), signatures=list(signatures))
    return _done(answer, as_json)


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--trust", default="", metavar="FINGERPRINT", help="Trust this key, from now on.")
@json_option
@about_knowledge
def import_knowledge(place: Place, file: Path, trust: str, as_json: bool) -> int:
    """Take in the fixes of a signed FILE, if its key is trusted.

    They pass every gate before their first use here, and what others saw of them counts in part.
    """
    path = file.absolute()
    parcel = trusted_parcel(path, trust)
    if isinstance(place, Local):
        said = place.take_in(parcel, ())
        text = "\n".join(f"{name}: {what}" for name, what in said) or "there is no fix in it"
        fixes = [{"signature": name, "outcome": what} for name, what in said]
        answer = Answer(True, text, {"fingerprint": parcel.fingerprint, "fixes": fixes})
    else:
        answer = place("knowledge.import", name=str(path), fingerprint=parcel.fingerprint)
    return _done(answer, as_json)


@command.command("forget")
@click.argument("signature", metavar="SIGNATURE")
@json_option
@about_knowledge
def forget_knowledge(place: Place, signature: str, as_json: bool) -> int:
    """Forget a fix: the failure is analysed anew the next time."""
    if isinstance(place, Local):
        fix = place.forget(signature)
        answer = Answer(True, f"{fix.signature} is forgotten: {fix.summary}", {"signature": fix.signature})
    else:
        answer = place("knowledge.forget", id=signature)
    return _done(answer, as_json)


def _listed(place: Place) -> Sequence[Mapping[str, object]]:
    if not isinstance(place, Local):
        return place("knowledge.list").part("knowledge", list[dict[str, object]])
    from grace_tui.healing.repair.knowledge import as_view

    return [as_view(fix) for fix in place.fixes()]


def _done(answer: Answer, as_json: bool) -> int:
    if as_json:
        return show_json(answer.data)
    talk("\n".join(clean(line) for line in answer.text.splitlines()))
    return DONE


def _row(fix: Fix) -> tuple[str, ...]:
    note = "expired" if fix.expired else "" if fix.trusted else "not trusted"
    note = note or ("imported" if fix.imported_from else "")
    return fix.signature, fix.operator, str(fix.successes), str(fix.failures), f"{fix.confidence:.0%}", note
