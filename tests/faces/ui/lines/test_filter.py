"""The filter knows names, states and hosts, and what they are not."""

import pytest

from grace_tui.faces.ui.lines.filter import passes
from tests.faces.ui.crowd import DEGRADED


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("gov", {"governance"}, id="name"),
        pytest.param("GOV", {"governance"}, id="capitals"),
        pytest.param("state:quar", {"immutable_log", "ingest"}, id="state"),
        pytest.param("state:down", {"immutable_log", "ingest", "mailer"}, id="all-that-is-down"),
        pytest.param("state:backing_off", {"mailer"}, id="state-of-two-words"),
        pytest.param("!running", {"immutable_log", "ingest", "mailer", "reports", "migrate"}, id="not-a-state"),
        pytest.param("!running !completed !down", {"reports"}, id="all-terms-hold"),
        pytest.param("host:command !running", {"ingest", "mailer", "reports", "migrate"}, id="host"),
        pytest.param("!host:task state:running", {"web-1"}, id="not-a-host"),
        pytest.param("log !immutable", set(), id="not-a-name"),
        pytest.param("nothing:like it", set(), id="an-unknown-field-is-a-name"),
    ],
)
def test_filter_passes(query: str, expected: set[str]) -> None:
    assert {kernel.name for kernel in DEGRADED.kernels if passes(kernel, query)} == expected


@pytest.mark.parametrize("query", ["", " ", "!", "state:", "!state:", "host:"])
def test_a_term_without_a_word_yet_hides_nothing(query: str) -> None:
    assert all(passes(kernel, query) for kernel in DEGRADED.kernels)
