"""The files of the evidence as sections of a page."""

from grace_tui.faces.ui.lines.evidence import SHOWN_LINES, evidence_said, file_names, file_said, grouped_said
from grace_tui.faces.ui.lines.said import Said
from tests.faces.ui.care import FILES, RECORD


def headings(said: list[Said]) -> list[str]:
    return [one.text for one in said if one.ink == "heading"]


def test_every_section_has_its_place_also_where_there_is_no_file_for_it() -> None:
    said = list(evidence_said({}, "no evidence: the disk is full"))
    assert headings(said) == ["traceback", "locals", "log", "changes", "around it"]
    assert [one.text for one in said if one.ink == "muted"] == ["no evidence: the disk is full"] * 5


def test_files_stand_in_the_section_they_belong_to() -> None:
    said = list(evidence_said(FILES, ""))
    texts = [one.text for one in said]
    assert texts.index("locals.txt") < texts.index("provider.txt") < texts.index("log")
    assert texts.index("around it") < texts.index("resources.json") < texts.index("related.json")


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


def test_names_of_files_come_as_names_or_as_records() -> None:
    assert file_names(["a.txt", {"name": "b.json", "bytes": 3}, 7, {"bytes": 3}]) == ("a.txt", "b.json")
    assert file_names(None) == ()


def test_why_grouped_tells_the_parts_and_what_does_not_count() -> None:
    said = list(grouped_said(RECORD))
    assert said[1].text == "TypeError"
    assert [one.label for one in said if one.label] == ["replayed by", "budgets by"]
    assert said[-1] == Said("line 41 of kernels/coding_agent.py: code moves", "muted")
    assert [one.text for one in grouped_said({})][-1] == "nothing is kept about it"
