"""A small form as lines: choices and words to be typed, and what is still missing. Pure; the screen hears the keys."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grace_tui.faces.ui.draw.frame import Frame, framed, inner_size
from grace_tui.faces.ui.draw.inks import Paint, paint_of
from grace_tui.faces.ui.draw.line import Line, Piece, cells, line_of
from grace_tui.faces.ui.draw.text import fit, plain, shown, width_of, wrap
from grace_tui.faces.ui.palette import GRACE

LONGEST_WORDS = 500
HINTS = (("Tab", "next"), ("←→", "choose"), ("Enter", "do it"), ("Esc", "leave it"))


@dataclass(frozen=True, slots=True)
class Field:
    """Something to choose where there are `options`, else words to type."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...] = ()
    """(value, as it is shown)."""
    chosen: int = 0
    words: str = ""
    needed: str = ""
    """What to say while nothing is typed; empty where it may stay so."""

    @property
    def value(self) -> str:
        return self.options[self.chosen][0] if self.options else self.words.strip()


@dataclass(frozen=True, slots=True)
class Form:
    title: str
    fields: tuple[Field, ...]
    at: int = 0
    """The field that keys go to."""
    said: str = ""
    """What is the matter with it."""

    def values(self) -> dict[str, str]:
        return {field.name: field.value for field in self.fields}

    def missing(self) -> "Form | None":
        """The form at its first field that must not stay empty, saying so; None where nothing is missing."""
        for index, field in enumerate(self.fields):
            if field.needed and not field.value:
                return replace(self, at=index, said=field.needed)
        return None

    def to(self, by: int) -> "Form":
        return replace(self, at=(self.at + by) % len(self.fields))

    def choose(self, by: int) -> "Form":
        field = self.fields[self.at]
        if not field.options:
            return self
        return self._with(replace(field, chosen=(field.chosen + by) % len(field.options)))

    def type(self, text: str) -> "Form":
        """Add words to the field that keys go to; a choice hands them to the first field that takes words."""
        form = self if not self.fields[self.at].options else self._at_words()
        field = form.fields[form.at]
        return form if field.options else form._with(replace(field, words=(field.words + text)[:LONGEST_WORDS]))

    def rub(self) -> "Form":
        field = self.fields[self.at]
        return self if field.options else self._with(replace(field, words=field.words[:-1]))

    def _at_words(self) -> "Form":
        words = (index for index, field in enumerate(self.fields) if not field.options)
        return replace(self, at=next(words, self.at))

    def _with(self, field: Field) -> "Form":
        fields = tuple(field if index == self.at else other for index, other in enumerate(self.fields))
        return replace(self, fields=fields, said="")


def form_size(form: Form, width: int, height: int) -> tuple[int, int]:
    """The size of its box on a screen of `width` x `height`."""
    wide = max(12, min(width - 2, 72))
    return wide, max(3, min(height, len(_body(form, wide - 4, paint_of(GRACE))) + 2))


def form_lines(form: Form, width: int, height: int, paint: Paint) -> list[Line]:
    inner_width, inner_height = inner_size(width, height, boxed=True)
    body = [line_of(pieces, inner_width, paint.room.text) for pieces in _body(form, inner_width, paint)]
    # Where there is no room for all, the field that keys go to and what is the matter with it are kept.
    skipped = max(0, min(form.at, len(body) - inner_height))
    return framed(Frame(shown(form.title), focused=True), body[skipped:], width, height, paint)


def _body(form: Form, width: int, paint: Paint) -> list[list[Piece]]:
    inks = paint.room
    label = min(max(width_of(field.label) for field in form.fields) + 3, max(4, width // 2))
    rows: list[list[Piece]] = []
    for index, field in enumerate(form.fields):
        here = index == form.at
        head: Piece = (fit(f"{'▌ ' if here else '  '}{field.label}", label), inks.accent if here else inks.muted)
        rows += _rows(field, here, head, label, width, paint)
    rows.append([])
    if form.said:
        return [*rows, *([(text, inks.bad)] for text in wrap(shown(form.said), width, 3))]
    return [*rows, [piece for key, word in HINTS for piece in ((key, inks.strong_accent), (f" {word}  ", inks.muted))]]


def _rows(field: Field, here: bool, head: Piece, label: int, width: int, paint: Paint) -> list[list[Piece]]:
    inks = paint.room
    blank: Piece = (" " * label, inks.text)
    if not field.options:
        text = plain(field.words) + ("▏" if here else "")
        lines = wrap(text, max(1, width - label)) or [""]
        ink = inks.strong if field.words else inks.muted
        # The end of long words is where one types.
        return [[head if not index else blank, (line, ink)] for index, line in enumerate(lines[-3:])]
    rows: list[list[Piece]] = [[head]]
    for index, (_, word) in enumerate(field.options):
        chosen = index == field.chosen
        style = paint.notice if chosen and here else inks.strong_accent if chosen else inks.muted
        pieces: Sequence[Piece] = ((f" {shown(word)} ", style), (" ", inks.text))
        if cells([*rows[-1], *pieces]) > width and len(rows[-1]) > 1:
            rows.append([blank])
        rows[-1] += pieces
    return rows
