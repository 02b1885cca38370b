"""Telemetry: whether what the room tells programs still has the form that they were told."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
import msgspec

from grace_tui.healing.triggers import MeasureSpec, Reading, Rule
from grace_tui.healing.triggers.schema import breaking, differences, outline
from grace_tui.kernel import GraceError, IncidentRecord, KernelRecord
from kernels.trigger_mesh.measure import Inputs, Measure, some

TIMEOUT = 5.0


class SchemaDrift(Measure):
    """The live answers of api_server and of `status --json` against their schema, and that against the accepted one."""

    spec = MeasureSpec("schema_drift", "fields that programs would miss or read wrongly", "fields")

    def __init__(self, inputs: Inputs, rule: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(inputs, rule, parameters)
        self.schemas: dict[str, Mapping[str, Any]] = {}

    async def read(self) -> Sequence[Reading]:
        found = breaking(await self._accepted(), self._outline())
        answers, asked = await self.answers()
        for path, answer in answers.items():
            found += [f"{path} {fault}" for fault in await anyio.to_thread.run_sync(self._faults, path, answer)]
        return [Reading(float(len(found)), some(found) or f"as accepted, {asked}", facts={"fields": found})]

    async def accept(self) -> str:
        await self._make_schemas()
        now = self._outline()
        await anyio.to_thread.run_sync(self.inputs.baselines.put, self.rule, now)
        return f"{len(now)} fields as they are now"

    @asynccontextmanager
    async def drill(self, rule: Rule) -> AsyncIterator[Measure]:
        drilled = Shortened(self.inputs, self.rule, {**self.parameters, "fields": int(rule.threshold) + 1})
        yield drilled

    async def answers(self) -> tuple[dict[str, Any], str]:
        """Path -> live answer, and who gave them in words."""
        status = {"/status": self.inputs.context.room.status()}
        try:
            address = await self.inputs.ask("api_server").address()
            token = await anyio.to_thread.run_sync(self._token)
            return await anyio.to_thread.run_sync(_ask_all, address, token, tuple(self.schemas)), address
        except (GraceError, OSError, ValueError) as problem:
            return status, f"status only: {problem}"

    async def _accepted(self) -> Mapping[str, str]:
        """The outline that was accepted; the first that is seen is taken."""
        await self._make_schemas()
        accepted: Mapping[str, str] | None = await anyio.to_thread.run_sync(self.inputs.baselines.get, self.rule)
        if accepted is None:
            await self.accept()
        return accepted or self._outline()

    async def _make_schemas(self) -> None:
        if not self.schemas:
            self.schemas = {
                "/status": self.inputs.context.room.schema(),
                "/kernels": await anyio.to_thread.run_sync(schema_of, tuple[KernelRecord, ...]),
                "/incidents": await anyio.to_thread.run_sync(schema_of, tuple[IncidentRecord, ...]),
            }

    def _token(self) -> str:
        return (self.inputs.context.workspace.state / "api-token").read_text("ascii").strip()

    def _outline(self) -> dict[str, str]:
        return {
            f"{path} {name}": kind for path, schema in self.schemas.items() for name, kind in outline(schema).items()
        }

    def _faults(self, path: str, answer: Any) -> list[str]:
        schema = self.schemas[path]
        # A status without a view yet, as before the first one is made, is no answer to judge.
        return differences(answer, schema) if answer else []


class Shortened(SchemaDrift):
    """The live status without some of its fields."""

    async def answers(self) -> tuple[dict[str, Any], str]:
        status = dict(self.inputs.context.room.status())
        for name in list(status)[: self.parameters["fields"]]:
            del status[name]
        return {"/status": {**status, "drill": True}}, "a shortened status"


def schema_of(kind: Any) -> Mapping[str, Any]:
    """The schema of a record; a field that may hold anything may."""
    return msgspec.json.schema(kind, schema_hook=lambda unknown: {"title": "anything"})


def _ask_all(address: str, token: str, paths: Sequence[str]) -> dict[str, Any]:
    return {path: _ask(f"{address}{path}", token) for path in paths}


def _ask(url: str, token: str) -> Any:
    import urllib.request  # takes a while, and is not needed before

    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever proxy others are asked through
    with direct.open(request, timeout=TIMEOUT) as answer:
        return json.loads(answer.read())
