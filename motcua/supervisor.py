"""Runs the processes of the program on one machine: starts them, waits until all are ready, restarts what dies."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import structlog

from store.errors import Unavailable

log = structlog.get_logger(__name__)

PR_SET_PDEATHSIG = 1
HEALTHY_AFTER_S = 60.0
LONGEST_PAUSE_S = 30.0
HANGS_BEFORE_KILL = 6


@dataclass(frozen=True)
class Program:
    """A process to run.

    Attributes:
        name: what people call it.
        command: its command line.
        ready_url: answers 200 when it can work.
        log_file: where its output goes.
        environment: variables besides the supervisor's own.
        stop_s: seconds it gets to end by itself when the program stops.
    """

    name: str
    command: Sequence[str]
    ready_url: str
    log_file: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_s: float = 10.0


class Supervisor:
    """Keeps programs running until told to stop.

    Args:
        programs: what to run; all start at once and stop in reverse order.
        folder: working folder of every program.
        check_s: seconds between two health checks of a running program.
    """

    def __init__(self, programs: Sequence[Program], folder: Path, *, check_s: float = 10.0) -> None:
        self._programs = programs
        self._folder = folder
        self._check_s = check_s
        self._stopping = asyncio.Event()
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._refused: dict[str, str] = {}
        self._been_ready: set[int] = set()
        self.restarts: dict[str, int] = {program.name: 0 for program in programs}

    def pid(self, name: str) -> int | None:
        """Process number of a running program."""
        process = self._processes.get(name)
        return process.pid if process is not None and process.returncode is None else None

    def stop(self) -> None:
        """Ask everything to end; `run` returns when it has."""
        self._stopping.set()

    async def run(self, *, ready_s: float, on_ready: Callable[[], None]) -> None:
        """Run until `stop` is called.

        Args:
            ready_s: how long all programs together may take to become ready.
            on_ready: called once when they are.

        Raises:
            Unavailable: a program cannot be started, or did not become ready in time; the message names it and
                its log.
        """
        keepers = [asyncio.create_task(self._keep(program)) for program in self._programs]
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
                await self._wait_ready(session, ready_s)
                if not self._stopping.is_set():
                    on_ready()
                await self._watch(session, ready_s)
        finally:
            self._stopping.set()
            for program in reversed(self._programs):
                await self._end(program)
            await asyncio.gather(*keepers, return_exceptions=True)

    async def _keep(self, program: Program) -> None:
        failures = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                await self._start(program)
            except OSError as error:
                # No such file, no space for the log, no more processes: it may pass, so it is tried again.
                self._refused[program.name] = str(error)
                status = None
            else:
                self._refused.pop(program.name, None)
                if self._stopping.is_set():
                    # The order to stop came while it was being started and did not see it.
                    await self._end(program)
                    return
                status = await self._processes[program.name].wait()
            if self._stopping.is_set():
                return
            failures = 0 if time.monotonic() - started > HEALTHY_AFTER_S else failures + 1
            self.restarts[program.name] += 1
            log.warning(
                "program ended, starting it again",
                program=program.name,
                status=status,
                refused=self._refused.get(program.name),
            )
            # The first restart comes at once: most often somebody killed it, and citizens wait.
            pause = 0.0 if failures <= 1 else random.uniform(0.5, 1) * min(LONGEST_PAUSE_S, 2.0**failures)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _start(self, program: Program) -> None:
        program.log_file.parent.mkdir(parents=True, exist_ok=True)
        with program.log_file.open("ab") as output:
            self._processes[program.name] = await asyncio.create_subprocess_exec(
                *program.command,
                cwd=self._folder,
                env={**os.environ, **program.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # A Ctrl-C goes to the supervisor alone, which then ends them in order.
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    async def _end(self, program: Program) -> None:
        process = self._processes.get(program.name)
        if process is None or process.returncode is not None:
            return
        _signal(process, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), program.stop_s)
        except TimeoutError:
            log.warning("program did not end, killing it", program=program.name)
            _signal(process, signal.SIGKILL)
            await process.wait()

    async def _wait_ready(self, session: aiohttp.ClientSession, ready_s: float) -> None:
        end = time.monotonic() + ready_s
        for program in self._programs:
            while not self._stopping.is_set() and not await _answers(session, program.ready_url):
                if program.name in self._refused:
                    raise Unavailable(f"{program.name} cannot be started: {self._refused[program.name]}")
                if time.monotonic() > end or self.restarts[program.name] >= 3:
                    raise Unavailable(f"{program.name} does not start; its log says why: {program.log_file}")
                await asyncio.sleep(0.2)
            self._note_ready(program)

    def _note_ready(self, program: Program) -> None:
        pid = self.pid(program.name)
        if pid is not None:
            self._been_ready.add(pid)

    async def _watch(self, session: aiohttp.ClientSession, ready_s: float) -> None:
        hangs = {program.name: 0 for program in self._programs}
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._check_s)
                return
            for program in self._programs:
                alive = await _answers(session, program.ready_url)
                hangs[program.name] = 0 if alive else hangs[program.name] + 1
                pid = self.pid(program.name)
                if alive:
                    self._note_ready(program)
                # One that was started again a moment ago gets as long as the first start, else a slow machine would
                # kill it for ever.
                patience = (
                    HANGS_BEFORE_KILL if pid in self._been_ready else max(ready_s / self._check_s, HANGS_BEFORE_KILL)
                )
                if hangs[program.name] >= patience and pid is not None:
                    log.error("program hangs, killing it", program=program.name)
                    _signal(self._processes[program.name], signal.SIGKILL)
                    hangs[program.name] = 0


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _die_with_parent() -> None:
    # Without this a kill -9 of the supervisor would leave the ports taken.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
