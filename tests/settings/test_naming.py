"""Names in the settings are those of kernels that exist; a group of replicas is named as one."""

import json
from pathlib import Path

import pytest

from grace_tui.settings import Settings, SettingsError, load_settings

WEB = '[kernels.web]\ncommand = "x"\n'


def load(folder: Path, text: str) -> Settings:
    for name, source in (("models", "BASE = 1\n"), ("api_server", "class ApiServer(Kernel): ...\n")):
        (folder / "kernels" / name).mkdir(parents=True)
        (folder / "kernels" / name / "__init__.py").write_text(source)
    (folder / "kernels" / "librarian.py").touch()
    (folder / "grace.toml").write_text(text)
    return load_settings(folder / "grace.toml")


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    return str(caught.value).removeprefix(f"{folder}/grace.toml")


def test_replicas_are_kernels_of_their_own(tmp_path: Path) -> None:
    settings = load(tmp_path, f"{WEB}replicas = 3\n")
    assert list(settings.kernels) == ["web-1", "web-2", "web-3"]
    assert [found.command.replica for found in settings.kernels.values() if found.command] == [1, 2, 3]
    assert settings.group("web") == ("web-1", "web-2", "web-3")
    assert settings.group("librarian") == ("librarian",)


def test_one_replica_keeps_its_name(tmp_path: Path) -> None:
    settings = load(tmp_path, f"{WEB}replicas = 1\n")
    assert list(settings.kernels) == ["web"]
    command = settings.kernel("web").command
    assert command is not None
    assert command.replica == 0


def test_name_of_a_group_stands_for_all_of_it(tmp_path: Path) -> None:
    text = f'{WEB}replicas = 2\n[kernels.proxy]\ncommand = "x"\nrequires = {{ web = "started" }}\nfollows = ["web"]\n'
    assert load(tmp_path, text).kernel("proxy").overrides == {
        "requires": ("web-1", "web-2"),
        "conditions": {"web-1": "started", "web-2": "started"},
        "follows": ("web-1", "web-2"),
    }


def test_one_replica_may_be_required_alone(tmp_path: Path) -> None:
    text = f'{WEB}replicas = 2\n[kernels.proxy]\ncommand = "x"\nrequires = ["web-2"]\n'
    assert load(tmp_path, text).kernel("proxy").overrides["requires"] == ("web-2",)


def test_kernel_whose_file_is_missing_may_be_required(tmp_path: Path) -> None:
    (tmp_path / ".grace").mkdir()
    (tmp_path / ".grace" / "kernels.json").write_text(json.dumps(["governance"]))
    settings = load(tmp_path, f'{WEB}requires = ["governance"]\n')
    assert settings.kernel("web").overrides["requires"] == ("governance",)


def test_command_waits_for_one_that_completes(tmp_path: Path) -> None:
    text = f'{WEB}requires = {{ migrate = "completed" }}\n[kernels.migrate]\ncommand = "x"\nrestart = "transient"\n'
    assert load(tmp_path, text).kernel("web").overrides["conditions"] == {"migrate": "completed"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            f'{WEB}requires = ["librarain"]\n',
            ':3: kernels.web.requires names "librarain", which is no kernel here; did you mean librarian?',
            id="nobody",
        ),
        pytest.param(
            f'{WEB}after = ["zzz"]\n',
            ':3: kernels.web.after names "zzz", which is no kernel here; there are api_server, librarian',
            id="nobody-near",
        ),
        pytest.param(f'{WEB}requires = ["web"]\n', ":3: kernels.web.requires names itself", id="itself"),
        pytest.param(
            f'{WEB}requires = ["b"]\n[kernels.b]\ncommand = "x"\nrequires = ["web"]\n',
            ":3: kernels.web.requires goes in a circle: web requires b requires web",
            id="circle",
        ),
        pytest.param(
            f'{WEB}replicas = 2\n[kernels.web-1]\ncommand = "x"\n',
            ":3: kernels.web.replicas makes web-1, which is another kernel's name",
            id="replica-clashes",
        ),
        pytest.param(
            '[kernels.librarian]\ncommand = "x"\n',
            ":2: kernels.librarian.command: librarian is a file in kernels/ already; give the command another name",
            id="command-over-file",
        ),
        pytest.param(
            '[kernels.Web]\ncommand = "x"\n',
            ":1: kernels.Web: a kernel's name is a to z, 0 to 9, _ and -, a letter first",
            id="capital",
        ),
        pytest.param('[kernels."../x"]\ncommand = "x"\n', ":1: kernels.../x: a kernel's name is", id="path"),
        pytest.param(
            '[kernels.web]\ncomand = "x"\n', ":2: kernels.web.comand is not a setting; did you mean command?", id="slip"
        ),
        pytest.param(
            "[kernels.web]\nreplicas = 2\n", ":2: kernels.web.replicas is for commands, and web has no", id="no-command"
        ),
        pytest.param(
            f'{WEB}requires = {{ job = "completed" }}\n[kernels.job]\ncommand = "x"\n',
            ":3: kernels.web.requires waits for job to complete, which kernels.job never does; set restart",
            id="never-completes",
        ),
    ],
)
def test_name_is_refused_where_it_stands(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text).startswith(message)
