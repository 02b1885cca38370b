"""load_rules: a file of rules is read strictly, and every mistake is named with its line and what would be right."""

from pathlib import Path

import pytest

from grace_tui.healing.incidents.signature import Rule, RuleFileError, load_rules

GOOD = """
# what the network does is one thing
[[rule]]
name = "network"
kind = ["ConnectError", "ReadTimeout"]
group = "network"

[[rule]]
message = "slot \\\\d+"
function = "Cache.*"
split_by = ["message", "kernel"]
"""


def file(folder: Path, text: str) -> Path:
    path = folder / "grouping.toml"
    path.write_text(text)
    return path


def test_a_file_is_its_rules_in_order(tmp_path: Path) -> None:
    network, cache = load_rules(file(tmp_path, GOOD))
    assert network == Rule("network", kind=("ConnectError", "ReadTimeout"), group="network")
    assert cache.message is not None
    assert (cache.name, cache.message.pattern, cache.function) == ("2", r"slot \d+", ("Cache.*",))
    assert cache.split_by == ("message", "kernel")


def test_no_file_and_an_empty_one_are_no_rules(tmp_path: Path) -> None:
    assert load_rules(tmp_path / "grouping.toml") == ()
    assert load_rules(file(tmp_path, "")) == ()


RULE = '[[rule]]\nkind = "X"\n'
MISTAKES = [
    pytest.param("[[rule]]\nkind = \n", 2, "not TOML: Invalid value", id="no-toml"),
    pytest.param("[[rule]]\nkind = 'x", 2, "not TOML: ", id="open-text"),
    pytest.param(
        '\n[[rules]]\nkind = "X"\n', 2, "rules is not known; a file of rules has [[rule]] tables only", id="other-table"
    ),
    pytest.param("rule = 3\n", 1, "rule is not a list of tables; write each as [[rule]]", id="no-table"),
    pytest.param('[rule]\nkind = "X"\n', 1, "rule is not a list of tables; write each as [[rule]]", id="one-table"),
    pytest.param(
        RULE + 'group = "a"\n\n[[rule]]\nknid = "X"\n',
        6,
        "knid is not a key of a rule; did you mean kind?",
        id="near-key",
    ),
    pytest.param(
        '[[rule]]\ncolour = "X"\n', 2, "colour is not a key of a rule; there are name, kind, message", id="unknown-key"
    ),
    pytest.param('[[rule]]\ngroup = "a"\n', 1, "the rule fits nothing: give it one of kind, message", id="no-matcher"),
    pytest.param(RULE, 1, "a rule has either group or split_by", id="no-action"),
    pytest.param(
        RULE + 'group = "a"\nsplit_by = "kernel"\n', 4, "a rule has either group or split_by", id="two-actions"
    ),
    pytest.param(RULE + 'group = "Not Plain"\n', 3, "group is 'Not Plain'; expected small letters", id="group-name"),
    pytest.param(RULE + "group = 3\n", 3, "group is 3; expected a text", id="group-type"),
    pytest.param(
        RULE + "split_by = []\n", 3, "split_by is empty; there are message, kernel, phase, cause", id="empty-split"
    ),
    pytest.param(
        RULE + 'split_by = ["kernle"]\n', 3, "cannot split by 'kernle'; did you mean kernel?", id="near-split"
    ),
    pytest.param(
        RULE + 'split_by = ["colour"]\n', 3, "cannot split by 'colour'; there are message", id="unknown-split"
    ),
    pytest.param(
        '[[rule]]\nkind = 3\ngroup = "a"\n', 2, "kind is 3; expected a text or a list of texts", id="kind-type"
    ),
    pytest.param('[[rule]]\nkind = [""]\ngroup = "a"\n', 2, "kind is ['']; expected a text", id="empty-kind"),
    pytest.param(
        '[[rule]]\nmessage = "("\ngroup = "a"\n', 2, "message '(' is no regular expression: missing )", id="pattern"
    ),
    pytest.param(
        '[[rule]]\nmessage = "(a+)+$"\ngroup = "a"\n', 2, "message '(a+)+$' repeats a repeat", id="endless-pattern"
    ),
    pytest.param('[[rule]]\nkind = "X"\n' * 201, 401, "201 rules; at most 200 are read", id="too-many"),
]


@pytest.mark.parametrize(("text", "line", "problem"), MISTAKES)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, line: int, problem: str) -> None:
    path = file(tmp_path, text)
    with pytest.raises(RuleFileError) as found:
        load_rules(path)
    assert found.value.line == line
    assert str(found.value).startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert found.value.problem.startswith(problem)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "grouping.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(RuleFileError, match="cannot be read"):
        load_rules(path)
    with pytest.raises(RuleFileError, match="cannot be read"):
        load_rules(tmp_path)


@pytest.mark.parametrize(
    "pattern",
    [r"(\w+\s?)*$", "((a+))*", "(a{2,})+", "(?:[a-z]*b)+", "(a*|b){1,}"],
)
def test_a_pattern_that_can_take_for_ever_is_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(RuleFileError, match="repeats a repeat"):
        load_rules(file(tmp_path, f"[[rule]]\nmessage = '{pattern}'\ngroup = 'a'\n"))


@pytest.mark.parametrize("pattern", [r"(a+)b*", r"[(a+)*]+", r"\(a+\)*", r"(a+)?", "(ab)*c+", "a{2,3}", r"\)+(a)*"])
def test_a_pattern_with_simple_repeats_is_taken(tmp_path: Path, pattern: str) -> None:
    assert len(load_rules(file(tmp_path, f"[[rule]]\nmessage = '{pattern}'\ngroup = 'a'\n"))) == 1
