"""How closely a failure is looked at: counted by its key, looked at and signed, or only counted as part of a storm.

The incident book gives every KernelFailed to `take`, under its lock. A closer look takes about a millisecond of the
loop; what is counted takes some fifty microseconds.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.capture import capture
from grace_tui.healing.incidents.causes import Causes
from grace_tui.healing.incidents.keys import Keys, keys_of, keys_of_report
from grace_tui.healing.incidents.life import Happened, Life
from grace_tui.healing.incidents.register import Register
from grace_tui.healing.incidents.rows import TRIGGER, group_of
from grace_tui.healing.incidents.signature import Rule, sign
from grace_tui.healing.incidents.states import is_run_watched
from grace_tui.healing.incidents.storms import STORM, STORM_KIND, Seen, Storms, storm_of
from grace_tui.kernel.events import KernelFailed
from grace_tui.kernel.records import IncidentRecord
from grace_tui.kernel.redact import redact_value


class Intake:
    def __init__(self, rows: Register, causes: Causes, life: Life, root: Path) -> None:
        self.rows, self.causes, self.life, self.root = rows, causes, life, root
        self.rules: tuple[Rule, ...] = ()
        self.storms = Storms()

    def regroup(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self.storms.forget()

    def take(self, failed: KernelFailed) -> IncidentRecord:
        """The row that a failure is counted on from now on."""
        keys = keys_of(failed)
        seen = self.storms.seen(keys)
        if seen is None and not self.storms.may_look(failed.kernel, self.rows.clock.monotonic()):
            seen = self.storms.like(keys)
            if seen is None:
                return self._storm(failed.kernel, failed.at, failed.times)
        record = self._seen_before(failed, seen) if seen else None
        return record or self._look(failed, keys)

    def report(self, failure: Failure, by: str, route: str, facts: Mapping[str, object]) -> IncidentRecord:
        """The row that counts what no exception announced, with what was found last; bounded as failures are."""
        kernel, keys, facts = failure.kernel, keys_of_report(failure), _plain(facts)
        seen = self.storms.seen(keys)
        if seen is None and not self.storms.may_look(kernel, self.rows.clock.monotonic()):
            seen = self.storms.like(keys)
            if seen is None:
                return self._storm(kernel, failure.at, 1, TRIGGER)
        record = self.rows.current(kernel, seen.group) if seen else None
        if seen is not None and record is not None and not _comes_back(record):
            return self._found_again(record, failure, route, facts, variant=seen.variant)
        what = Happened(failure, sign(failure, self.rules), by=by, route=route, facts=facts)
        record = self.life.known(what)
        if record is None or _comes_back(record):
            record = self._enter(what)
        else:
            record = self._found_again(record, failure, route, facts)
        self._remember(keys, record, what)
        return record

    def _found_again(
        self,
        record: IncidentRecord,
        failure: Failure,
        route: str,
        facts: Mapping[str, object],
        *,
        variant: bool = False,
    ) -> IncidentRecord:
        if record.kind == failure.kind and not variant:
            record = replace(record, route=route, facts=facts)
        return self.life.again(record, failure.at, variant=variant)

    def _remember(self, keys: Keys, record: IncidentRecord, what: Happened) -> None:
        """Which row counts such failures from now on, without a closer look."""
        group = group_of(record)
        variant = record.kind != STORM_KIND and group != what.signature.group
        self.storms.remember(keys, Seen(group, what.consequence, what.title, variant))

    def _seen_before(self, failed: KernelFailed, seen: Seen) -> IncidentRecord | None:
        """Count a failure that is known already; None where it has to be looked at after all."""
        cause = self.causes.cause(seen.consequence)
        if cause is not None:
            return self.life.explained(cause, seen.consequence, seen.title, failed.at, times=failed.times)
        record = self.rows.current(failed.kernel, seen.group)
        if record is None or _comes_back(record):
            return None
        return self.life.again(record, failed.at, variant=seen.variant, times=failed.times)

    def _look(self, failed: KernelFailed, keys: Keys) -> IncidentRecord:
        failure = capture(failed.error, kernel=failed.kernel, phase=failed.phase, root=self.root, at=failed.at)
        signature, times = sign(failure, self.rules), failed.times
        found = self.causes.look(failure, signature.coarse)
        facts = {"file": found.file, "line": failure.frames[-1].line} if found.file else {}
        what = Happened(failure, signature, failed.error, consequence=found, facts=facts, times=times)
        cause = self.causes.cause(what.consequence)
        if cause is not None:
            self.storms.remember(keys, Seen(what.signature.group, found, what.title))
            return self.life.explained(cause, found, what.title, failed.at, times=times)
        record = self._enter(what)
        self._remember(keys, record, what)
        return record

    def _enter(self, what: Happened) -> IncidentRecord:
        """Count it where such failures are counted, or open an incident unless a storm is under way."""
        kernel, coarse = what.failure.kernel, what.signature.coarse
        known = self.life.known(what)
        if known is not None:
            return self._counted(known, what)
        reported = what.failure.phase == TRIGGER
        fold = self.storms.opens(kernel, coarse, self.rows.clock.monotonic(), reported=reported)
        alike = self.rows.alike(kernel, coarse) if fold == "alike" else None
        if alike is not None:
            return self._counted(alike, what, variant=True)
        if fold or self.rows.full:
            return self._storm(kernel, what.failure.at, what.times, TRIGGER if reported else STORM)
        return self.life.open(what)

    def _counted(self, record: IncidentRecord, what: Happened, *, variant: bool = False) -> IncidentRecord:
        if _comes_back(record):
            return self.life.come_back(record, what, variant=variant)
        return self.life.again(record, what.failure.at, variant=variant, times=what.times)

    def _storm(self, kernel: str, at: float, times: int, phase: str = STORM) -> IncidentRecord:
        """Count what is a part of too many different failures, on the kernel's row for these."""
        failure = storm_of(kernel, at, phase)
        what = Happened(failure, sign(failure, self.rules), times=times)
        known = self.life.known(what)
        return self.life.open(what) if known is None else self._counted(known, what)


def _comes_back(record: IncidentRecord) -> bool:
    """Whether one more failure reopens it: it was over, or about to be."""
    return record.state == "resolved" or is_run_watched(record)


def _plain(facts: Mapping[str, object]) -> Mapping[str, object]:
    """What a trigger measured, as it may be kept and shown."""
    plain = msgspec.to_builtins(dict(facts), enc_hook=str, str_keys=True)
    return {str(name): redact_value(value) for name, value in plain.items()}
