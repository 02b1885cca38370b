"""The shipped policies (`default.cedar`) and the judge that reads them; a workspace adds its own in `policies/`."""

from kernels.policies.judge import DEFAULT, STRICTNESS, Decision, Policies, PolicyUnreadable, facts

__all__ = ["DEFAULT", "STRICTNESS", "Decision", "Policies", "PolicyUnreadable", "facts"]
