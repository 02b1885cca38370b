"""Waiting messages are kept in a file and come back once, in their order; what no file can hold stays."""

import asyncio
from pathlib import Path

import pytest

from grace_tui.healing.playbooks.actions import ActionFailed
from grace_tui.kernel.events import KernelFailed, Tick
from grace_tui.kernel.records import Message
from grace_tui.room.kept_queues import Head, QueueDamaged, keep, names, read
from grace_tui.runtime.bus import Drained
from tests.room.actions.acting import Actor, acting
from tests.room.bench import write

READER = '''
    """Reads nothing before it is told to by a file."""

    from grace_tui.kernel import Kernel

    class Reader(Kernel):
        async def start(self):
            self.work = self.subscribe("work.*")
            self.ticks = self.subscribe("told.tick")

        async def run(self):
            if not (self.context.workspace.root / "read").exists():
                async for _ in self.every(1.0):
                    pass
            async for message in self.work:
                self.context.bus.publish("done.one", message.payload, source=self.name)
'''


def told(actor: Actor, *payloads: object, topic: str = "work.one", priority: int = 1) -> None:
    for payload in payloads:
        actor.room.parts.bus.publish(topic, payload, source="tester", priority=priority)


def waiting(actor: Actor) -> list[object]:
    """What waits for the reader, in the order in which it would come out; it is put back."""
    drained = actor.room.parts.bus.drain("reader")
    actor.room.parts.bus.refill("reader", drained)
    return [each.message.payload for each in drained]


def files(root: Path) -> list[Path]:
    return sorted((root / ".grace" / "queues").glob("*"))


async def test_messages_are_kept_aside_and_come_back_first_and_in_order(tmp_path: Path) -> None:
    write(tmp_path, "reader.py", READER)
    async with acting(tmp_path, kernel="reader") as actor:
        await actor.running("reader")
        told(actor, 1, {"two": [2]})
        told(actor, "urgent", priority=3)
        told(actor, Tick(4.5), topic="told.tick")
        before = waiting(actor)
        done = await actor.do("drain_queue")
        assert done.text.startswith("4 messages of reader kept as Q-reader-")
        assert waiting(actor) == []
        assert [path.stat().st_mode & 0o777 for path in files(tmp_path)] == [0o600]
        told(actor, "later")
        assert (await actor.do("replay_queue")).text == "4 messages of reader put back"
        assert waiting(actor) == [*before[:3], "later", Tick(4.5)]
        assert before == ["urgent", 1, {"two": [2]}, Tick(4.5)]
        assert files(tmp_path) == []
        assert (await actor.do("replay_queue")).text == "no messages of reader are kept"
        assert await actor.undo("drain_queue", done) == f"{done.undo and done.undo['queue']} was put back already"
        assert len(waiting(actor)) == 5


async def test_kept_messages_come_back_in_a_room_that_is_opened_anew(tmp_path: Path) -> None:
    write(tmp_path, "reader.py", READER)
    async with acting(tmp_path, kernel="reader") as actor:
        await actor.running("reader")
        told(actor, *range(5))
        done = await actor.do("drain_queue", most=3)
        assert waiting(actor) == [3, 4]
    (tmp_path / "read").touch()
    async with acting(tmp_path, kernel="reader") as actor:
        box = actor.room.parts.bus.subscribe("tester", "done.*")
        assert await actor.undo("drain_queue", done) == "3 messages of reader put back"
        found = [await box.receive(10) for _ in range(3)]
        assert [message and message.payload for message in found] == [0, 1, 2]
        assert files(tmp_path) == []


async def test_several_queues_come_back_with_the_oldest_message_first(tmp_path: Path) -> None:
    write(tmp_path, "reader.py", READER)
    async with acting(tmp_path, kernel="reader") as actor:
        await actor.running("reader")
        for number in range(3):
            told(actor, number)
            await actor.do("drain_queue")
        assert len(files(tmp_path)) == 3
        await asyncio.gather(actor.do("replay_queue"), actor.do("replay_queue"))
        assert waiting(actor) == [0, 1, 2]


async def test_what_no_file_can_hold_and_what_waits_for_a_reply_stays(tmp_path: Path) -> None:
    write(tmp_path, "reader.py", READER)
    live = object()
    async with acting(tmp_path, kernel="reader") as actor:
        await actor.running("reader")
        told(actor, live, 1, KernelFailed("one", "run", 0.0, ValueError("live")))
        actor.room.parts.bus.publish("work.one", "asked", source="tester", correlation="tester-1")
        done = await actor.do("drain_queue", topic="work.*")
        assert done.text.endswith("; 2 stay, which no file can hold")
        assert waiting(actor)[0] is live
        assert len(waiting(actor)) == 2
        await actor.undo("drain_queue", done)
        assert waiting(actor)[0] == 1


async def test_asker_that_gives_up_leaves_everything_as_it_was(tmp_path: Path) -> None:
    write(tmp_path, "reader.py", READER)
    async with acting(tmp_path, kernel="reader") as actor:
        await actor.running("reader")
        told(actor, *range(50))
        asking = asyncio.ensure_future(actor.do("drain_queue"))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await actor.do("drain_queue", topic="told.tick")  # a round of the same thread: the first has ended by then
        async with asyncio.timeout(10):
            while waiting(actor) != list(range(50)):
                await actor.room.supervisor.parts.clock.sleep(0.001)
        assert files(tmp_path) == []


async def test_messages_stay_where_the_disk_refuses(tmp_path: Path) -> None:
    write(tmp_path, "reader.py", READER)
    async with acting(tmp_path, kernel="reader") as actor:
        await actor.running("reader")
        told(actor, 1, 2)
        (tmp_path / ".grace" / "queues").write_text("in the way")
        with pytest.raises(ActionFailed, match="the messages of reader stay where they are: "):
            await actor.do("drain_queue")
        assert waiting(actor) == [1, 2]


async def test_messages_of_a_kernel_that_does_not_read_them_stay_in_their_file(tmp_path: Path) -> None:
    write(tmp_path, "reader.py", READER)
    async with acting(tmp_path, kernel="reader") as actor:
        await actor.running("reader")
        told(actor, 1)
        await actor.do("drain_queue")
        await actor.do("stop")
        with pytest.raises(ActionFailed, match=r"reader has no mailbox for work\.\* now; 1 message stay in Q-reader"):
            await actor.do("replay_queue")
        assert len(files(tmp_path)) == 1
        assert (await actor.do("drain_queue")).text == "no message waits for reader"
        with pytest.raises(ActionFailed, match="there is no queue 'Q-reader-1' of reader; there is Q-reader-"):
            await actor.do("replay_queue", queue="Q-reader-1")


def drained(*payloads: object) -> list[Drained]:
    return [Drained("t", 0, Message("t", payload, "me", 1, number)) for number, payload in enumerate(payloads)]


def test_file_says_the_same_as_it_was_told(tmp_path: Path) -> None:
    sent = drained(None, "ä\n", {"a": (1, 2.5)}, b"\x00", Tick(1.0))
    kept, refused = keep(tmp_path, Head("Q-one-1", "one", "I-1", "me", 0.0, 0), sent)
    assert (kept, refused) == (sent, [])
    assert read(tmp_path / "Q-one-1.jsonl")[1] == sent
    assert names(tmp_path, "one") == ["Q-one-1"]
    assert names(tmp_path, "two") == []


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        pytest.param(lambda lines: [], ":1: ", id="empty"),
        pytest.param(lambda lines: [b"{}", *lines[1:]], ":1: .*queue", id="head"),
        pytest.param(lambda lines: lines[:-1], "expected 2 messages, found 1", id="cut"),
        pytest.param(lambda lines: [*lines[:2], b"{half"], ":3: ", id="line"),
        pytest.param(
            lambda lines: [*lines[:2], lines[2].replace(b'"payload":"', b'"payload":"A')], ":3: ", id="payload"
        ),
    ],
)
def test_damaged_file_is_refused_with_its_line_and_left(tmp_path: Path, spoil: object, problem: str) -> None:
    assert callable(spoil)
    keep(tmp_path, Head("Q-one-1", "one", "I-1", "me", 0.0, 0), drained(1, 2))
    path = tmp_path / "Q-one-1.jsonl"
    path.write_bytes(b"\n".join(spoil(path.read_bytes().splitlines())))
    with pytest.raises(QueueDamaged, match=problem):
        read(path)
    assert path.exists()
