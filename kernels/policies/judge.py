"""Cedar policies that have names: read from files, judged in memory, with every failure of a policy said aloud.

Called by governance only. Knows nothing of kernels, approvals or the disk beyond the files it is given.
"""

import json
import math
import posixpath
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cedarpy

from grace_tui.kernel import GraceError

DEFAULT = Path(__file__).with_name("default.cedar")
# Told as fractions, so an integer 0 or 1 is one as well; Cedar does not compare the two kinds of number.
FRACTIONS = ("risk", "confidence")

Word = Literal["allow", "needs_approval", "deny"]
STRICTNESS: tuple[Word, ...] = ("allow", "needs_approval", "deny")


@dataclass(frozen=True, slots=True)
class Decision:
    decision: Word
    policies: tuple[str, ...]
    """Names of the policies that decided."""
    reason: str
    errors: tuple[str, ...] = ()
    """Policies that could not be evaluated, and why."""

    @property
    def allowed(self) -> bool:
        return self.decision == "allow"


class PolicyUnreadable(GraceError):
    """A policy file is not Cedar."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path, self.why = path, why


class Policies:
    """A parsed set of policies. Reading is blocking; judging takes some tens of microseconds."""

    def __init__(self, files: Sequence[Path]) -> None:
        shipped, *own = [_checked(path) for path in files]
        text = "\n".join([_without(shipped, {name for entry in own for name in _ids(entry)}), *own])
        self.parsed = cedarpy.PolicySet.from_str(text)
        self.notes: dict[str, Mapping[str, str]] = {
            key: policy.get("annotations", {})
            for key, policy in json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"].items()
        }

    def __len__(self) -> int:
        return len(self.notes)

    def judge(self, actor: str, action: str, resource: str, context: Mapping[str, object]) -> Decision:
        target = {"type": "Resource", "id": resource}
        request = {
            "principal": {"type": "Actor", "id": actor},
            "action": {"type": "Action", "id": action},
            "resource": target,
            "context": context,
        }
        attributes = {"path": posixpath.normpath(resource) if resource else ""}
        entity = {"uid": target, "attrs": attributes, "parents": []}
        answer = cedarpy.is_authorized(request, self.parsed, [entity])
        if answer.decision is cedarpy.Decision.NoDecision:
            raise GraceError(f"{actor} {action} {resource}: {'; '.join(answer.diagnostics.errors)}")
        errors = tuple(self._named(text) for text in answer.diagnostics.errors)
        return self._worded(answer.allowed, sorted(answer.diagnostics.reasons), errors, context.get("approved") is True)

    def _worded(self, allowed: bool, deciding: Sequence[str], errors: tuple[str, ...], approved: bool) -> Decision:
        names = tuple(self._name(key) for key in deciding)
        if not allowed and any("approval" not in self.notes[key] for key in deciding):
            return Decision("deny", names, f"forbidden by {', '.join(names)}", errors)
        if errors and not approved:
            # A policy that failed might have said no, or yes: a person looks at it.
            return Decision("needs_approval", names, f"not every policy could be evaluated: {errors[0]}", errors)
        if allowed:
            return Decision("allow", names, f"permitted by {', '.join(names)}", errors)
        if deciding:
            return Decision("needs_approval", names, f"{', '.join(names)} asks for approval", errors)
        return Decision("deny", (), "no policy permits it", errors)

    def _name(self, key: str) -> str:
        return self.notes[key].get("id") or key

    def _named(self, error: str) -> str:
        for key in self.notes:
            error = error.replace(f"`{key}`", self._name(key))
        return error


def facts(told: Mapping[str, object], approved: bool, file_count: int) -> dict[str, object]:
    """Return the context as Cedar reads it; what only governance may say overrides what the asker said."""
    known = {key: _fact(key, value) for key, value in told.items() if value is not None}
    return {**known, "approved": approved, "file_count": file_count}


def _checked(path: Path) -> str:
    try:
        text = path.read_text("utf-8")
        cedarpy.PolicySet.from_str(text)
    except ValueError as error:
        raise PolicyUnreadable(path, str(error)) from error
    return text


def _ids(text: str) -> list[str]:
    policies = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    return [policy["annotations"]["id"] for policy in policies.values() if "id" in policy.get("annotations", {})]


def _without(text: str, names: Collection[str]) -> str:
    """The policies less those with @approval that others replace; a final one stays, whatever others are called."""
    told = json.loads(cedarpy.policies_to_json_str(text))
    for key, policy in list(told["staticPolicies"].items()):
        notes = policy.get("annotations", {})
        if "approval" in notes and notes.get("id") in names:
            del told["staticPolicies"][key]
    return cedarpy.policies_from_json_str(json.dumps(told))


def _fact(key: str, value: object) -> object:
    if isinstance(value, float) or (key in FRACTIONS and isinstance(value, int)):
        if not math.isfinite(value) or abs(value) > 1e12:
            raise GraceError(f"context: {key} is {value}; expected a number that Cedar can hold")
        return {"__extn": {"fn": "decimal", "arg": f"{value:.4f}"}}
    if isinstance(value, Mapping):
        return {str(name): _fact(str(name), item) for name, item in value.items() if item is not None}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_fact(key, item) for item in value]
    if isinstance(value, (bool, str)) or (isinstance(value, int) and abs(value) < 2**63):
        return value
    raise GraceError(
        f"context: {key} is {value!r}; expected text, a number, true or false, or a list or table of these"
    )
