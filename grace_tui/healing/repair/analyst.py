"""The other end of `analyse`: a process that answers questions about one tree, kept as long as there are any.

Used by a repair of one failure and by a heal of many. It starts with the first `open`, so that libcst is loaded and
the sources are read while the failing command still runs.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.allowed import Allowed
from grace_tui.healing.repair.patch import FileEdit
from grace_tui.healing.repair.process import PACKAGE_HOME, environment
from grace_tui.healing.repair.questions import Proposal, Question, encode

SECONDS = 30.0
"""That one answer may take, unless `Analyst.seconds` says otherwise."""
LONGEST_ANSWER = 256 << 20
LAST_WORDS = 2000


@asynccontextmanager
async def open_analyst(
    root: Path, allowed: Allowed | None = None, cache: Path | None = None
) -> AsyncIterator["Analyst"]:
    """`cache` is a folder where the index is kept from one time to the next."""
    analyst = Analyst(root, allowed or Allowed(), cache)
    try:
        yield analyst
    finally:
        await analyst.close()


class Analyst:
    """Asks one question at a time. A process that died or took too long is started again for the next question."""

    def __init__(self, root: Path, allowed: Allowed, cache: Path | None) -> None:
        self.root, self.allowed, self.cache = root, allowed, cache
        self.seconds = SECONDS
        self._process: asyncio.subprocess.Process | None = None
        self._errors: asyncio.Task[bytes] | None = None

    async def start(self) -> None:
        """Have the process ready before there is anything to ask."""
        if self._process is not None:
            return
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "grace_tui.healing.repair.analyse", str(self.root)),
            *([str(self.cache)] if self.cache is not None else []),
            cwd=self.root,
            env=environment(self.root, {"PYTHONPATH": PACKAGE_HOME}),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LONGEST_ANSWER,
            start_new_session=True,
        )
        assert self._process.stderr is not None
        self._errors = asyncio.create_task(self._process.stderr.read())

    async def ask(self, failure: Failure, edits: Sequence[FileEdit] = (), path: Sequence[str] = ()) -> Proposal:
        """What is proposed for a failure of the tree with these edits; `path` was the `sys.path` of its process."""
        await self.start()
        try:
            async with asyncio.timeout(self.seconds):
                return await self._answer(Question(failure, tuple(edits), self.allowed, tuple(path)))
        except TimeoutError:
            await self.close()
            return Proposal(None, reason=f"the analysis took longer than {self.seconds:g} s")
        except (ConnectionError, EOFError):
            words = await self._last_words()
            return Proposal(None, reason=f"the analysis ended with {words}")

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()
        if self._errors is not None:
            await asyncio.wait({self._errors})

    async def _answer(self, question: Question) -> Proposal:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(encode(question))
        await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return msgspec.convert(json.loads(line), Proposal)

    async def _last_words(self) -> str:
        errors = self._errors
        await self.close()
        said = errors.result()[-LAST_WORDS:].decode("utf-8", "replace").strip().splitlines() if errors else []
        return said[-1] if said else "no word"
