"""The newest view, and what is said on it while nobody can make another."""

from grace_tui.faces.views import RoomView
from grace_tui.room.hub import ViewHub


def view(hub: ViewHub) -> RoomView:
    fields = dict.fromkeys(
        ("total", "running", "failed", "open_incidents", "fixing", "queued", "rss_bytes"), 0
    ) | dict.fromkeys(("at", "loop_lag_ms", "cpu_percent", "uptime", "bus_rate"), 0.0)
    texts = dict.fromkeys(("workspace", "host", "version", "state"), "x")
    return RoomView(sequence=hub.number(), **fields, **texts)  # type: ignore[arg-type]


def test_a_stall_is_shown_on_the_newest_view_as_a_newer_one() -> None:
    hub, told = ViewHub(), list[RoomView | None]()
    hub.listen(lambda: told.append(hub.latest()))
    hub.put(view(hub))
    hub.stall("spin holds the loop", 0.4)
    first, stalled = told
    assert first is not None
    assert stalled is not None
    assert (stalled.stall, stalled.loop_lag_ms) == ("spin holds the loop", 400.0)
    assert stalled.sequence > first.sequence
    assert stalled.at > first.at


def test_the_next_view_shows_that_the_loop_turns() -> None:
    hub = ViewHub()
    hub.put(view(hub))
    hub.stall("spin holds the loop", 0.4)
    hub.put(view(hub))
    newest = hub.latest()
    hub.turns_again()
    assert hub.latest() is newest
    assert newest is not None
    assert newest.stall == ""


def test_without_a_next_view_the_stall_is_taken_back() -> None:
    hub = ViewHub()
    hub.put(view(hub))
    hub.stall("spin holds the loop", 0.4)
    hub.turns_again()
    latest = hub.latest()
    assert latest is not None
    assert latest.stall == ""


def test_before_the_first_view_there_is_nothing_to_show_it_on() -> None:
    hub = ViewHub()
    hub.stall("spin holds the loop", 0.4)
    hub.turns_again()
    assert hub.latest() is None


def test_who_stopped_listening_hears_nothing() -> None:
    hub, told = ViewHub(), list[int]()
    stop = hub.listen(lambda: told.append(1))
    stop()
    hub.put(view(hub))
    assert told == []
