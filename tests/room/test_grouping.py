"""Rules of grouping in an open room: read when their file is there, kept when it turns bad, and told to who asks."""

from pathlib import Path

from tests.room.bench import Bench, calm, opened, write

PIN = '[[rule]]\nname = "all of it"\nkernel = "*"\ngroup = "everything"\n'


def rules(root: Path, text: str) -> Path:
    path = root / "policies/grouping.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


async def shown(bench: Bench, kernel: str) -> str:
    return str((await bench.answer("incident.show", id=(await bench.incident(kernel)).id))["text"])


async def test_an_incident_shows_why_it_is_one(tmp_path: Path) -> None:
    write(tmp_path, "bad.py", "raise RuntimeError('order 17 is gone')")
    async with opened(tmp_path) as bench:
        text = await shown(bench, "bad")
    assert "why grouped\n  type RuntimeError\n  message order <n> is gone\n  at kernels/bad.py <module>\n" in text
    assert "left out of the signature\n  " in text
    assert "values in the message: n 1x" in text


async def test_rules_that_are_there_when_the_room_opens_group_its_first_incident(tmp_path: Path) -> None:
    rules(tmp_path, PIN)
    write(tmp_path, "bad.py", "raise RuntimeError('never')")
    async with opened(tmp_path) as bench:
        text = await shown(bench, "bad")
    assert "rule all of it: everything it fits is group everything" in text
    assert "counted as group-everything; a fix is replayed by runtimeerror-bad-" in text


async def test_a_file_that_cannot_be_used_is_told_with_the_incident(tmp_path: Path) -> None:
    path = rules(tmp_path, '[[rule]]\nknid = "X"\n')
    write(tmp_path, "bad.py", "raise RuntimeError('never')")
    async with opened(tmp_path) as bench:
        text = await shown(bench, "bad")
        assert bench.audited("grouping.refused")[0]["resource"] == "policies/grouping.toml"
    assert f"rules of grouping: {path}:2: knid is not a key of a rule; did you mean kind?" in text
    assert "the rules that were read before stay in force" in text


async def test_a_file_made_while_the_room_is_open_is_in_force_within_its_tick(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with opened(tmp_path) as bench:
        await bench.running("one")
        rules(tmp_path, PIN)
        await bench.until(lambda view: bench.audited("grouping.read"))
        write(tmp_path, "bad.py", "raise RuntimeError('never')")
        assert "rule all of it" in await shown(bench, "bad")


async def test_a_file_that_turns_bad_leaves_the_rules_and_a_good_one_ends_the_problem(tmp_path: Path) -> None:
    path = rules(tmp_path, PIN)
    async with opened(tmp_path) as bench:
        grouping, book = bench.room.parts.grouping, bench.room.parts.book
        rules(tmp_path, "[[rule]]\n")
        grouping.look()
        assert grouping.problem.startswith(f"{path}:1: the rule fits nothing")
        assert book.report("one", "Gap", "no beat", "tester").group == "group-everything"
        path.unlink()
        grouping.look()
        assert grouping.problem == ""
        assert book.report("one", "Gap", "no beat", "tester").group == ""
        assert [record["result"] for record in bench.audited("grouping.read")] == ["1 in force", "0 in force"]
