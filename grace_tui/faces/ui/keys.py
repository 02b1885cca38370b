"""The one table of keys. Bindings, footer, help and palette are all made from it."""

from collections.abc import Iterator
from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Key:
    keys: str
    """Textual's names, separated by commas."""
    action: str
    shown: str
    word: str
    """In the footer and the palette."""
    help: str
    group: str
    footer: int = 0
    """Rank in the footer, 1 first; 0 keeps it out."""
    palette: bool = False


COMMON_KEYS = (
    Key("t", "next_theme", "t", "theme", "Next theme", "Room", palette=True),
    Key("ctrl+l,f5", "redraw", "^l", "redraw", "Read again, and paint the whole screen again", "Room", palette=True),
    Key("question_mark,f1", "help", "?", "help", "All keys and signs", "Room", footer=4, palette=True),
)

INCIDENT_ACTS = (
    Key("a", "take", "a", "take", "Take the incident: it is yours from then on", "Act", footer=2, palette=True),
    Key("s", "silence", "s", "silence", "Silence what is like this: for how long, and why", "Act", footer=3),
    Key("x", "resolve", "x", "resolve", "Resolve the incident, and say why", "Act", footer=3, palette=True),
    Key("B", "playbook", "B", "playbook", "Run a playbook for the incident, chosen by you", "Act", footer=8),
    Key("r", "restart", "r", "restart", "Restart the kernel", "Act", footer=6),
    Key("w", "why", "w", "why", "Why: the reasons of what was done about it", "See", footer=5),
    Key("L", "logs", "L", "logs", "The kernel's log", "See", footer=7),
)
"""What can be done on the page of an incident."""

TASK_ACTS = (
    Key("a", "approve", "a", "approve", "Have a repair that waits for you applied (asks first)", "Act", footer=2),
    Key("x", "reject", "x", "reject", "Drop a repair that waits for you (asks first)", "Act", footer=2),
    Key("e", "edit", "e", "edit", "Edit its diff in your editor; every gate looks at it again", "Act", footer=2),
    Key("R", "retry", "R", "retry", "Queue a repair that failed or was undone once more", "Act", footer=3),
    Key("u", "undo", "u", "undo", "Take a learned repair back, exactly (asks first)", "Act", footer=3),
    Key("r", "restart", "r", "restart", "Restart the kernel", "Act", footer=6),
    Key("w", "why", "w", "why", "Why: the reasons of what was done about it", "See", footer=5),
    Key("L", "logs", "L", "logs", "The kernel's log", "See", footer=7),
)
"""What can be done on the page of a repair."""

ACT_KEYS = (
    Key("r", "restart", "r", "restart", "Restart the kernel", "Act", footer=2, palette=True),
    Key("p", "pause", "p", "pause", "Pause the kernel, or let it run again", "Act", footer=5, palette=True),
    Key(
        "s",
        "stop",
        "s",
        "stop/start",
        "Stop the kernel (asks first), or start it; silence the incident",
        "Act",
        footer=7,
        palette=True,
    ),
    Key("a", "take", "a", "take", "Take the incident: it is yours from then on", "Act", palette=True),
    Key("x", "resolve", "x", "resolve", "Resolve the incident, and say why", "Act", palette=True),
    Key("w", "why", "w", "why", "Why: the reasons of what was done about it", "See", footer=3, palette=True),
    Key("L", "logs", "L", "logs", "The kernel's log", "See", footer=6, palette=True),
    *COMMON_KEYS,
)
"""What can be done to the selected kernel, incident or task, on every screen."""

ROOM_KEYS = (
    Key("up,k", "move('up')", "↑ k", "up", "Select the one above", "Move"),
    Key("down,j", "move('down')", "↓ j", "down", "Select the one below", "Move"),
    Key("left,h", "move('left')", "← h", "left", "Select the one to the left", "Move"),
    Key("right,l", "move('right')", "→ l", "right", "Select the one to the right", "Move"),
    Key("home,g", "move('first')", "Home g", "first", "Select the first", "Move"),
    Key("end,G", "move('last')", "End G", "last", "Select the last", "Move"),
    Key("pageup", "move('page_up')", "PgUp", "page up", "A page up", "Move"),
    Key("pagedown", "move('page_down')", "PgDn", "page down", "A page down", "Move"),
    Key("tab", "next_pane", "Tab", "pane", "To the next pane", "Move", footer=10),
    Key("shift+tab", "previous_pane", "Shift+Tab", "previous pane", "To the pane before", "Move"),
    Key("enter", "open", "Enter", "open", "Open what is selected", "See", footer=1, palette=True),
    Key(
        "slash",
        "filter",
        "/",
        "filter",
        "Show only kernels with these letters in the name, or state:failed, !running, host:command",
        "See",
        footer=8,
        palette=True,
    ),
    Key("n", "to_down(1)", "n", "next failing", "Select the next kernel that is down", "See", footer=9, palette=True),
    Key("N", "to_down(-1)", "N", "failing before", "Select the kernel before that is down", "See"),
    Key("o", "order", "o", "order", "Failed kernels first, or all in the order of boot", "See", palette=True),
    Key("escape", "unfilter", "Esc", "all", "Show all kernels again", "See"),
    Key("T", "triggers", "T", "triggers", "The triggers: what each measures", "See", footer=12, palette=True),
    Key("P", "playbooks", "P", "playbooks", "The playbooks and their runs", "See", footer=12, palette=True),
    Key("S", "silences", "S", "silences", "The silences and what they hide", "See", footer=12, palette=True),
    Key("K", "knowledge", "K", "knowledge", "The remembered fixes, and why each is trusted", "See", palette=True),
    *ACT_KEYS,
    Key("ctrl+p", "app.command_palette", "^p", "palette", "Find a command by its name", "Room", footer=11),
    Key("q,ctrl+c,ctrl+q", "leave", "q", "leave", "Leave the screen", "Room", footer=99, palette=True),
)

READING_KEYS = (
    Key("up,k", "scroll_page('up')", "↑ k", "up", "A line up", "Move"),
    Key("down,j", "scroll_page('down')", "↓ j", "scroll", "A line down", "Move", footer=1),
    Key("pageup,b", "scroll_page('page_up')", "PgUp b", "page up", "A page up", "Move"),
    Key("pagedown,space", "scroll_page('page_down')", "Space", "page", "A page down", "Move", footer=1),
    Key("home,g", "scroll_page('first')", "Home g", "first", "To the first line", "Move"),
    Key("end,G", "scroll_page('last')", "End G", "end", "To the last line; a log follows again", "Move", footer=8),
    Key("slash", "search", "/", "search", "Search in what the pane with the focus says", "See", footer=4),
    Key("n", "match(1)", "n", "next match", "To the next line found", "See", footer=10),
    Key("N", "match(-1)", "N", "match before", "To the line found before", "See"),
    Key("z", "wrap", "z", "wrap", "Wrap long lines, or cut them", "See", footer=9),
    Key("C", "copy", "C", "copy", "Copy all that the page says to the terminal's clipboard", "See", footer=9),
)
"""What every page of text can do."""

PAGE_KEYS = (
    *READING_KEYS,
    Key("tab,shift+tab", "other_pane", "Tab", "pane", "From a kernel's facts to its log, and back", "Move", footer=9),
    *ACT_KEYS,
    Key("escape,q,enter,ctrl+c,ctrl+q", "back", "Esc", "back", "Back to the room", "Room", footer=99),
)

TASK_KEYS = (
    *READING_KEYS,
    *TASK_ACTS,
    *COMMON_KEYS,
    Key("escape,q,enter,ctrl+c,ctrl+q", "back", "Esc", "back", "Back to where you were", "Room", footer=99),
)

INCIDENT_KEYS = (
    *READING_KEYS,
    *(
        Key(
            str(number),
            f"section({number})",
            "1-9",
            "section",
            "To a section of the page" if number == 1 else "",
            "Move",
        )
        for number in range(1, 10)
    ),
    Key("tab", "next_section(1)", "Tab", "next section", "To the next section, round and round", "Move", footer=1),
    Key("shift+tab", "next_section(-1)", "Shift+Tab", "section before", "To the section before", "Move"),
    Key("enter,e", "evidence", "e", "files", "The files of the evidence", "See", footer=4),
    *INCIDENT_ACTS,
    *COMMON_KEYS,
    Key("escape,q,ctrl+c,ctrl+q", "back", "Esc", "back", "Back to where you were", "Room", footer=99),
)

LIST_KEYS = (
    Key("up,k", "move('up')", "↑ k", "up", "Select the one above", "Move"),
    Key("down,j", "move('down')", "↓ j", "down", "Select the one below", "Move"),
    Key("home,g", "move('first')", "Home g", "first", "Select the first", "Move"),
    Key("end,G", "move('last')", "End G", "last", "Select the last", "Move"),
    Key("pageup,b", "move('page_up')", "PgUp b", "page up", "A page up", "Move"),
    Key("pagedown,space", "move('page_down')", "Space", "page down", "A page down", "Move"),
    Key(
        "tab,shift+tab", "other_pane", "Tab", "pane", "From the list to what is said of one, and back", "Move", footer=5
    ),
    Key("enter", "open", "Enter", "incident", "Open the incident it is about", "See", footer=4),
    *COMMON_KEYS,
    Key("escape,q,ctrl+c,ctrl+q", "back", "Esc", "back", "Back to the room", "Room", footer=99),
)
"""Of every list with details: triggers, playbooks, silences."""

TRIGGER_KEYS = (
    Key("c", "check", "c", "check now", "Measure this rule now", "Act", footer=1),
    Key("A", "accept", "A", "accept", "Take what a rule of drift measures now as good (asks first)", "Act", footer=3),
    Key("d", "drill", "d", "drill", "Make this rule fire on purpose (asks first)", "Act", footer=2),
    *LIST_KEYS,
)
PLAYBOOK_KEYS = (
    Key("y", "say(True)", "y", "yes", "Answer the question with yes (asks again)", "Act", footer=1),
    Key("n", "say(False)", "n", "no", "Answer the question with no (asks again)", "Act", footer=1),
    *LIST_KEYS,
)
SILENCE_KEYS = (
    Key("d,delete", "end", "d", "end it", "End this silence now (asks first)", "Act", footer=1),
    Key("a", "add", "a", "new", "Silence something: what, for how long, and why", "Act", footer=2),
    *LIST_KEYS,
)
FIX_KEYS = (
    Key(
        "d,delete",
        "forget",
        "d",
        "forget",
        "Forget this fix: the failure is analysed anew (asks first)",
        "Act",
        footer=1,
    ),
    *LIST_KEYS,
)
FILE_KEYS = LIST_KEYS
TABLES = (
    ("In the room", ROOM_KEYS),
    ("On a page", PAGE_KEYS),
    ("On an incident's page", tuple(key for key in INCIDENT_KEYS if key not in READING_KEYS)),
    ("On a repair's page", TASK_ACTS),
    ("On triggers", TRIGGER_KEYS[:3]),
    ("On playbooks", PLAYBOOK_KEYS[:2]),
    ("On silences", SILENCE_KEYS[:2]),
    ("On remembered fixes", FIX_KEYS[:1]),
)
"""What the help tells, in its order; keys that were told above are not told again."""


def bindings(keys: tuple[Key, ...]) -> list[Binding]:
    """Textual's bindings of a table. Those with Ctrl work wherever one types."""
    return [
        Binding(name, key.action, key.word, show=False, priority=name.startswith("ctrl+"))
        for key in keys
        for name in key.keys.split(",")
    ]


def footer(keys: tuple[Key, ...]) -> list[tuple[str, str]]:
    """(key, word) of those in the footer, most needed first."""
    return [(key.shown, key.word) for key in sorted(keys, key=lambda key: key.footer) if key.footer]


def groups(keys: tuple[Key, ...]) -> Iterator[tuple[str, list[Key]]]:
    """The table by group, in its order."""
    for name in dict.fromkeys(key.group for key in keys):
        yield name, [key for key in keys if key.group == name]
