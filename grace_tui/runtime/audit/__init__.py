"""The tamper-evident audit log."""

from grace_tui.runtime.audit.chain import AuditChain, verify_folder

__all__ = ["AuditChain", "verify_folder"]
