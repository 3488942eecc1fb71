"""Publishing a catalogue while citizens ask: how long it takes, and whether any answer fails or mixes two versions.

The whole program runs (`motcua up`), a client asks so many questions a second through the web chat, and
`motcua catalogue publish` builds and switches to a version that differs from the live one in every procedure: its fees,
times and deciding document carry the version's letter. An answer with both letters mixes versions; one that does not
come, or says that the service is reduced, has failed. Then publications are killed (-9) at random moments of their
length, and each time what is live is loaded anew and checked file by file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench._questions import shared_folder
from bench._table import print_table
from bench._web import WebSender
from knowledge import _versions
from knowledge.catalogue import Catalogue, read_source
from knowledge.importers.report import Imported, Report
from knowledge.procedures import Fee, Procedure, ProcessingTime, Source
from knowledge.settings import KnowledgeSettings
from store.engine import Database
from store.errors import Conflict
from store.migrate import upgrade
from tests.support.stack import ROOT, Stack

_LETTER = re.compile(r"bản ([AB])\b|QĐ-BAN([AB])\b")
_REDUCED = "chế độ rút gọn"
_SESSION = 15
_TIMEOUT_S = 30.0


def marked(procedures: Sequence[Procedure], letter: str) -> tuple[Procedure, ...]:
    """The same procedures, each with a version's letter in every fact that is asked about."""
    return tuple(
        one.model_copy(
            update={
                "fees": (Fee(text=f"10.000 đồng (bản {letter})", amount=10_000),),
                "times": (ProcessingTime(text=f"5 ngày làm việc (bản {letter})"),),
                "source": Source(title=one.source.title, decision=f"1/QĐ-BAN{letter}"),
            }
        )
        for one in procedures
    )


@dataclass
class Load:
    """Questions at a steady rate, whether or not the answers keep up, through as many citizens as that needs."""

    url: str
    questions: Sequence[str]
    rate: float
    asked: int = 0
    failed: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    letters: dict[str, int] = field(default_factory=lambda: {"A": 0, "B": 0, "": 0})
    latencies: list[float] = field(default_factory=list)
    _free: list[tuple[WebSender, int]] = field(default_factory=list)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()

    def take(self) -> list[float]:
        """The latencies since the last call."""
        taken, self.latencies = self.latencies, []
        return taken

    async def run(self) -> None:
        """Ask until stopped, then wait for what is still open."""
        open_: set[asyncio.Task[None]] = set()
        began = time.perf_counter()
        number = 0
        while not self._stop.is_set():
            task = asyncio.create_task(self._one(self.questions[number % len(self.questions)]))
            open_.add(task)
            task.add_done_callback(open_.discard)
            number += 1
            await asyncio.sleep(max(0.0, began + number / self.rate - time.perf_counter()))
        await asyncio.gather(*open_)
        for sender, _ in self._free:
            await sender.close()

    async def _one(self, question: str) -> None:
        self.asked += 1
        sender: WebSender | None = None
        try:
            if self._free:
                sender, used = self._free.pop()
            else:
                sender, used = WebSender(self.url), 0
                await sender.open()
            took, texts = await sender.ask(question, timeout_s=_TIMEOUT_S)
        except Exception as error:
            # Whatever kept the answer away, for the citizen it failed.
            self.failed.append(f"{question}: {type(error).__name__} {error}")
            if sender is not None:
                await sender.close()
            return
        self.latencies.append(took)
        said = "\n".join(texts)
        letters = {first or second for first, second in _LETTER.findall(said)}
        if not said.strip() or _REDUCED in said:
            self.failed.append(f"{question}: {said[:80]!r}")
        if len(letters) > 1:
            self.mixed.append(f"{question}: {said[:200]!r}")
        self.letters["".join(sorted(letters))[:1]] += 1
        if used + 1 < _SESSION:
            self._free.append((sender, used + 1))
        else:
            await sender.close()


def asked_about(procedures: Sequence[Procedure], chance: random.Random) -> list[str]:
    """Questions about fee and time: half by code, half by name as citizens shorten it."""
    out = []
    for one in chance.sample(list(procedures), min(300, len(procedures))):
        name = re.sub(r"^thủ tục\s+", "", one.name.lower())[:90]
        out.append(f"thủ tục {one.code} lệ phí bao nhiêu, mấy ngày xong")
        out.append(f"{name} tốn bao nhiêu tiền, bao lâu xong")
    return out


class Bench:
    """One run.

    Args:
        stack: the program.
        procedures: the catalogue to publish.
        options: of the command line.
    """

    def __init__(self, stack: Stack, procedures: Sequence[Procedure], options: argparse.Namespace) -> None:
        self.stack = stack
        self.options = options
        self.procedures = procedures
        self.chance = random.Random(options.seed)
        self.home = stack.home / "catalogue"
        self.database = Database(f"sqlite+aiosqlite:///{stack.home / 'motcua.db'}")
        self.settings = KnowledgeSettings()
        self.catalogue = Catalogue(self.database, self.home, self.settings)

    async def stage(self, letter: str) -> str:
        """A new version with that letter."""
        records = Imported(marked(self.procedures, letter), Report(f"catalogue {letter}"))
        return (await self.catalogue.stage_records(records, actor="bench")).id

    def publish(self, version: str) -> subprocess.Popen[bytes]:
        """`motcua catalogue publish` in a process of its own."""
        command = [sys.executable, "-m", "motcua", "catalogue", "publish", version, "--json"]
        output = (self.stack.home / "publish.out").open("wb")
        with output:
            return subprocess.Popen(
                command, cwd=ROOT, env=self.stack.environment, stdout=output, stderr=subprocess.STDOUT
            )

    async def published(self, version: str) -> float:
        """Publish to the end; gives the seconds it took.

        Raises:
            RuntimeError: it failed; carries what it said.
        """
        began = time.monotonic()
        process = self.publish(version)
        await asyncio.to_thread(process.wait)
        if process.returncode:
            raise RuntimeError(f"the publication failed: {(self.stack.home / 'publish.out').read_text()[-2000:]}")
        return time.monotonic() - began

    async def live(self) -> str:
        """The live version, loaded by one that knows nothing yet, every file checked, and a search made.

        Raises:
            MotcuaError: it is not whole.
        """
        fresh = Catalogue(self.database, self.home, self.settings)
        snapshot = await fresh.snapshot()
        await asyncio.to_thread(_versions.check, self.home / snapshot.version)
        known = await fresh.version(snapshot.version)
        if len(snapshot.procedures) != known.procedures or not snapshot.searcher.search("đăng ký khai sinh").hits:
            raise Conflict(f"the live version {snapshot.version} is not whole")
        await fresh.close()
        return snapshot.version

    async def kills(self, lasts: float, letter: str) -> list[list[str]]:
        """Kill publications at random moments; a row each."""
        rows: list[list[str]] = []
        live = await self.live()
        staged = await self.stage(letter)
        for number in range(1, self.options.kills + 1):
            moment = self.chance.uniform(0, lasts)
            process = self.publish(staged)
            await asyncio.sleep(moment)
            killed = process.poll() is None
            process.kill()
            process.wait()
            after = await self.live()
            assert after in {live, staged}, f"{after} is live, neither the old nor the new version"
            state = (await self.catalogue.version(staged)).state
            which = "new" if after == staged else "old"
            rows.append([str(number), f"{moment:.1f}", "killed" if killed else "had ended", state, f"{which}, whole"])
            print(f"  {' '.join(rows[-1])}", file=sys.stderr, flush=True)
            if after == staged:
                live, letter = staged, "A" if letter == "B" else "B"
                staged = await self.stage(letter)
        return rows


async def measure(bench: Bench) -> int:
    """Run everything and print; gives the exit status."""
    options = bench.options
    await upgrade(bench.database)

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    say(f"publishing version A of {len(bench.procedures)} procedures with nobody asking …")
    first = await bench.stage("A")
    began = time.monotonic()
    await bench.catalogue.publish(first, actor="bench")
    quiet = time.monotonic() - began
    second = await bench.stage("B")
    say("starting motcua …")
    await asyncio.to_thread(bench.stack.start)
    load = Load(bench.stack.url, asked_about(bench.procedures, bench.chance), options.rate)
    asking = asyncio.create_task(load.run())
    rows = []
    try:
        await asyncio.sleep(options.before)
        rows.append(("before", load.take()))
        say("publishing version B while they ask …")
        busy = await bench.published(second)
        rows.append(("while publishing", load.take()))
        await asyncio.sleep(options.before)
        rows.append(("after", load.take()))
        killed = []
        if options.kills:
            say(f"killing {options.kills} publications …")
            killed = await bench.kills(busy, "A")
            rows.append(("while killing", load.take()))
    finally:
        load.stop()
        await asking
        await bench.catalogue.close()
        await bench.database.close()
    print(f"publish of {len(bench.procedures)} procedures: {quiet:.1f} s alone, {busy:.1f} s under load")
    print(
        f"{load.asked} questions at {options.rate:g} a second: {len(load.failed)} failed, {len(load.mixed)} mixed; "
        f"answered from A {load.letters['A']}, from B {load.letters['B']}, asked back or unknown {load.letters['']}\n"
    )
    cells = [
        [name, str(len(times)), *(f"{1000 * value:.0f}" for value in (*np.percentile(times, (50, 95)), max(times)))]
        for name, times in rows
        if times
    ]
    print_table(["", "answers", "p50 ms", "p95 ms", "max ms"], cells)
    if killed:
        print()
        print_table(["publication", "killed after s", "", "its state then", "live"], killed)
    for line in (*load.failed[:5], *load.mixed[:5]):
        print(line)
    if options.json:
        found = {
            "alone_s": quiet,
            "loaded_s": busy,
            "asked": load.asked,
            "failed": len(load.failed),
            "mixed": len(load.mixed),
            "kills": killed,
        }
        await asyncio.to_thread(options.json.write_text, json.dumps(found, indent=1))
    return 1 if load.failed or load.mixed or not load.letters["B"] else 0


def main(arguments: list[str]) -> int:
    """Run the benchmark; gives the exit status: 1 where an answer failed or mixed versions."""
    parser = argparse.ArgumentParser(prog="python -m bench publish", description=__doc__)
    parser.add_argument("--catalogue", type=Path, help="default: province_2754 of the shared data")
    parser.add_argument("--rate", type=float, default=20.0, help="questions a second")
    parser.add_argument("--kills", type=int, default=10, help="publications to kill")
    parser.add_argument("--before", type=float, default=10.0, help="seconds of questions before and after")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the numbers to this file too")
    options = parser.parse_args(arguments)
    catalogue = options.catalogue or shared_folder() / "catalogue" / "province_2754.jsonl.gz"
    if not catalogue.exists():
        print(f"bench publish: {catalogue.name} is not there; see --catalogue", file=sys.stderr)
        return 2
    procedures = read_source(catalogue).procedures
    limits = {"MOTCUA_BOT__WEB__ADDRESS_BURST": "100000", "MOTCUA_BOT__WEB__ADDRESS_RATE": "10000"}
    with tempfile.TemporaryDirectory(prefix="motcua-bench-") as folder:
        stack = Stack(Path(folder) / "home", limits)
        stack.home.mkdir(parents=True)
        # A model that was trained before is found again.
        models = ROOT / "var" / "models"
        if models.is_dir():
            os.symlink(models, stack.home / "models")
        try:
            return asyncio.run(measure(Bench(stack, procedures, options)))
        finally:
            stack.stop()
