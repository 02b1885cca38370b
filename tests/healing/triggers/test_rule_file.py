"""Files of rules: what they may say, and for every mistake the file, the line, the key, the value and what is right."""

from pathlib import Path

import pytest

from grace_tui.healing.strict import FileRefused
from grace_tui.healing.triggers import Known, MeasureSpec, Parameter, Rule, RuleSet, load_rules

PARAMETERS = {"least": Parameter(3.0, "", 1, 9), "of": Parameter(("io",), ""), "file": Parameter("a", "")}
MEASURES = {"depth": MeasureSpec("depth", "messages", "m", PARAMETERS), "age": MeasureSpec("age", "seconds", "s")}
KNOWN = Known(MEASURES, playbooks=("restart_it",), kernels=("librarian",))
SHIPPED = """
[[rule]]
name = "deep"
measure = "depth"
kind = "QueueGrowth"
threshold = 10
clear = 5
parameters = { least = 4, of = ["cpu"] }
"""
GOOD = SHIPPED.replace("deep", "mine").strip()


def load(folder: Path, own: str | None = None, shipped: str = SHIPPED) -> RuleSet:
    (folder / "shipped").mkdir(exist_ok=True)
    (folder / "shipped" / "a.toml").write_text(shipped)
    path = folder / "triggers.toml"
    if own is not None:
        path.write_text(own)
    return load_rules(KNOWN, path, folder / "shipped")


def only(rules: RuleSet) -> Rule:
    (rule,) = rules.rules
    return rule


def test_without_an_own_file_the_shipped_rules_hold(tmp_path: Path) -> None:
    rule = only(load(tmp_path))
    assert (rule.threshold, rule.every, rule.kernel) == (10, 30, "room")
    assert rule.parameters == {"least": 4.0, "of": ["cpu"], "file": "a"}


def test_an_own_file_overrides_key_by_key_and_adds(tmp_path: Path) -> None:
    own = '[[rule]]\nname = "deep"\nthreshold = 20\nparameters = { of = ["io"] }\n' + GOOD
    rules = load(tmp_path, own)
    deep, mine = rules.rules
    assert (deep.threshold, deep.clear, deep.parameters["least"], deep.parameters["of"]) == (20, 5, 4.0, ["io"])
    assert mine.name == "mine"
    assert [Path(rules.files[name]).name for name in ("deep", "mine")] == ["triggers.toml", "triggers.toml"]


def test_another_measure_takes_none_of_the_old_parameters(tmp_path: Path) -> None:
    assert only(load(tmp_path, '[[rule]]\nname = "deep"\nmeasure = "age"\n')).parameters == {}


def test_a_threshold_beyond_the_shipped_worse_takes_that_away(tmp_path: Path) -> None:
    shipped = SHIPPED + 'worse = { at = 20, severity = "major" }\n'
    found = [only(load(tmp_path, f'[[rule]]\nname = "deep"\nthreshold = {at}\n', shipped)).worse for at in (15, 20)]
    assert [worse is not None for worse in found] == [True, False]


def test_a_rule_can_be_switched_off(tmp_path: Path) -> None:
    assert only(load(tmp_path, '[[rule]]\nname = "deep"\nenabled = false\n')).enabled is False


def test_who_acts_is_said_by_the_rule_else_by_its_severity(tmp_path: Path) -> None:
    own = """
    [routes]
    moderate = "agent"
    critical = "person"
    [[rule]]
    name = "deep"
    worse = { at = 20, severity = "critical" }
    """
    rules = load(tmp_path, own)
    assert [rules.route_of(only(rules), value) for value in (10, 20)] == ["agent", "person"]
    rules = load(tmp_path, own.replace('"critical" }', '"critical", route = "nobody" }'))
    assert rules.route_of(only(rules), 20) == "nobody"
    rules = load(tmp_path, own + 'route = "playbook:restart_it"\n')
    assert rules.route_of(only(rules), 10) == "playbook:restart_it"


WRONG = [
    ("[rule\n", 1, "not TOML"),
    ("rules = 1\n", 1, "rules is not known; a file of rules has [[rule]] and [routes]"),
    ("[rule]\nname = 'x'\n", 1, "rule is not a list of tables; write each as [[rule]]"),
    ("[routes]\nhuge = 'agent'\n", 2, "routes.huge is no severity; there are minor, moderate, major, critical"),
    ("[routes]\nminor = 'somebody'\n", 2, 'minor is "somebody"; expected playbook:NAME, agent, person or nobody'),
    (f"{GOOD}\nthresold = 3\n", 8, "thresold is not a key of a rule; did you mean threshold?"),
    (GOOD.replace("threshold = 10\n", ""), 1, "threshold is missing"),
    ('[[rule]]\nname = "mime"\nthreshold = 3\n', 1, 'measure is missing; no shipped rule is named "mime", there are '),
    (GOOD.replace("threshold = 10", 'threshold = "ten"'), 5, 'threshold is "ten"; expected a number'),
    (GOOD.replace("clear = 5", "clear = 50"), 6, "clear is 50; expected at most the threshold, 10"),
    (GOOD.replace('"depth"', '"dept"'), 3, 'measure "dept" does not exist; did you mean depth?'),
    (GOOD.replace('"QueueGrowth"', '"queue growth"'), 4, 'kind is "queue growth"; expected a name such as QueueGrowth'),
    (GOOD.replace('"mine"', '"My rule"'), 2, 'name is "My rule"; expected small letters, digits and _'),
    (GOOD.replace("least", "leest"), 7, "parameters.leest is none of depth; did you mean least?"),
    (GOOD.replace("least = 4", "least = 40"), 7, "parameters.least is 40; expected a number from 1 to 9"),
    (GOOD.replace("least = 4", "least = true"), 7, "parameters.least is true; expected a number"),
    (GOOD.replace('["cpu"]', '"cpu"'), 7, 'parameters.of is "cpu"; expected a list of texts'),
    (GOOD.replace("of =", "file ="), 7, "parameters.file is ['cpu']; expected a text"),
    (f"{GOOD}\nparameters.least = 2\n", 8, "not TOML"),
    (f"{GOOD}\nevery = 1\n", 8, "every is 1; expected a number of at least 5"),
    (f"{GOOD}\nin_a_row = 0\n", 8, "in_a_row is 0; expected a whole number of at least 1"),
    (f"{GOOD}\nin_a_row = 1.5\n", 8, "in_a_row is 1.5; expected a whole number"),
    (f'{GOOD}\non = ["noon"]\n', 8, "expected a list of boot, files.changed, kernel.state, incident.opened"),
    (f'{GOOD}\nseverity = "bad"\n', 8, 'severity is "bad"; expected one of minor, moderate, major, critical'),
    (f'{GOOD}\nenabled = "no"\n', 8, 'enabled is "no"; expected true or false'),
    (f'{GOOD}\nroute = "playbook:restart"\n', 8, "there is no playbook restart; did you mean restart_it?"),
    (f'{GOOD}\nroute = "playbook:"\n', 8, 'route is "playbook:"; expected playbook:NAME'),
    (f'{GOOD}\nkernel = "librarien"\n', 8, 'kernel "librarien" is not in this workspace; did you mean librarian?'),
    (f'{GOOD}\nworse = {{ at = 3, severity = "major" }}\n', 8, "worse.at is 3; expected more than the threshold, 10"),
    (f'{GOOD}\nworse = {{ at = 30, sevrity = "major" }}\n', 8, "worse.sevrity is not a key of a rule; did you mean"),
    (f"{GOOD}\nworse = {{ at = 30 }}\n", 8, "worse.severity is missing"),
    (f"{GOOD}\n{GOOD}\n", 9, 'name is "mine", as that of a rule above it; each has its own'),
    (GOOD.replace("parameters = { least = 4, of =", "parameters = 3 #"), 7, "parameters is 3; expected a table"),
]


@pytest.mark.parametrize(("own", "line", "problem"), WRONG, ids=[problem[:40] for _, _, problem in WRONG])
def test_a_mistake_is_named_with_its_line_and_what_would_be_right(
    tmp_path: Path, own: str, line: int, problem: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        load(tmp_path, own)
    assert problem in str(refused.value)
    assert f"{tmp_path / 'triggers.toml'}:{line}: " in str(refused.value)


def test_every_mistake_of_a_file_is_told_at_once_by_line(tmp_path: Path) -> None:
    own = f"""{GOOD}
thresold = 3
every = 1
kernel = "librarien"

[[rule]]
name = "other"
measure = "dept"
kind = "QueueGrowth"
threshold = 1
clear = 2

[routes]
huge = "agent"
minor = "somebody"
"""
    with pytest.raises(FileRefused) as refused:
        load(tmp_path, own)
    assert [(found.line, found.key) for found in refused.value.problems] == [
        (8, "thresold"),
        (9, "every"),
        (10, "kernel"),
        (14, "measure"),
        (17, "clear"),
        (20, "huge"),
        (21, "minor"),
    ]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "triggers.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(FileRefused, match=r"triggers\.toml: is not UTF-8 text"):
        load(tmp_path)


def test_a_shipped_rule_may_name_what_this_workspace_does_without(tmp_path: Path) -> None:
    shipped = f'{SHIPPED}kernel = "governance"\nroute = "playbook:elsewhere"\n'
    assert only(load(tmp_path, shipped=shipped)).kernel == "governance"
    assert only(load(tmp_path, '[[rule]]\nname = "deep"\nroute = ""\nthreshold = 11\n', shipped)).threshold == 11
