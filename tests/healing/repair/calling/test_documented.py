"""Parameters as docstrings of the usual styles list them."""

import pytest

from grace_tui.healing.repair.calling.documented import documented

GOOGLE = """Fetch.

Args:
    url (str): where it is
    timeout: seconds to wait,
        for each try. Defaults to 30.
    *names: which
    retries (int, optional): how often

Returns:
    body: the text
"""
NUMPY = """Fetch.

Parameters
----------
url : str
    Where it is.
timeout, limit : float, default 1.5
    Seconds.
mode : {'a', 'b'}, optional
    How. default: 'a'

Returns
-------
body : str
"""
SPHINX = """Fetch.

:param url: where it is
:param float timeout: seconds (default: ``None``)
:keyword mode: how
:returns: the text
"""
EPYTEXT = """Fetch.

@param url: where it is
@param timeout: seconds, default is DEFAULT_TIMEOUT
@return: the text
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(GOOGLE, {"url": None, "timeout": "30", "names": None, "retries": None}, id="google"),
        pytest.param(NUMPY, {"url": None, "timeout": "1.5", "limit": "1.5", "mode": "'a'"}, id="numpy"),
        pytest.param(SPHINX, {"url": None, "timeout": "None", "mode": None}, id="sphinx"),
        pytest.param(EPYTEXT, {"url": None, "timeout": "DEFAULT_TIMEOUT"}, id="epytext"),
        pytest.param("Note: nothing is listed here.", {}, id="none"),
    ],
)
def test_docstring_lists_parameters_in_order_with_their_defaults(text: str, expected: dict[str, str | None]) -> None:
    found = documented(text)
    assert {entry.name: entry.default for entry in found} == expected
    assert [entry.name for entry in found] == list(expected)


def test_docstring_tells_what_is_optional() -> None:
    assert [entry.name for entry in documented(GOOGLE) if entry.optional] == ["retries"]
