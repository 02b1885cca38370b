"""Secrets leave a text, the rest of it stays, and no text is expensive."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace_tui.kernel import redact as redact_module
from grace_tui.kernel.redact import KEY_LINES, LineRedactor, redact, redact_value

SECRET = "s3cr3t-value"


@pytest.mark.parametrize(
    "text",
    [
        f"password={SECRET}",
        f"DB_PASSWORD: {SECRET}",
        f"Authorization: Bearer {SECRET}",
        f'"authorization": "Basic {SECRET}"',
        f"Authorization: Token {SECRET}",
        f"Authorization: {SECRET}",
        f'authorization: Digest username="ann", response={SECRET}, opaque=1',
        f"'Authorization': 'AWS4-HMAC-SHA256 Credential=AK/2026, Signature={SECRET}'",
        f"sent Bearer {SECRET}",
        f"-H bearer\t{SECRET}==",
        f"{{'api-key': '{SECRET}'}}",
        f"https://host/?token={SECRET}&page=2",
        f"postgres://me:{SECRET}@host/db",
        f'secret = "two {SECRET} words"',
        f'secret = "say \\"{SECRET}\\""',
        f'token="{SECRET} without an end'.replace(" without", ", without"),
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_a_named_secret_is_taken_out(text: str) -> None:
    clean = redact(text)
    assert SECRET not in clean
    assert "[redacted]" in clean
    assert redact(clean) == clean


@pytest.mark.parametrize(
    "secret",
    [
        "sk-" + "a" * 20,
        "sk_" + "live_" + "a" * 20,
        "AKIA" + "A" * 16,
        "ghp_" + "a" * 36,
        "glpat-" + "a" * 20,
        "xoxb-" + "1" * 12,
        "eyJ" + "a" * 10 + "." + "b" * 10 + "." + "c" * 10,
    ],
)
def test_a_shaped_secret_is_taken_out_wherever_it_stands(secret: str) -> None:
    assert redact(f"found {secret}, and more") == "found [redacted], and more"


@pytest.mark.parametrize(
    "text",
    [
        "tokens are counted",
        "a password is needed",
        "x = 12345",
        "pin: 1",
        "secretary Ann",
        "a bearer of bad news",
        "bearer authentication failed",
        'Bearer realm="house"',
    ],
)
def test_plain_text_stays(text: str) -> None:
    assert redact(text) == text


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["token", "password", "name", "a"]), values))
def test_json_stays_json(value: dict[str, object]) -> None:
    assert set(json.loads(redact(json.dumps(value)))) == set(value)


def test_values_go_by_the_name_of_their_key() -> None:
    value = {
        "password": "two words",
        "pin_token": 1,
        "deep": [{"api_key": "abcdef", "name": "ann"}],
        "text": "secret=abcdef",
    }
    assert redact_value(value) == {
        "password": "[redacted]",
        "pin_token": 1,
        "deep": [{"api_key": "[redacted]", "name": "ann"}],
        "text": "secret=[redacted]",
    }


@pytest.mark.parametrize(
    "part", ["token", "-eyJ", "password ", "-----BEGIN PRIVATE KEY-----", "a://b", 'secret="', "token=\\", "A", "sk-"]
)
def test_text_made_to_hurt_costs_no_more_than_its_length(part: str) -> None:
    began = time.process_time()
    redact(part * (60_000 // len(part)))
    assert time.process_time() - began < 1.0


LINES = st.lists(
    st.sampled_from(
        [
            "calm",
            f"password={SECRET}",
            "PASſWORD: longs3cret",
            "ap\u0130_\u212aey=s3cr3tvalue",
            "tokens: 5",
            "keyΐ: 12345",
            "Token ='a b'",
            "",
        ]
    )
    | st.text(alphabet="passwordtokenKEY=: '\"\u017f\u212aΐ-", max_size=40)
)


@given(LINES)
def test_lines_in_batches_are_redacted_as_each_alone(lines: list[str]) -> None:
    assert list(LineRedactor().clean(lines)) == [redact(line) for line in lines]


@given(LINES)
def test_no_mark_hides_a_match_of_the_patterns(lines: list[str]) -> None:
    for line in lines:
        expected = redact_module._SHAPED.sub("[redacted]", line)
        assert redact(line) == redact_module._NAMED.sub(redact_module._hide, expected)


def test_lines_without_a_secret_are_handed_back_as_they_are() -> None:
    lines = ["one", "two"]
    assert LineRedactor().clean(lines) is lines


def test_a_private_key_over_many_lines_and_batches_is_hidden() -> None:
    redactor = LineRedactor()
    first = redactor.clean(["before", "key: -----BEGIN RSA PRIVATE KEY-----", "MIIEpAIBAAKCAQEA"])
    second = redactor.clean(["c2VjcmV0", "-----END RSA PRIVATE KEY-----", "after"])
    assert first == ["before", "key: [redacted]", "[redacted]"]
    assert second == ["[redacted]", "[redacted]", "after"]


def test_a_private_key_without_an_end_hides_the_log_for_a_while_only() -> None:
    redactor = LineRedactor()
    lines = redactor.clean(["-----BEGIN PRIVATE KEY-----", *["line"] * KEY_LINES, "shown"])
    assert lines[-2:] == ["[redacted]", "shown"]
