from pathlib import Path

import pytest

from grace_tui.kernel import Denied, GraceError, NotReady
from grace_tui.kernel.testing import ManualClock, running
from kernels.secret_manager import Secret, SecretManager, Store, StoreUnreadable

pytestmark = pytest.mark.anyio

VALUE = "tr0ub4dor-and-three"


def store_of(workspace: Path) -> Path:
    return workspace / ".grace" / "secrets" / "store.json"


async def test_a_secret_is_kept_over_a_restart_and_never_in_clear(tmp_path: Path) -> None:
    async with running(SecretManager, workspace=tmp_path) as bench:
        await bench.get(SecretManager).put("api", VALUE, purpose="tests", agent="api_server")
    for path in store_of(tmp_path).parent.iterdir():
        assert VALUE.encode() not in path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
    async with running(SecretManager, workspace=tmp_path) as bench:
        manager = bench.get(SecretManager)
        assert await manager.get("api", purpose="tests", agent="api_server") == VALUE
        assert manager.summary() == "1 key"


async def test_an_agent_that_is_not_listed_is_denied_and_written_down(tmp_path: Path) -> None:
    async with running(SecretManager, workspace=tmp_path) as bench:
        manager = bench.get(SecretManager)
        await manager.put("api", VALUE, purpose="serve", agent="api_server", allow=("scheduler",))
        assert await manager.get("api", purpose="call", agent="scheduler") == VALUE
        with pytest.raises(Denied, match="librarian may not get secret api"):
            await manager.get("api", purpose="curiosity", agent="librarian")
        record = bench.audit.entries[-1].record
        assert (record["actor"], record["action"], record["result"]) == ("librarian", "secret.get", "denied")
        assert record["payload"] == {"purpose": "curiosity"}


async def test_the_value_is_in_no_log_and_no_audit_entry(tmp_path: Path) -> None:
    async with running(SecretManager, workspace=tmp_path) as bench:
        manager = bench.get(SecretManager)
        await manager.put("api", VALUE, purpose="tests", agent="a")
        await manager.get("api", purpose="tests", agent="a")
        await manager.rotate("api")
        await manager.delete("api")
        assert [entry.record["action"] for entry in bench.audit.entries] == [
            "secret.put",
            "secret.get",
            "secret.rotate",
            "secret.delete",
        ]
        assert VALUE not in str(bench.audit.entries) + str(bench.logs["secret_manager"].lines)


async def test_another_agent_cannot_overwrite_a_secret(tmp_path: Path) -> None:
    async with running(SecretManager, workspace=tmp_path) as bench:
        manager = bench.get(SecretManager)
        await manager.put("api", VALUE, purpose="tests", agent="a")
        with pytest.raises(Denied):
            await manager.put("api", "mine now", purpose="theft", agent="b")
        assert await manager.get("api", purpose="tests", agent="a") == VALUE


async def test_an_expired_secret_is_refused_until_it_is_rotated(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(SecretManager, workspace=tmp_path, clock=clock) as bench:
        manager = bench.get(SecretManager)
        await manager.put("short", VALUE, purpose="tests", agent="a", expires_in=60)
        await clock.advance(61)
        assert manager.summary() == "1 key, 1 expired"
        with pytest.raises(GraceError, match="short expired 1 s ago"):
            await manager.get("short", purpose="tests", agent="a")
        assert await manager.rotate("short") == 2
        assert await manager.get("short", purpose="tests", agent="a") != VALUE


async def test_a_deleted_secret_is_gone_and_named_in_the_error(tmp_path: Path) -> None:
    async with running(SecretManager, workspace=tmp_path) as bench:
        manager = bench.get(SecretManager)
        await manager.put("api", VALUE, purpose="tests", agent="a")
        await manager.delete("api")
        assert await manager.names() == ()
        with pytest.raises(GraceError, match="no secret named 'api'"):
            await manager.get("api", purpose="tests", agent="a")


@pytest.mark.parametrize(
    ("name", "value", "purpose", "agent", "message"),
    [
        pytest.param("", "v", "p", "a", "a secret's name is ''", id="no-name"),
        pytest.param("../key", "v", "p", "a", r"a secret's name is '\.\./key'", id="path"),
        pytest.param("n", "", "p", "a", "the value is empty", id="no-value"),
        pytest.param("n", "v", "", "a", "needs an agent and a purpose", id="no-purpose"),
        pytest.param("n", "v", "p", "", "needs an agent and a purpose", id="no-agent"),
    ],
)
async def test_bad_input_is_refused(
    tmp_path: Path, name: str, value: str, purpose: str, agent: str, message: str
) -> None:
    async with running(SecretManager, workspace=tmp_path) as bench:
        with pytest.raises(GraceError, match=message):
            await bench.get(SecretManager).put(name, value, purpose=purpose, agent=agent)
        assert await bench.get(SecretManager).names() == ()


async def test_text_is_cleaned_of_kept_values_and_of_what_looks_like_a_secret(tmp_path: Path) -> None:
    async with running(SecretManager, workspace=tmp_path) as bench:
        manager = bench.get(SecretManager)
        await manager.put("a", "plain words", purpose="tests", agent="a")
        await manager.put("b", "plain words and more", purpose="tests", agent="a")
        text = await manager.redact("say plain words and more, then plain words; password=hunter22 ok")
        assert text == "say [redacted], then [redacted]; password=[redacted] ok"


async def test_a_changed_store_is_a_clear_error_and_the_original_is_kept(tmp_path: Path) -> None:
    async with running(SecretManager, workspace=tmp_path) as bench:
        await bench.get(SecretManager).put("api", VALUE, purpose="tests", agent="a")
    store = store_of(tmp_path)
    damaged = store.read_bytes().replace(b'"sealed": "', b'"sealed": "AAAA')
    store.write_bytes(damaged)
    for _ in range(2):
        with pytest.raises(StoreUnreadable, match=r"cannot be decrypted.*store\.corrupt-"):
            async with running(SecretManager, workspace=tmp_path):
                pass
    copies = list(store.parent.glob("store.corrupt-*"))
    assert [path.read_bytes() for path in copies] == [damaged]
    assert store.read_bytes() == damaged


@pytest.mark.parametrize("content", [b"", b"not json", b"[]", b'{"salt": 1}'])
async def test_a_store_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    store_of(tmp_path).parent.mkdir(parents=True)
    store_of(tmp_path).write_bytes(content)
    with pytest.raises(StoreUnreadable, match="is not a store of secrets"):
        async with running(SecretManager, workspace=tmp_path):
            pass


async def test_a_missing_key_is_named_and_no_new_one_is_made(tmp_path: Path) -> None:
    async with running(SecretManager, workspace=tmp_path):
        pass
    key = store_of(tmp_path).with_name("key")
    key.unlink()
    with pytest.raises(StoreUnreadable, match="its key key is missing"):
        async with running(SecretManager, workspace=tmp_path):
            pass
    assert not key.exists()


async def test_a_passphrase_opens_the_store_and_another_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"secret_manager": {"key": "passphrase", "passphrase_env": "TEST_PASSPHRASE"}}
    monkeypatch.setenv("TEST_PASSPHRASE", "correct horse")
    async with running(SecretManager, workspace=tmp_path, settings=settings) as bench:
        await bench.get(SecretManager).put("api", VALUE, purpose="tests", agent="a")
    assert not store_of(tmp_path).with_name("key").exists()
    monkeypatch.setenv("TEST_PASSPHRASE", "wrong horse")
    with pytest.raises(StoreUnreadable, match="cannot be decrypted"):
        async with running(SecretManager, workspace=tmp_path, settings=settings):
            pass


async def test_a_passphrase_that_is_not_set_names_its_variable(tmp_path: Path) -> None:
    settings = {"secret_manager": {"key": "passphrase", "passphrase_env": "TEST_NO_SUCH_VARIABLE"}}
    with pytest.raises(GraceError, match="TEST_NO_SUCH_VARIABLE is not set"):
        async with running(SecretManager, workspace=tmp_path, settings=settings):
            pass


@pytest.mark.in_task("replaces code while the kernel runs")
async def test_the_probe_fails_when_writing_does_not_reach_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(SecretManager, workspace=tmp_path) as bench:
        manager = bench.get(SecretManager)
        manager.kept = {"ghost": Secret("value", ("a",), 0.0)}
        with pytest.raises(NotReady, match="holds other secrets"):
            await manager.probe()


@pytest.mark.in_task("replaces code while the kernel runs")
async def test_a_failed_write_leaves_the_secrets_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(SecretManager, workspace=tmp_path) as bench:
        manager = bench.get(SecretManager)
        await manager.put("api", VALUE, purpose="tests", agent="a")

        def full(store: Store, kept: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(Store, "write", full)
            with pytest.raises(OSError, match="No space left"):
                await manager.rotate("api")
        assert await manager.get("api", purpose="tests", agent="a") == VALUE
        await manager.probe()
