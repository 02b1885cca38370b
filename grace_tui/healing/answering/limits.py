"""How far automation goes by itself before it asks a person; the room takes it from `[healing]` of grace.toml."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    budget: int = 3
    """Runs of playbooks and coding tasks for one coarse signature within `period`."""
    period: float = 3600.0
    """Seconds that the budget and the loops count over."""
    loop: int = 3
    """Repairs of one failure or provider, each on the text of the last, that are seen as a loop."""
    playbook_failures: int = 3
    """Failures of a playbook in a row after which it is not picked any more."""
    regret: float = 600.0
    """Seconds after a repair within which a new failure in what it changed takes it back."""
    settle: float = 60.0
    """Seconds after a playbook in which a failure that goes on counts as not mended."""
    stuck_after: float = 120.0
    """Seconds without progress after which work counts as stuck."""
