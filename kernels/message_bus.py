"""Serves the core's bus: its numbers, its lost messages, and the rules that say who may use which topic.

Owns the access rules (read from the settings at start, kept over restarts) and the answer to a ping. Called by the
screens, the API and the chaos scenarios. Never carries a message itself: the transport lives in the core.
"""

from collections.abc import Mapping, Sequence

from grace_tui.kernel import BusStatistics, GraceError, Kernel, KernelSpec, Message, NotReady

PING = "bus.ping"

# The core speaks as one of these, so each may use every topic that has a rule.
CORE = ("supervisor", "room")

# Topics that carry orders. Facts (`kernel.state`, `incident.opened` and the like) have no rule: everyone may read them.
DEFAULT_RULES: Mapping[str, tuple[str, ...]] = {
    "kernel.memory": ("memory_fusion", "librarian"),
    "kernel.healing": ("self_healing",),
    "kernel.governance": ("governance",),
    "kernel.code": ("coding_agent", "sandbox"),
    "kernel.crypto": ("secret_manager",),
    "system.control": ("api_server",),
    "system.health": ("health_monitor",),
}


class MessageBus(Kernel):
    spec = KernelSpec(priority=1, critical=True)

    async def start(self) -> None:
        self.granted: dict[str, tuple[str, ...]] = {
            topic: tuple(sources) for topic, sources in self.saved_state.get("granted", {}).items()
        }
        self.context.bus.set_rules(self._wanted_rules())
        self.mailbox = self.context.bus.subscribe(self.name, PING)
        self.context.subscriptions.append(self.mailbox)
        self.measured_at = self.context.clock.monotonic()
        self.published = self.context.bus.statistics().published
        self.rate = 0.0

    async def run(self) -> None:
        while True:
            self.beat()
            request = await self.mailbox.receive(1.0)
            if request is not None and request.correlation:
                self.context.bus.reply(request, request.payload, source=self.name)
            self._measure()

    async def probe(self) -> None:
        await self.ping()

    def save_state(self) -> Mapping[str, object]:
        return {"granted": {topic: list(sources) for topic, sources in self.granted.items()}}

    def summary(self) -> str:
        numbers = self.context.bus.statistics()
        words = [f"{self.rate:.0f}/s"]
        if numbers.denied:
            words.append(f"{numbers.denied} denied")
        if numbers.dropped:
            words.append(f"{numbers.dropped} dropped")
        return " ".join([*words, f"{len(numbers.topics)} topics"])

    # ---- services

    async def statistics(self) -> BusStatistics:
        return self.context.bus.statistics()

    async def topics(self) -> Mapping[str, int]:
        """Messages published per topic, the busiest first."""
        counted = self.context.bus.statistics().topics
        return dict(sorted(counted.items(), key=lambda entry: (-entry[1], entry[0])))

    async def dead_letters(self) -> Sequence[Message]:
        """The last messages that nobody was listening for, newest last."""
        return self.context.bus.dead_letters()

    async def redeliver(self, message_id: int) -> int:
        """Publish a dead letter again under its own source; returns how many mailboxes got it.

        Raises:
            GraceError: no dead letter has that id (any more).
            Denied: the rules have since shut the topic to its source.
        """
        for message in self.context.bus.dead_letters():
            if message.id == message_id:
                return self.context.bus.publish(
                    message.topic,
                    message.payload,
                    source=message.source,
                    priority=message.priority,
                    correlation=message.correlation,
                )
        raise GraceError(f"no dead letter has the id {message_id}")

    async def rules(self) -> Mapping[str, tuple[str, ...]]:
        """Who may use a topic, both ways; a topic without a rule is open."""
        return self.context.bus.rules()

    async def allow(self, topic: str, sources: Sequence[str]) -> tuple[str, ...]:
        """Let `sources` use `topic` as well, now and after a restart; returns all who may use it now."""
        names = _names(topic, sources)
        before = self.context.bus.rules().get(topic, CORE)
        self.granted[topic] = _merged(self.granted.get(topic, ()), names)
        self.context.bus.set_rules({**self.context.bus.rules(), topic: _merged(before, names)})
        self.log.info("topic allowed", topic=topic, sources=", ".join(names))
        return self.context.bus.rules()[topic]

    async def disallow(self, topic: str, sources: Sequence[str]) -> tuple[str, ...]:
        """Take back what `allow` granted `sources`, and only that; returns all who may use the topic now."""
        granted = self.granted.pop(topic, ())
        names = [name for name in _names(topic, sources) if name in granted]
        if kept := tuple(name for name in granted if name not in names):
            self.granted[topic] = kept
        rules = self.context.bus.rules()
        left = tuple(name for name in rules.get(topic, CORE) if name not in names)
        self.context.bus.set_rules({**rules, topic: left})
        self.log.info("topic no longer allowed", topic=topic, sources=", ".join(names))
        return left

    async def ping(self) -> float:
        """Send a message through the bus to this kernel and back; returns the seconds it took.

        Raises:
            NotReady: another answer came back than was sent.
            NoReply: none came back.
        """
        began = self.context.clock.monotonic()
        mark = f"{self.name} {began}"
        answer = await self.context.bus.request(PING, mark, source=self.name, timeout=5.0)
        if answer.payload != mark:
            raise NotReady(f"{PING} was answered with {answer.payload!r}; expected {mark!r}")
        return self.context.clock.monotonic() - began

    # ---- helpers

    def _wanted_rules(self) -> dict[str, tuple[str, ...]]:
        rules = dict(DEFAULT_RULES)
        acl = self.settings.get("acl", {})
        if not isinstance(acl, Mapping):
            raise GraceError(f"kernels.message_bus: acl is {acl!r}; expected a table of topic = [source, …]")
        for topic, sources in acl.items():
            rules[topic] = _names(topic, sources)
        for topic, sources in self.granted.items():
            rules[topic] = _merged(rules.get(topic, ()), sources)
        return {topic: _merged(sources, CORE) for topic, sources in rules.items()}

    def _measure(self) -> None:
        """Take the rate once a second: the transport counts, this kernel only reads the counter."""
        now = self.context.clock.monotonic()
        passed = now - self.measured_at
        if passed < 1.0:
            return
        published = self.context.bus.statistics().published
        self.rate = (published - self.published) / passed
        self.count(published - self.published)
        self.published, self.measured_at = published, now


def _names(topic: str, sources: object) -> tuple[str, ...]:
    wanted = isinstance(sources, (list, tuple)) and all(isinstance(name, str) and name for name in sources)
    if not wanted:
        raise GraceError(f"kernels.message_bus: acl {topic} is {sources!r}; expected a list of kernel names")
    return tuple(sources)  # type: ignore[arg-type]


def _merged(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*first, *second]))
