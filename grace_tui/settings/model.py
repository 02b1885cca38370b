"""What can be set, with its default, its range and the sentence that explains it to a user.

The sentence under a field is what the README and a new `grace.toml` show; the range in the annotation is what the
loader enforces and names. A setting stands here only while something reads it.
"""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from grace_tui.settings.kernels import KernelSettings, Table


class RoomSettings(Table, frozen=True):
    """The room as a whole."""

    name: str = ""
    """Name of the room in headers and reports; empty: the workspace folder's name."""
    host: str = ""
    """What this machine is called on screen; empty: its host name."""
    screen_rate: Annotated[float, Meta(ge=0.5, le=30)] = 10.0
    """Most updates a second that a screen is sent."""


class SupervisorSettings(Table, frozen=True):
    """How kernels are restarted and watched."""

    intensity: Annotated[int, Meta(ge=1, le=1000)] = 5
    """Failures of one kernel within `period` that are answered by a restart; one more, and it is quarantined."""
    period: Annotated[float, Meta(ge=1, le=86400)] = 60.0
    """Seconds that `intensity` counts over."""
    backoff_base: Annotated[float, Meta(ge=0, le=3600)] = 0.5
    """Seconds before the second restart within `period`; the first is immediate."""
    backoff_factor: Annotated[float, Meta(ge=1, le=10)] = 2.0
    """How much longer each further restart waits."""
    backoff_cap: Annotated[float, Meta(ge=0, le=86400)] = 30.0
    """Longest wait before a restart, in seconds."""
    backoff_jitter: Annotated[float, Meta(ge=0, le=1)] = 0.1
    """Share of the wait that is random, so that kernels do not restart in step."""
    healthy_after: Annotated[float, Meta(ge=0, le=86400)] = 30.0
    """Seconds of running after which a kernel's backoff starts afresh, and an incident that its restart alone ended is
    resolved."""
    stall_ms: Annotated[int, Meta(ge=60, le=60_000)] = 140
    """Milliseconds a kernel may hold the loop that all task kernels share; then it is named and broken off, unless it
    was the machine that kept it waiting."""
    blocks: Annotated[int, Meta(ge=1, le=1000)] = 2
    """Blocks of one kernel within `block_period` after which it is moved to a process of its own."""
    block_period: Annotated[float, Meta(ge=1, le=86400)] = 600.0
    """Seconds that `blocks` counts over."""
    abandon_after: Annotated[float, Meta(ge=1, le=86400)] = 30.0
    """Seconds a kernel that cannot be broken off is waited for; then the others start again on a fresh loop."""


class IncidentSettings(Table, frozen=True):
    """What becomes of failures."""

    group_wait: Annotated[float, Meta(ge=0, le=10)] = 0.2
    """Seconds that nobody answers an incident which may be the consequence of another, so that its cause can come."""
    keep: Annotated[int, Meta(ge=10, le=100_000)] = 1000
    """Incidents that are remembered; beyond that the oldest resolved ones go."""
    bundles_mb: Annotated[float, Meta(ge=1, le=1_000_000)] = 200.0
    """Megabytes of evidence that are kept; beyond that the bundles of the incidents longest resolved go."""
    bundles_days: Annotated[float, Meta(ge=0.01, le=3650)] = 30.0
    """Days that the evidence of a resolved incident is kept."""
    warn_before: Annotated[float, Meta(ge=0, le=86400)] = 600.0
    """Seconds before the end of a silence at which the room announces it; of a short silence, its last tenth."""


class RepairSettings(Table, frozen=True):
    """What the coding agent may do by itself."""

    auto_apply: bool = True
    """Apply a fix that passed every gate without asking; false: it waits for approval."""
    watch_window: Annotated[float, Meta(ge=0, le=86400)] = 2.0
    """Seconds a repaired kernel is watched before the fix counts as learned."""


class HealingSettings(Table, frozen=True):
    """How far the room heals by itself before it asks a person."""

    budget: Annotated[int, Meta(ge=0, le=1000)] = 3
    """Runs of playbooks and coding tasks for one coarse signature within `budget_period`; then a person is asked."""
    budget_period: Annotated[float, Meta(ge=1, le=604800)] = 3600.0
    """Seconds that `budget` and `loop` count over."""
    loop: Annotated[int, Meta(ge=2, le=100)] = 3
    """Repairs of one failure or file, each laid on the last, or successes of one playbook, that count as a loop."""
    playbook_failures: Annotated[int, Meta(ge=1, le=100)] = 3
    """Failures of a playbook in a row after which it is not picked any more."""
    regret: Annotated[float, Meta(ge=0, le=86400)] = 600.0
    """Seconds after a repair in which a new failure in what it changed takes it back."""
    settle: Annotated[float, Meta(ge=1, le=3600)] = 60.0
    """Seconds after a playbook; a failure that goes on then is not mended."""
    stuck_after: Annotated[float, Meta(ge=5, le=3600)] = 120.0
    """Seconds without progress after which a repair is taken from whoever holds it."""


class ScreenSettings(Table, frozen=True):
    """How the screen looks."""

    theme: str = ""
    """Name of a theme in `themes/` or of a built-in one; empty: the room's own."""


class Settings(Table, frozen=True):
    """A whole `grace.toml`."""

    room: RoomSettings = RoomSettings()
    supervisor: SupervisorSettings = SupervisorSettings()
    incidents: IncidentSettings = IncidentSettings()
    repair: RepairSettings = RepairSettings()
    healing: HealingSettings = HealingSettings()
    screen: ScreenSettings = ScreenSettings()
    kernels: Mapping[str, KernelSettings] = {}

    def kernel(self, name: str) -> KernelSettings:
        """The settings of one kernel; the defaults where the file has no table for it."""
        return self.kernels.get(name, KernelSettings())

    def group(self, name: str) -> tuple[str, ...]:
        """The kernels that a name means: a group's replicas, else the one of this name."""
        return tuple(found for found, kernel in self.kernels.items() if kernel.group == name) or (name,)
