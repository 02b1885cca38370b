"""Conversation: answers plain questions about the room from its live state, in text.

Owns the last exchanges. Called by people through the room's prompt. It answers and never acts; it makes no sound.
"""

import re
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from grace_tui.kernel import (
    GraceError,
    IncidentRecord,
    Kernel,
    KernelContext,
    KernelRecord,
    KernelSpec,
    NotReady,
    ProviderDown,
)
from grace_tui.kernel.spelling import plural

KEPT = 50
LONGEST_QUESTION = 500
FINISHED = ("learned", "failed", "undone")
HELP = (
    "I can answer: status; which kernels are down and why; how is NAME; incidents; what are you fixing; "
    "what did you repair; why did NAME fail; how long are you up; help."
)


@dataclass(frozen=True, slots=True)
class Exchange:
    at: float
    question: str
    answer: str


class VoiceConversation(Kernel):
    """Answers questions about the room."""

    spec = KernelSpec(requires=("message_bus",), after=("agentic_spine",), priority=16, tier=3)

    def __init__(self, context: KernelContext) -> None:
        super().__init__(context)
        self.kept: deque[Exchange] = deque(maxlen=KEPT)

    async def start(self) -> None:
        for row in self.saved_state.get("history", ()):
            if len(row) == 3:
                self.kept.append(Exchange(float(row[0]), str(row[1]), str(row[2])))

    async def probe(self) -> None:
        """Answer a question from the room's state as it is, and say so where it cannot."""
        if not (await self._answer("status")).split():
            raise NotReady("voice_conversation had no answer to `status`")
        if not (await self._answer("xyzzy")).endswith(HELP):
            raise NotReady("voice_conversation pretended to understand nonsense")

    def save_state(self) -> Mapping[str, object]:
        return {"history": [[one.at, one.question, one.answer] for one in self.kept]}

    def summary(self) -> str:
        return f"{len(self.kept)} answers kept"

    # ---- service

    async def ask(self, text: str) -> str:
        """Answer a question from live state.

        Raises:
            GraceError: the question is empty or longer than 500 characters.
        """
        question = text.strip()
        if not question:
            raise GraceError("the question is empty")
        if len(question) > LONGEST_QUESTION:
            raise GraceError(f"the question has {len(question)} characters; the limit is {LONGEST_QUESTION}")
        answer = await self._answer(question)
        self.kept.append(Exchange(self.context.clock.time(), question, answer))
        self.count()
        return answer

    async def history(self, limit: int = 20) -> tuple[Exchange, ...]:
        """The last exchanges, oldest first."""
        return tuple(self.kept)[-limit:] if limit > 0 else ()

    async def speak(self, text: str) -> None:
        """Raises GraceError, always: there is no sound here, and none is pretended."""
        raise GraceError(f"voice_conversation answers in text and has no sound; not spoken: {text[:60]!r}")

    # ---- from words to an answer

    async def _answer(self, question: str) -> str:
        for pattern, intent in INTENTS:
            if pattern.search(question):
                return await intent(self, question)
        if (record := self._named(question)) is not None:
            return how_is(record)
        return f"I do not understand {question[:60]!r}. {HELP}"

    def _named(self, question: str) -> KernelRecord | None:
        """The kernel that the question names, with spaces or underscores."""
        words = re.sub(r"[\s_-]+", "_", question.lower())
        named = [
            record for record in self.context.room.kernels() if re.search(rf"(?<![a-z]){record.name}(?![a-z])", words)
        ]
        return max(named, key=lambda record: len(record.name), default=None)

    def _open_incidents(self) -> list[IncidentRecord]:
        return [
            incident for incident in self.context.incidents.all() if incident.state not in ("resolved", "suppressed")
        ]

    # ---- intents; each is named in INTENTS

    async def greet(self, question: str) -> str:
        return f"Hello. {await self.status(question)}"

    async def help(self, question: str) -> str:
        return HELP

    async def status(self, question: str) -> str:
        records = self.context.room.kernels()
        running = sum(record.state == "running" for record in records)
        fixing = sum(task.state not in FINISHED for task in self.context.tasks.all())
        text = (
            f"{running} of {len(records)} kernels are running, {plural(len(self._open_incidents()), 'incident')} open"
        )
        return f"{text}, {plural(fixing, 'repair')} under way."

    async def down(self, question: str) -> str:
        down = [record for record in self.context.room.kernels() if record.state != "running"]
        if not down:
            return "No kernel is down."
        return "\n".join(
            f"{record.name} is {record.state}: {record.error or record.detail or 'no reason given'}" for record in down
        )

    async def incidents(self, question: str) -> str:
        found = self._open_incidents()
        if not found:
            return "No incident is open."
        return "\n".join(f"{one.id} {one.kernel}: {one.title} ({one.state}, seen {one.count}x)" for one in found)

    async def fixing(self, question: str) -> str:
        tasks = [task for task in self.context.tasks.all() if task.state not in FINISHED]
        if not tasks:
            return "Nothing is being repaired."
        return "\n".join(f"{task.id} {task.kernel}: {task.state}{by(task.worker)}: {task.title}" for task in tasks)

    async def repaired(self, question: str) -> str:
        tasks = [task for task in self.context.tasks.all() if task.state in FINISHED]
        if not tasks:
            return "Nothing was repaired yet."
        return "\n".join(
            f"{task.id} {task.kernel}: {task.state} in {task.seconds:.1f} s by {task.operator or 'no operator'}"
            for task in tasks[:10]
        )

    async def why(self, question: str) -> str:
        record = self._named(question)
        found = re.search(r"\b[A-Z]+-?\d[\w-]*", question)
        subject = record.name if record is not None else found.group() if found else ""
        if not subject:
            return f"Why did what? Name a kernel or an incident. {HELP}"
        facts = [
            f"{one.id}: {one.title} ({one.state})"
            for one in self.context.incidents.all()
            if subject in (one.kernel, one.id)
        ]
        return "\n".join([*(facts[:3] or [f"No incident of {subject} is kept."]), await self._explanation(subject)])

    async def _explanation(self, subject: str) -> str:
        try:
            return str(await self.kernel("clarity_framework").explain(subject))
        except ProviderDown as problem:
            return f"The reasons are not at hand: {problem}"

    async def uptime(self, question: str) -> str:
        uptime = self.context.room.status().get("uptime")
        if not isinstance(uptime, int | float):
            return "The room does not tell its uptime."
        return f"The room is up for {duration(uptime)}."


Intent = Callable[[VoiceConversation, str], Awaitable[str]]


def ask_for(pattern: str, intent: Intent) -> tuple[re.Pattern[str], Intent]:
    return re.compile(pattern, re.IGNORECASE), intent


INTENTS: tuple[tuple[re.Pattern[str], Intent], ...] = (
    ask_for(r"^\W*(hello|hi|hey|good (morning|evening|day))\b", VoiceConversation.greet),
    ask_for(r"\bhelp\b|what can you", VoiceConversation.help),
    ask_for(r"\bkernels?\b.*\b(down|failed|broken|not running)\b", VoiceConversation.down),
    ask_for(r"\bwhy\b", VoiceConversation.why),
    ask_for(r"\bdown\b|what('s| is) broken", VoiceConversation.down),
    ask_for(r"how long|\buptime\b|\bup (for|since)\b", VoiceConversation.uptime),
    ask_for(r"did you (repair|fix|heal)|\b(repaired|fixed|healed|learned)\b", VoiceConversation.repaired),
    ask_for(r"\b(fixing|repairing|you healing|tasks?|queue)\b", VoiceConversation.fixing),
    ask_for(r"\bincidents?\b|\bproblems?\b", VoiceConversation.incidents),
    ask_for(r"\bstatus\b|how are you|how is (it|everything)|\bkernels\b", VoiceConversation.status),
)
"""First match wins."""


def how_is(record: KernelRecord) -> str:
    text = f"{record.name} is {record.state} for {duration(record.since)}, {plural(record.restarts, 'restart')}"
    return ". ".join(part for part in (text, record.summary, record.error or record.detail) if part)


def by(worker: str) -> str:
    return f" by {worker}" if worker else ""


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
