"""The app: shows RoomViews and posts commands. Holds no logic of the room and nothing that must survive it."""

import contextvars
import time
from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import on
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.command import Provider
from textual.driver import Driver
from textual.screen import Screen

from grace_tui.faces.ui import commands
from grace_tui.faces.ui.commands import Answer, Command, Target
from grace_tui.faces.ui.draw.inks import Paint, paint_of
from grace_tui.faces.ui.keys import TABLES, groups
from grace_tui.faces.ui.lines.header import Freshness
from grace_tui.faces.ui.lines.kernel import kernel_facts
from grace_tui.faces.ui.lines.pages import help_page, task_facts
from grace_tui.faces.ui.lines.said import Saying
from grace_tui.faces.ui.palette import GRACE
from grace_tui.faces.ui.ports import Ask, ViewFeed
from grace_tui.faces.ui.screens.confirm import ConfirmScreen
from grace_tui.faces.ui.screens.page import Page, PageScreen, Section
from grace_tui.faces.ui.screens.room import RoomScreen
from grace_tui.faces.ui.screens.stage import Stage
from grace_tui.faces.ui.theme import Themes, load_themes, textual_theme
from grace_tui.faces.ui.wirediff import DiffWire
from grace_tui.faces.views import RoomView

if TYPE_CHECKING:
    from grace_tui.faces.ui.lines.form import Form

LOG_TAIL, LOG_PAGE = 200, 500
"""Lines of log on a kernel's page, and on the log's own."""


def _palette_commands() -> type[Provider]:
    from grace_tui.faces.ui.screens.palette import RoomCommands

    return RoomCommands


class RoomApp(DiffWire, App[None]):
    """One terminal's view of the room. Pages that are rarely opened are imported when they are."""

    CSS_PATH = Path(__file__).with_name("room.tcss")
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette_commands}
    BINDINGS: ClassVar[list[BindingType]] = []
    ALLOW_SELECT = False
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        feed: ViewFeed,
        ask: Ask,
        *,
        theme: str = GRACE.name,
        driver_class: type[Driver] | None = None,
        leave: Literal["quit", "detach"] = "quit",
        user: str = "",
        read_only: bool = False,
        theme_folders: Sequence[Path] = (),
        painted: Callable[[], object] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """A screen on `feed` that posts its commands to `ask`.

        Args:
            leave: Whether leaving stops the room (after a question) or only ends this screen.
            user: Whose acts these are.
            read_only: Whether the screen only looks; the room refuses its acts all the same.
            theme_folders: Folders of `*.toml`; a later one's theme replaces an earlier one's of the same name.
            painted: Called once, after the first view has been painted.
            monotonic: Measures the age of a view.
            wall: Compared with the time in the first view.
        """
        super().__init__(driver_class=driver_class)
        self.feed, self.ask, self.leave = feed, ask, leave
        self.user, self.read_only = user, read_only
        self.view: RoomView | None = None
        self.freshness = Freshness()
        self._monotonic, self._wall = monotonic, wall
        self._made_at = monotonic()
        self._told = self._stopping = self._has_painted = False
        self._painted = painted
        self._unlisten: Callable[[], None] | None = None
        self._theme_folders = tuple(theme_folders)
        self.themes: Themes = Themes({GRACE.name: GRACE})
        self.animation_level = "none"
        self.reload_themes()
        self.theme = theme if theme in self.themes.palettes else GRACE.name
        self._take(feed.latest())

    # Views

    def get_default_screen(self) -> Screen[None]:
        return RoomScreen(self)

    def on_mount(self) -> None:
        loop, context = get_running_loop(), contextvars.copy_context()
        self._unlisten = self.feed.listen(lambda: self._wake(loop, context))
        self.set_interval(1.0, self.grow_older)
        self._pull()
        self._tell_painted()
        for problem in self.themes.problems:
            self._say(problem, failed=True)

    def on_unmount(self) -> None:
        if self._unlisten is not None:
            self._unlisten()

    def _wake(self, loop: AbstractEventLoop, context: contextvars.Context) -> None:
        """A change, told from another thread. One pull under way is enough: views are snapshots, the newest counts."""
        if self._told:
            return
        self._told = True
        # A loop that has been closed meanwhile has no screen left to show anything on.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._pull, context=context)

    def _pull(self) -> None:
        self._told = False
        if self.is_running and self._take(self.feed.latest()):
            self._show()
            self._tell_painted()

    def _tell_painted(self) -> None:
        if self.view is not None and not self._has_painted:
            self._has_painted = True
            self.call_after_refresh(self._painted)

    def _take(self, view: RoomView | None) -> bool:
        """Whether `view` is a new one."""
        if view is None or (self.view is not None and view.sequence == self.view.sequence):
            return False
        # The clocks are compared once: a room that was already stuck must show it, a clock that is set must not.
        late = max(0.0, self._wall() - view.at) if self.view is None else 0.0
        self._made_at = self._monotonic() - late
        self.view = view
        self.freshness = Freshness(late)
        return True

    def grow_older(self) -> None:
        """Tell how old the view is, once it is too old to be believed."""
        was = self.freshness
        self.freshness = Freshness(self._monotonic() - self._made_at)
        if self.freshness.stale or was.stale:
            self._show()

    def _show(self) -> None:
        for screen in self._stages():
            screen.show_room(self.view, self.freshness)

    def _stages(self) -> Iterable[Stage]:
        return [screen for screen in self.screen_stack if isinstance(screen, Stage)]

    def _say(self, text: str, *, failed: bool = False) -> None:
        for screen in self._stages():
            screen.say(text, failed=failed)

    # Commands

    async def ask_room(self, command: Command) -> Answer:
        return await commands.answer_of(self.ask, command.verb, command.arguments)

    async def confirmed(self, question: str) -> bool:
        """Ask a person. Called from a worker."""
        yes: bool = await self.push_screen_wait(ConfirmScreen(question, self.paint))
        return yes

    async def filled(self, form: "Form") -> Mapping[str, str] | None:
        """Have a person fill in a form. Called from a worker."""
        from grace_tui.faces.ui.screens.form import FormScreen

        values: Mapping[str, str] | None = await self.push_screen_wait(FormScreen(form, self.paint))
        return values

    async def edited(self, text: str, name: str) -> str | None:
        """Lend the terminal to the person's editor; None where this screen's terminal cannot be lent."""
        from grace_tui.faces.ui.lending import edited

        return await edited(self, text, name)

    def open_listing(self, name: str) -> None:
        from grace_tui.faces.ui.screens.care import LISTINGS

        self.push_screen(LISTINGS[name](self))

    def open_evidence(self, incident: str) -> None:
        from grace_tui.faces.ui.screens.files import FilesScreen

        self.push_screen(FilesScreen(self, incident))

    def open_why(self, target: Target) -> None:
        command = commands.why(target)
        self.push_screen(PageScreen(self, Page(f"why {target.id}", target, sections=(Section("why", command),))))

    def open_logs(self, kernel: str) -> None:
        target = Target("kernel", kernel, kernel)
        self.push_screen(PageScreen(self, Page(f"log of {kernel}", target, log=commands.logs(kernel, LOG_PAGE))))

    def open_help(self) -> None:
        tables = []
        for where, table in TABLES:
            for group, keys in groups(table):
                rows = [(key.shown, key.help) for key in keys if key.help]
                tables.append((f"{where}: {group.lower()}", rows))
        self.push_screen(PageScreen(self, Page("help", text=tuple(help_page(tables)))))

    @on(RoomScreen.OpenRequested)
    def open_page(self, message: RoomScreen.OpenRequested) -> None:
        self.open_target(message.opened)

    def open_target(self, target: Target) -> None:
        title, facts = f"{target.kind} {target.id}", _facts_of(target)
        if target.kind == "incident":
            from grace_tui.faces.ui.screens.incident import IncidentScreen

            self.push_screen(IncidentScreen(self, target))
        elif target.kind == "task":
            from grace_tui.faces.ui.screens.task import TaskScreen

            self.push_screen(TaskScreen(self, target))
        else:
            self.push_screen(PageScreen(self, Page(title, target, facts, log=commands.logs(target.id, LOG_TAIL))))

    @on(RoomScreen.LeaveRequested)
    def leave_room(self) -> None:
        if self.leave == "detach":
            self.exit()
        else:
            self.run_worker(self._leave_anyway() if self._stopping else self._stop_room(), group="leave")

    async def _leave_anyway(self) -> None:
        """A room that is stuck must not keep a person in its screen."""
        if await self.confirmed("The room has not stopped yet. Leave the screen all the same?"):
            self.exit()

    async def _stop_room(self) -> None:
        if not await self.confirmed("Stop the room?"):
            return
        self._stopping = True
        self._say("stopping the room …")
        answer = await commands.answer_of(self.ask, "leave", {})
        self._stopping = False
        if answer.ok:
            self.exit()
        else:
            self._say(answer.text or "the room refused to stop", failed=True)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        return ()

    # Themes

    @property
    def paint(self) -> Paint:
        return paint_of(self.themes.named(self.theme))

    def reload_themes(self) -> None:
        """Read the theme files again. A broken one is told about; what was shown stays."""
        self.themes = load_themes(self._theme_folders)
        for palette in self.themes.palettes.values():
            self.register_theme(textual_theme(palette))
        if self.is_running:
            self._repaint()
            for problem in self.themes.problems:
                self._say(problem, failed=True)

    def next_theme(self) -> None:
        self.theme = self.themes.after(self.theme)
        self._repaint()
        self._say(f"theme {self.theme}")

    def _repaint(self) -> None:
        if self.theme not in self.themes.palettes:
            self.theme = GRACE.name
        self.refresh_css(animate=False)
        for screen in self._stages():
            screen.use(self.paint)


def _facts_of(target: Target) -> Callable[[RoomView], Sequence[Saying]]:
    """The facts about a target in a view; what is gone has none."""

    def kernel(view: RoomView) -> Sequence[Saying]:
        return next((kernel_facts(one, view.at) for one in view.kernels if one.name == target.id), [])

    def task(view: RoomView) -> Sequence[Saying]:
        return next((task_facts(one) for one in view.tasks if one.id == target.id), [])

    return {"kernel": kernel, "task": task}.get(target.kind, task)
