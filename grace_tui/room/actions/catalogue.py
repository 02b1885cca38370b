"""Every action that a step of a playbook may name: what it does, and what it takes. Data only; the acts stand beside.

Read by the engine when a playbook is loaded, by `RoomActions` with every call, and by the README's table.
"""

from collections.abc import Mapping

from grace_tui.healing.playbooks.actions import ActionSpec, Parameter
from grace_tui.kernel.records import KernelState

KERNEL = Parameter("kernel", "the kernel, or a group of replicas; left out: the incident's")
FILE = Parameter("path", "the file, relative to the workspace; left out: the incident's provider")
STATES: tuple[KernelState, ...] = ("running", "paused", "stopped", "completed", "failed", "backing_off", "quarantined")


def _within(seconds: float, what: str = "until it runs again") -> Parameter:
    return Parameter("seconds", f"longest wait {what}", default=seconds)


_SPECS = (
    # ---- the life of a kernel
    ActionSpec(
        "restart",
        "Stop and start a kernel, reading its file again; done once it is RUNNING, failed with the reason otherwise.",
        {"kernel": KERNEL, "within": _within(20.0)},
    ),
    ActionSpec(
        "start",
        "Start a kernel that is stopped, given up or quarantined; done once it is RUNNING.",
        {"kernel": KERNEL, "within": _within(20.0)},
        undoes=True,
    ),
    ActionSpec(
        "stop",
        "Stop a kernel; it stays stopped until somebody starts it.",
        {"kernel": KERNEL, "within": _within(20.0, "until it has stopped")},
        undoes=True,
    ),
    ActionSpec("pause", "Hold a running kernel where it next waits.", {"kernel": KERNEL}, undoes=True),
    ActionSpec("resume", "Let a paused kernel go on.", {"kernel": KERNEL}, undoes=True),
    ActionSpec(
        "quarantine",
        "Take a kernel down until its file changes or somebody starts it.",
        {"kernel": KERNEL, "reason": Parameter("text", "why it is taken down", required=True)},
        undoes=True,
    ),
    ActionSpec(
        "wait_until",
        "Wait until a kernel is in a state, or stays in it for a while; failed where it is not in time.",
        {
            "kernel": KERNEL,
            "state": Parameter("text", "the state", default="running", choices=STATES),
            "stays": Parameter("seconds", "how long it has to stay so", default=0.0),
            "within": _within(30.0, "until it is so"),
        },
    ),
    # ---- where it runs, and how many
    ActionSpec(
        "move_to_process",
        "Give a kernel of the loop a process of its own, until its file changes; done once it is RUNNING there.",
        {"kernel": KERNEL, "within": _within(30.0)},
        undoes=True,
    ),
    ActionSpec(
        "move_back",
        "Take a kernel that was moved to a process back into a task.",
        {"kernel": KERNEL, "within": _within(30.0)},
        undoes=True,
    ),
    ActionSpec(
        "scale",
        "Change how many replicas of a command run, while the room is open; done once the new ones are RUNNING.",
        {
            "kernel": Parameter("kernel", "the group, or one of its replicas; left out: the incident's"),
            "to": Parameter("number", "how many are to run; or `by`"),
            "by": Parameter("number", "how many more, or fewer where it is negative; or `to`"),
            "least": Parameter("number", "never fewer than this", default=1),
            "most": Parameter("number", "never more than this", default=8),
            "within": _within(30.0, "until the new ones run, or the old ones have stopped"),
        },
        undoes=True,
    ),
    # ---- load
    ActionSpec(
        "shed_load",
        "Pause running kernels of the outer tiers, the lightest loss first; never tier 0, nor what it needs.",
        {
            "tier": Parameter("number", "tiers from this one up are paused: 1, 2 or 3", default=3),
            "most": Parameter("number", "pause this many at most", default=20),
        },
        undoes=True,
    ),
    ActionSpec(
        "restore_load",
        "Resume exactly those kernels that `shed_load` paused and that nobody has touched since.",
    ),
    # ---- queues
    ActionSpec(
        "drain_queue",
        "Move the messages that wait for a kernel into a file under .grace/queues/; those that no file can hold stay.",
        {
            "kernel": Parameter("kernel", "whose mailboxes; left out: the incident's"),
            "topic": Parameter("text", "only mailboxes for this pattern; empty: all", default=""),
            "most": Parameter("number", "this many messages at most", default=10_000),
        },
        undoes=True,
    ),
    ActionSpec(
        "replay_queue",
        "Put drained messages back into their mailboxes, in their order and each once, and remove the file.",
        {
            "kernel": Parameter("kernel", "whose messages; left out: the incident's"),
            "queue": Parameter("text", "id of one drained queue; empty: all of the kernel's, oldest first", default=""),
        },
    ),
    # ---- caches and indexes
    ActionSpec(
        "clear_caches",
        "Have a kernel, and the core, let go of what they can make again, and collect garbage; tells the memory before "
        "and after.",
        {"kernel": KERNEL},
    ),
    ActionSpec(
        "rebuild_index",
        "Have a kernel that keeps an index make it anew from what it was made of.",
        {"kernel": KERNEL, "within": _within(60.0, "until it is made")},
    ),
    # ---- files
    ActionSpec(
        "find_copy",
        "Look for the newest intact copy of a file in the snapshots from before the incident; failed where none is.",
        {"path": FILE},
    ),
    ActionSpec(
        "restore_file",
        "Bring one file back from the newest snapshot from before the incident in which it differs and is intact.",
        {
            "path": FILE,
            "snapshot": Parameter("text", "id of the snapshot; empty: the one that `find_copy` finds", default=""),
        },
        undoes=True,
    ),
    ActionSpec(
        "take_snapshot",
        "Keep the workspace's own files as they are.",
        {"reason": Parameter("text", "why, as `snapshot list` shows it", default="")},
    ),
    ActionSpec(
        "archive_logs",
        "Compress rotated logs, the oldest first; never a log that is being written, nor the audit log.",
        {
            "older_than": Parameter("seconds", "only files that were last written this long ago", default=0.0),
            "most_mb": Parameter("number", "compress this many megabytes at most", default=200),
            "keep_mb": Parameter("number", "the oldest archives beyond this many megabytes are removed", default=1000),
        },
    ),
    # ---- checks
    ActionSpec(
        "run_tests",
        "Run the workspace's tests of a kernel in a copy; failed with the first failure.",
        {"kernel": KERNEL, "within": _within(60.0, "until they end")},
    ),
    ActionSpec(
        "run_lint",
        "Look for errors in a kernel's files with ruff; failed with the first finding.",
        {"kernel": KERNEL, "within": _within(30.0, "until it ends")},
    ),
    ActionSpec(
        "run_types",
        "Look for errors of types in a kernel's files with ty; failed with the first finding.",
        {"kernel": KERNEL, "within": _within(30.0, "until it ends")},
    ),
    ActionSpec(
        "stack_dump",
        "Write down what a kernel is doing right now: where its tasks, its process or its program stand.",
        {"kernel": KERNEL},
    ),
    # ---- others
    ActionSpec(
        "queue_task",
        "Queue a repair of the failure behind the incident for the coding agent.",
        {"priority": Parameter("number", "0 to 100; 10 is usual", default=10)},
    ),
    ActionSpec(
        "ask",
        "Ask a person; the run goes on after a yes.",
        {"question": Parameter("text", "what is asked", required=True)},
        asks=True,
    ),
    ActionSpec(
        "propose_acl",
        "Propose to let a kernel use a topic that the bus rules deny it; nothing changes unless a person says yes.",
        {
            "kernel": Parameter("kernel", "who was denied; left out: the incident's"),
            "topic": Parameter("text", "the topic; left out: `facts.topic` of the incident"),
        },
        undoes=True,
        asks=True,
    ),
    ActionSpec(
        "note", "Write a line into the incident's timeline.", {"text": Parameter("text", "the line", required=True)}
    ),
    ActionSpec(
        "escalate",
        "Hand the incident on: to the coding agent, or to a person.",
        {
            "to": Parameter("text", "who is to act", default="person", choices=("agent", "person")),
            "reason": Parameter("text", "why it is handed on", default=""),
        },
    ),
)
CATALOGUE: Mapping[str, ActionSpec] = {spec.name: spec for spec in _SPECS}
