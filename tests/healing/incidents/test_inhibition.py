"""Which failures are only consequences of another kernel's."""

from dataclasses import dataclass, field

import pytest

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.inhibition import OWN_BUGS, Consequence, cause_of, consequence_of

DOWN = ("ProviderDown", "web called database, which is failed")


@dataclass
class Kin:
    """Kernels and what they require; `down` are not up."""

    needs: dict[str, tuple[str, ...]]
    down: set[str] = field(default_factory=set)

    def requires(self, kernel: str) -> tuple[str, ...]:
        return self.needs.get(kernel, ())

    def is_up(self, kernel: str) -> bool:
        return kernel not in self.down

    def made_from(self, file: str) -> tuple[str, ...]:
        name = file.removeprefix("kernels/").removesuffix(".py")
        return (name,) if name in self.needs else ()


def _failure(kind: str, message: str = "x", phase: str = "run", chain: tuple[tuple[str, str], ...] = ()) -> Failure:
    return Failure("web", phase, kind, message, frames=(), chain=chain)


@pytest.mark.parametrize(
    ("failure", "providers"),
    [
        pytest.param(_failure(*DOWN), ("database",), id="raised"),
        pytest.param(_failure("grace_tui.kernel.errors.ProviderDown", DOWN[1]), ("database",), id="printed"),
        pytest.param(_failure("RuntimeError", chain=(DOWN,)), ("database",), id="its-cause"),
        pytest.param(
            _failure(*DOWN, chain=(("ProviderDown", "database called disk, which is stopped"),)),
            ("disk", "database"),
            id="innermost-first",
        ),
        pytest.param(_failure("ProviderDown", "lost"), (), id="other-words"),
        pytest.param(_failure("RuntimeError", DOWN[1]), (), id="another-kind-that-says-so"),
        pytest.param(_failure("ProviderDown", "a called web, which is failed"), (), id="itself"),
    ],
)
def test_the_providers_that_a_failure_names(failure: Failure, providers: tuple[str, ...]) -> None:
    assert consequence_of(failure).providers == providers


@pytest.mark.parametrize("kind", sorted(OWN_BUGS))
def test_an_error_that_says_that_code_is_wrong_is_nobodys_consequence(kind: str) -> None:
    found = consequence_of(_failure(kind, phase="start", chain=(DOWN,)))
    assert not found.possible


@pytest.mark.parametrize(("phase", "lacking"), [("start", True), ("probe", True), ("heartbeat", True), ("run", False)])
def test_phases_in_which_a_kernel_fails_for_want_of_another(phase: str, lacking: bool) -> None:
    assert consequence_of(_failure("NotReady", phase=phase)).lacking is lacking


@pytest.mark.parametrize(
    ("found", "down", "incidents", "cause"),
    [
        pytest.param(Consequence("web", ("database",)), "", "database", "I-database", id="named"),
        pytest.param(Consequence("web", ("database",)), "", "", "", id="named-without-an-incident"),
        pytest.param(Consequence("web", ("a", "database")), "", "database", "I-database", id="the-second"),
        pytest.param(Consequence("web", (), True), "cache", "cache", "I-cache", id="required"),
        pytest.param(Consequence("web", (), True), "", "cache", "", id="required-and-up"),
        pytest.param(Consequence("web", (), False), "cache", "cache", "", id="another-phase"),
        pytest.param(Consequence("web", (), True), "cache disk", "disk", "I-disk", id="through-another"),
        pytest.param(Consequence("web", (), True), "cache disk", "cache disk", "I-cache", id="the-nearest"),
        pytest.param(Consequence("web", (), True), "other", "other", "", id="not-required"),
    ],
)
def test_the_incident_that_explains_a_failure(found: Consequence, down: str, incidents: str, cause: str) -> None:
    kin = Kin({"web": ("cache", "log"), "cache": ("disk",), "disk": ("web",)}, set(down.split()))
    assert cause_of(found, kin, lambda kernel: f"I-{kernel}" if kernel in incidents.split() else "") == cause


def test_without_a_family_only_what_was_named_explains() -> None:
    assert cause_of(Consequence("web", (), True), None, lambda kernel: "I-1") == ""
