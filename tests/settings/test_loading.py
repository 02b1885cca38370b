"""grace.toml is read strictly: what it says is what is set, and what it cannot mean is refused by name."""

from pathlib import Path

import pytest

from grace_tui.settings import KernelSettings, Settings, SettingsError, load_settings


def write(folder: Path, text: str) -> Path:
    path = folder / "grace.toml"
    path.write_text(text)
    return path


def refusal(folder: Path, text: str) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load_settings(write(folder, text))
    return caught.value


def test_missing_file_means_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "grace.toml") == Settings()


def test_file_sets_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    text = '[supervisor]\nintensity = 3\nperiod = 10\n[repair]\nauto_apply = false\n[room]\nname = "lab"\n'
    settings = load_settings(write(tmp_path, text))
    assert (settings.supervisor.intensity, settings.supervisor.period) == (3, 10.0)
    assert settings.repair.auto_apply is False
    assert settings.room.name == "lab"
    assert settings.supervisor.backoff_cap == Settings().supervisor.backoff_cap


def test_kernel_table_is_split_into_known_keys_and_its_own(tmp_path: Path) -> None:
    text = '[kernels.api_server]\nenabled = false\nport = 8080\ntls = {cert = "a"}\n'
    settings = load_settings(write(tmp_path, text))
    own = {"port": 8080, "tls": {"cert": "a"}}
    assert settings.kernel("api_server") == KernelSettings(enabled=False, options=own)
    assert settings.kernel("librarian") == KernelSettings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "[supervisor]\nintensty = 5",
            ":2: supervisor.intensty is not a setting; did you mean intensity?",
            id="unknown-key",
        ),
        pytest.param("[rom]\n", ":1: rom is not a setting; did you mean room?", id="unknown-table"),
        pytest.param("[screen]\nzzz = 1", ":2: screen.zzz is not a setting; there are theme", id="nothing-near"),
        pytest.param(
            '[supervisor]\nintensity = "five"',
            ':2: supervisor.intensity is "five"; expected a whole number from 1 to 1000',
            id="text-for-number",
        ),
        pytest.param(
            "\nsupervisor.intensity = 0\n",
            ":2: supervisor.intensity is 0; expected a whole number from 1 to 1000",
            id="out-of-range",
        ),
        pytest.param(
            "[supervisor]\nintensity = true",
            ":2: supervisor.intensity is true; expected a whole number from 1 to 1000",
            id="boolean-is-no-number",
        ),
        pytest.param(
            "[supervisor]\nperiod = nan",
            ":2: supervisor.period is nan; expected a number from 1 to 86400",
            id="not-a-number",
        ),
        pytest.param(
            "[repair]\nauto_apply = 1", ":2: repair.auto_apply is 1; expected true or false", id="number-for-boolean"
        ),
        pytest.param("[screen]\ntheme = []", ":2: screen.theme is []; expected text in quotes", id="list-for-text"),
        pytest.param("room = 5", ":1: room is 5; expected a table, [room]", id="no-table"),
        pytest.param("[kernels]\nx = 1", ":2: kernels.x is 1; expected a table, [kernels.x]", id="kernel-no-table"),
        pytest.param(
            'kernels.x.enabled = "no"', ':1: kernels.x.enabled is "no"; expected true or false', id="text-for-boolean"
        ),
        pytest.param("[room]\nname = = 1", ":2:8: not TOML: Invalid value", id="syntax"),
        pytest.param("[room]\nname = '''", ":2: not TOML: Expected", id="syntax-at-end"),
    ],
)
def test_refusal_names_place_value_and_what_is_right(tmp_path: Path, text: str, message: str) -> None:
    error = refusal(tmp_path, text)
    assert str(error).startswith(f"{tmp_path}/grace.toml{message}")


def test_refusal_carries_its_parts(tmp_path: Path) -> None:
    error = refusal(tmp_path, '# top\n[supervisor]\nintensity = "five"\n')
    assert (error.key, error.value, error.line, error.column) == ("supervisor.intensity", "five", 3, 0)


def test_binary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "grace.toml").write_bytes(b"x = \xff")
    with pytest.raises(SettingsError, match=r"is not UTF-8 text \(byte 4\)"):
        load_settings(tmp_path / "grace.toml")


def test_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: is a directory"):
        load_settings(tmp_path)
