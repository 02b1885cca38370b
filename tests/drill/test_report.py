"""The report of a drill has measured figures only, and is a whole Markdown file whatever the texts in it hold."""

from pathlib import Path

from grace_tui.drill.report import write_report
from grace_tui.drill.result import Count, FirstBoot, Gate, Incident, SecondBoot, SeedResult, Task

GATE = Gate("tests", "failed", 12.5, "one | two\nthree")
TASK = Task("T-1", "agent", 10, "unexpected_keyword", "log.append", "failed", "coding_agent", (GATE,), 2.0, 0.5)
RESULT = SeedResult(
    healed=False,
    first_boot=FirstBoot(1, 2, ("agent",), 0.25),
    incidents=(Incident("I-1", "agent", "abc123", 41.5, "a | b", "log"),),
    tasks=(TASK,),
    consumers_unchanged=False,
    final=Count(1, 2),
    healed_seconds=3.5,
    second_boot=SecondBoot(2, 2, (), 1.5),
    problems=("1 of 2 ran after the repairs",),
)


def test_a_report_tells_figures_problems_and_gates(tmp_path: Path) -> None:
    path = write_report(RESULT, tmp_path)
    text = path.read_text(encoding="utf-8")
    assert path.parent.parent == tmp_path
    for expected in ("NOT healed", "- 1 of 2 ran after the repairs", "1 of 2 running after 0.25 s", "| agent | 41.5 |"):
        assert expected in text
    assert "| consumers unchanged | NO |" in text
    assert "failed by coding_agent; proven after 0.50 s, ended after 2.00 s." in text


def test_texts_cannot_break_the_tables(tmp_path: Path) -> None:
    text = write_report(RESULT, tmp_path).read_text(encoding="utf-8")
    assert r"| a \| b |" in text
    assert r"| tests | failed | 12.5 | one \| two three |" in text


def test_two_reports_of_the_same_second_are_two_files(tmp_path: Path) -> None:
    assert len({write_report(RESULT, tmp_path) for _ in range(3)}) == 3
