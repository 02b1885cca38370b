"""The files of the evidence as sections of a page."""

import pytest

from grace_tui.faces.ui.lines.evidence import SHOWN_LINES, File, evidence_said, file_said, files_of, grouped_said
from grace_tui.faces.ui.lines.said import Said
from tests.faces.ui.care import FILES, RECORD


def headings(said: list[Said]) -> list[str]:
    return [one.text for one in said if one.ink == "heading"]


def listed(*more: File) -> list[File]:
    return [*(File(name=name) for name in FILES), *more]


def test_every_section_has_its_place_also_where_there_is_no_file_for_it() -> None:
    said = list(evidence_said((), {}, "no evidence: the disk is full"))
    assert headings(said) == ["traceback", "locals and provider", "log", "changes", "around it"]
    assert [one.text for one in said if one.ink == "muted"] == ["no evidence: the disk is full"] * 5


def test_files_stand_in_the_section_they_belong_to_under_what_they_hold() -> None:
    provider = File(name="provider.json", says="whose interface failed")
    files = [provider, *(file for file in listed() if file.name != provider.name)]
    texts = [one.text for one in evidence_said(files, FILES, "")]
    assert texts.index("locals and provider") < texts.index("whose interface failed") < texts.index("locals.json")
    assert texts.index("around it") < texts.index("resources.json") < texts.index("related.json")


def test_a_file_that_is_missing_says_why_and_one_that_follows_that_it_will_come() -> None:
    more = (File(name="bus.json", missing="the bus was down"), File(name="changes.git.diff", follows=True))
    texts = [one.text for one in evidence_said(listed(*more), FILES, "")]
    assert "the bus was down" in texts
    assert "it is being written" in texts


def test_a_file_that_was_cut_says_by_how_much() -> None:
    said = list(evidence_said([File(name="kernel.log", cut=4096)], FILES, ""))
    assert "4 K more were left out" in [one.text for one in said]


def test_the_variables_of_a_frame_stand_under_its_place() -> None:
    said = file_said("locals.json", FILES["locals.json"])
    assert said[0].text == "kernels/coding_agent.py:41 in CodingAgent.start, where TypeError came by"
    assert [(one.label.strip(), one.text) for one in said[1:]][2] == ("token", "•••")


def test_what_was_written_after_the_failure_is_set_apart() -> None:
    said = file_said("kernel.log", "08:29:01 info    started\n---- what it wrote afterwards\nnothing")
    assert [one.ink for one in said] == ["text", "accent", "text"]


def test_the_failing_line_and_the_error_stand_out() -> None:
    inks = {one.text.split()[0]: one.ink for one in file_said("traceback.txt", FILES["traceback.txt"])}
    assert (inks[">"], inks["TypeError:"], inks["File"]) == ("strong", "strong_bad", "accent")
    assert inks["42"] == "text"


def test_figures_of_json_are_told_one_a_line() -> None:
    said = {one.label: one.text for one in file_said("resources.json", FILES["resources.json"])}
    assert said == {"cpu_percent": "3.1", "memory.used_bytes": "8 G", "load": "0.3, 0.2"}


def test_json_that_cannot_be_read_is_told_as_it_is() -> None:
    assert [one.text for one in file_said("odd.json", "{not\njson")] == ["{not", "json"]


def test_a_long_file_is_cut_on_the_page_and_whole_in_the_list_of_files() -> None:
    text = "\n".join(f"line {index}" for index in range(SHOWN_LINES + 7))
    assert file_said("changes.diff", text)[-1].text == "7 more lines in the file, e shows all"
    assert len(file_said("changes.diff", text, whole=True)) == SHOWN_LINES + 7


def test_nothing_in_a_file_is_obeyed() -> None:
    assert [one.text for one in file_said("locals.txt", "x = '\x1b[2J'")] == ["x = '␛[2J'"]


@pytest.mark.parametrize("told", [None, "x", [7], [{"bytes": 3}]])
def test_an_answer_without_files_lists_none(told: object) -> None:
    assert files_of(told) == ()


def test_why_grouped_tells_the_parts_and_what_does_not_count() -> None:
    said = list(grouped_said(RECORD))
    assert said[1].text == "TypeError"
    assert [one.label for one in said if one.label] == ["replayed by", "budgets by"]
    assert said[-1] == Said("line 41 of kernels/coding_agent.py: code moves", "muted")
    assert [one.text for one in grouped_said({})][-1] == "nothing is kept about it"
