"""What a room needs from this machine, terminal and workspace, and what to do where it is missing."""

from grace_tui.cli.doctor.finding import Finding, Level
from grace_tui.cli.doctor.machine import machine_findings
from grace_tui.cli.doctor.processes import process_findings
from grace_tui.cli.doctor.terminal import terminal_findings
from grace_tui.cli.doctor.workspace import workspace_findings

__all__ = ["Finding", "Level", "machine_findings", "process_findings", "terminal_findings", "workspace_findings"]
