"""A room that is cared for: a playbook that asks, silences, failures that another explains, evidence to be read."""

import json
from collections.abc import Mapping

import msgspec

from grace_tui.faces.views import HiddenView, IncidentView, RunView, SilenceView, StepView
from tests.faces.ui.sample import AT, LOG_INCIDENT, LOG_TASK, MODELS_INCIDENT, RESOLVED, TWO_INCIDENTS, with_kernels

BUS = msgspec.structs.replace(
    LOG_INCIDENT,
    id="I-1001",
    kernel="message_bus",
    title="queue of task.code_refactor holds 5,000 messages; the threshold is 1,000",
    kind="QueueGrowth",
    state="acknowledged",
    count=42,
    opened_at=AT - 61,
    rate=38.4,
    owner="ada",
    provider="",
    action="high_queue_backlog: drained 4,100 messages, 2 of 5 steps done",
    task_id="",
    phase="trigger",
    route="playbook:high_queue_backlog",
    variants=3,
    hides=(
        HiddenView(kernel="librarian", title="needs message_bus, which is down", count=7, last_at=AT - 3),
        HiddenView(kernel="scheduler", title="no beat for 31 s", count=1, last_at=AT - 9),
    ),
)
HIDDEN = IncidentView(
    id="I-1002",
    kernel="memory_fusion",
    title="no log line for 300 s",
    kind="LogSilence",
    state="suppressed",
    count=12,
    opened_at=AT - 3_000,
    last_at=AT - 20,
    signature="0cc175b9c0f1b6a8",
    hidden_by="S-2001",
)
NIGHT = SilenceView(
    id="S-2001",
    matcher="kernel memory_fusion, kind LogSilence",
    reason="it is being moved to the new disk, see ticket 4711",
    by="ada",
    starts_at=AT - 3_400,
    ends_at=AT + 200,
    hidden=1,
    failures=12,
)
RELEASE = SilenceView(
    id="S-2002",
    matcher="kernel api_server",
    reason="the release of the evening",
    by="grace",
    starts_at=AT - 600,
    ends_at=AT + 6_600,
)
OVER = SilenceView(
    id="S-2000",
    matcher="kind CpuPressure",
    reason="load test",
    by="grace",
    starts_at=AT - 90_000,
    ends_at=AT - 82_800,
    ended_by="ada",
    hidden=3,
    failures=311,
)
STEPS = (
    StepView(name="keep the queue", action="take_snapshot", state="done", ms=31.0, text="snapshot 20251115-082811"),
    StepView(name="drain it", action="drain_queue", state="done", ms=412.0, text="4,100 messages put aside"),
    StepView(name="one more worker", action="scale", state="running", text="starting message_bus-2"),
    StepView(name="replay", action="replay_queue", state="pending"),
    StepView(name="below 1,000", action="wait_until", state="pending"),
)
RUN = RunView(
    id="R-3001",
    playbook="high_queue_backlog",
    incident_id="I-1001",
    kernel="message_bus",
    state="running",
    detail="2 of 5 steps done",
    started_at=AT - 2.4,
    by="self_healing",
    why="the rule queue_growth routes to it",
    steps=STEPS,
)
ASKING = RunView(
    id="R-3002",
    playbook="message_bus_acl_violation",
    incident_id="i-0009",
    kernel="governance",
    state="waiting_for_person",
    question="May governance publish on system.control from now on?",
    started_at=AT - 41,
    by="self_healing",
    why="its condition holds: incident.kind is BusDenials",
    steps=(
        StepView(name="find the source", action="note", state="done", ms=4.0, text="12 denials, all of governance"),
        StepView(name="propose", action="propose_acl", state="running", text="waits for an answer"),
    ),
)
ENDED = RunView(
    id="R-3000",
    playbook="kernel_heartbeat_gap",
    incident_id="i-0007",
    kernel="librarian",
    state="failed",
    detail="restart it: still no beat after 30 s; taken back",
    started_at=AT - 420,
    ended_at=AT - 388,
    by="self_healing",
    why="score 0.62 of 13 runs",
    steps=(
        StepView(name="what it does", action="stack_dump", state="done", ms=12.0, text="in kernels/librarian.py:88"),
        StepView(name="restart it", action="restart", state="failed", ms=30_000.0, text="still no beat after 30 s"),
        StepView(name="quarantine it", action="quarantine", state="skipped"),
    ),
)
TENDED = msgspec.structs.replace(
    TWO_INCIDENTS,
    open_incidents=3,
    suppressed=1,
    incidents_total=5,
    incidents=(LOG_INCIDENT, MODELS_INCIDENT, BUS, HIDDEN, RESOLVED),
    tasks=(LOG_TASK,),
    silences=(NIGHT, RELEASE, OVER),
    runs=(RUN, ASKING, ENDED),
    warnings=("silence S-2001 (kernel memory_fusion, kind LogSilence) ends in 3:20 min; one incident comes back",),
    kernels=with_kernels(
        {
            "message_bus": {"state": "running", "incident_id": "I-1001"},
            "librarian": {
                "state": "backing_off",
                "since": 9.0,
                "next_try": 4.0,
                "error": "ProviderDown: message_bus is down",
                "hidden_by": "I-1001",
                "cause": "message_bus",
                "summary": "",
            },
            "scheduler": {
                "state": "failed",
                "since": 9.0,
                "error": "TimeoutError: no beat for 31 s",
                "hidden_by": "I-1001",
                "cause": "message_bus",
                "summary": "",
            },
        }
    ),
)
PLAYBOOKS = [
    {
        "name": "cpu_saturation",
        "says": "Pause what matters least until the machine breathes again.",
        "when": "incident.kind == 'CpuPressure' and host.load > 1.5",
        "file": "shipped/cpu_saturation.toml",
        "succeeded": 3,
        "failed": 1,
        "score": 0.67,
    },
    {
        "name": "high_queue_backlog",
        "says": "Put a queue's messages aside, add a worker, and replay them.",
        "when": "incident.kind == 'QueueGrowth' and facts.value > 1000",
        "file": "shipped/high_queue_backlog.toml",
        "succeeded": 12,
        "failed": 1,
        "score": 0.87,
    },
    {"name": "kernel_heartbeat_gap", "says": "Restart what does not beat.", "when": "True", "file": "own.toml"},
]

RULES = [
    {
        "name": "queue_growth",
        "says": "A mailbox that grows faster than it is emptied.",
        "measure": "queue",
        "kind": "QueueGrowth",
        "unit": "messages",
        "threshold": 1000.0,
        "clear": 800.0,
        "severity": "major",
        "route": "playbook:high_queue_backlog",
        "every": 30.0,
        "on": ["kernel.state"],
        "file": "shipped/triggers.toml",
        "value": 5000.0,
        "detail": "task.code_refactor holds 5,000 messages",
        "subject": "task.code_refactor",
        "firing": ["task.code_refactor"],
        "incidents": ["I-1001"],
        "fired": 3,
        "last_fired": AT - 61,
        "next_check": 21.0,
        "took_ms": 3.1,
    },
    {"name": "cpu_pressure", "unit": "%", "threshold": 90.0, "clear": 80.0, "value": 12.0, "every": 30.0},
    {"name": "predicted_failure", "unit": "", "threshold": 0.7, "clear": 0.6, "value": 0.42, "every": 600.0},
    {"name": "secret_drift", "threshold": 1.0, "value": 0.0, "cool_down_left": 240.0, "fired": 1, "every": 60.0},
    {"name": "schema_drift", "threshold": 1.0, "every": 60.0, "problem": "not measured: api_server does not answer"},
    {"name": "memory_pressure", "unit": "%", "threshold": 85.0, "value": None, "every": 30.0},
]
RULE = {
    "parameters": [["pattern", "task.*"], ["window", "60 s"]],
    "subjects": [
        {
            "subject": "task.code_refactor",
            "value": 5000.0,
            "detail": "5,000 wait",
            "firing": True,
            "incident_id": "I-1001",
        },
        {"subject": "incident.opened", "value": 2.0, "detail": "2 wait"},
    ],
    "recent": [[AT - 30 * (40 - index), float(index * index * 3)] for index in range(41)],
}
LEDGER = [
    {
        "silence_id": "S-2001",
        "incident_id": "I-1002",
        "kernel": "memory_fusion",
        "title": "no log line for 300 s",
        "count": 12,
        "first_at": AT - 3_000,
        "last_at": AT - 20,
    }
]
ACTS: list[object] = [
    [AT, "room", "opened: TypeError in start"],
    [AT, "self_healing", "in_repair: queued as t-0008 behind nothing"],
    [AT + 1, "coding_agent", "adding the parameter, gate 5 of 8"],
    [AT + 2, "ada", "acknowledged: taken by ada"],
]
RECORD: Mapping[str, object] = {
    "timeline": ACTS,
    "parts": ["TypeError", "ImmutableLog.append() got an unexpected keyword argument <quoted>", "coding_agent: start"],
    "left_out": ["line 41 of kernels/coding_agent.py: code moves"],
    "signature": "5d41402abc4b2a76",
    "coarse": "0b1c",
    "group": "",
}
FILES = {
    "traceback.txt": """Traceback (most recent call last):
  File "kernels/coding_agent.py", line 41, in start
      39     async def start(self) -> None:
      40         self.worker = self.context.name
    > 41         await self.log.append(entry, subsystem="agent")
      42         self.ready = True
TypeError: ImmutableLog.append() got an unexpected keyword argument 'subsystem'
""",
    "provider.json": json.dumps(
        {
            "how": "the call was refused, and the function was asked for its signature",
            "name": "ImmutableLog.append",
            "file": "kernels/immutable_log.py",
            "line": 88,
            "signature": "(self, record: Mapping[str, object]) -> Entry",
            "text": 'self.log.append(entry, subsystem="agent")',
            "arguments": {"subsystem": "str"},
            "kernel": "",
        }
    ),
    "locals.json": json.dumps(
        [
            {
                "file": "kernels/coding_agent.py",
                "function": "CodingAgent.start",
                "line": 41,
                "error": "TypeError",
                "values": {
                    "self": "<CodingAgent coding_agent>",
                    "entry": "{'actor': 'coding_agent', 'action': 'started'}",
                    "token": "•••",
                },
            }
        ]
    ),
    "kernel.log": "08:29:01 info    started\n08:29:02 warning slow disk\n08:29:04 error   gave up",
    "changes.diff": """--- a/kernels/coding_agent.py
+++ b/kernels/coding_agent.py
@@ -41 +41 @@
-        await self.log.append(entry)
+        await self.log.append(entry, subsystem="agent")
""",
    "resources.json": '{"cpu_percent": 3.1, "memory": {"used_bytes": 8123456789}, "load": [0.3, 0.2]}',
    "related.json": '[{"id": "i-0007", "kernel": "librarian", "title": "No space left", "state": "resolved"}]',
}


FIXES = [
    {
        "signature": "typeerror-coding_agent-3f2a9c01b7de",
        "summary": "ImmutableLog.append accepts and stores subsystem",
        "operator": "unexpected_keyword",
        "provider": "kernels/immutable_log.py",
        "kind": "TypeError",
        "message": "ImmutableLog.append() got an unexpected keyword argument 'subsystem'",
        "successes": 3,
        "confidence": 0.8,
        "trusted": True,
        "last_used": AT - 3_000,
    },
    {
        "signature": "importerror-governance-90cc77b2ab41",
        "summary": "kernels.models exports async_session",
        "operator": "missing_export",
        "provider": "kernels/models/__init__.py",
        "kind": "ImportError",
        "message": "cannot import name 'async_session' from 'kernels.models'",
        "confidence": 0.56,
        "trusted": True,
        "imported_from": "SHA256:Jk2",
    },
    {
        "signature": "keyerror-librarian-1b2",
        "summary": "settings keep their default",
        "successes": 4,
        "failures": 1,
        "confidence": 0.71,
    },
]
FIX = """typeerror-coding_agent-3f2a9c01b7de
  ImmutableLog.append accepts and stores subsystem

when it applies
  TypeError: ImmutableLog.append() got an unexpected keyword argument 'subsystem'
  kernels/immutable_log.py: class ImmutableLog > def append says what it said then (9bf1089d3adddb83)
  now: it does not apply, kernels/immutable_log.py holds the known fix already

trust
  trusted: confidence 0.80: it helped 3 times and failed 0 times
"""
REFUSED = [{"file": "/lab/playbooks/wrong.toml", "problems": ["line 2: incident.knd is not known"]}]
SAYS = {"provider.json": "whose interface failed", "locals.json": "variables, innermost first"}


def answer(verb: str, arguments: Mapping[str, object]) -> Mapping[str, object] | None:
    """What the room answers about all this; None for anything else."""
    if verb == "incident.evidence":
        name = str(arguments.get("file") or "")
        files: list[dict[str, object]] = [
            {"name": each, "says": SAYS.get(each, ""), "bytes": len(text)} for each, text in FILES.items()
        ]
        files.append({"name": "bus.json", "says": "what the bus carried", "missing": "the bus was down"})
        return {"ok": True, "text": FILES.get(name, ""), "data": {"files": files}}
    if verb == "knowledge.show":
        return {"ok": True, "text": FIX, "data": {}}
    told = {
        "knowledge.list": {"knowledge": FIXES},
        "playbook.list": {"playbooks": PLAYBOOKS, "refused": REFUSED},
        "trigger.list": {"rules": RULES},
        "trigger.show": RULE,
        "silence.show": {"ledger": LEDGER},
        "incident.show": RECORD,
    }
    return {"ok": True, "text": "", "data": told[verb]} if verb in told else None
