"""`python -m bench chaos`: conversations in every channel while processes are killed and platforms misbehave.

The whole program runs as `make run` starts it, over the fakes of the platforms. Every message asks for a case that does
not exist ("tra cứu MC-…"), and its answer names it: whether each was answered once and in order is seen from outside,
at the citizens' end. Meanwhile the app, Rasa and the actions are killed (-9) at random, connections are dropped, sends
are answered with 429, 500, too late or not at all although they were accepted, and webhooks come twice.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import re
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from bench._chaos_crowds import Crowd, Telegram, Web, ZaloBot, ZaloOA
from bench._table import print_table
from desk.cases import ALPHABET
from store.engine import Database
from store.tables import inbox, outbox
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_bot import FakeZaloBot
from tests.fakes.zalo_oa import FakeZaloOA
from tests.support import zalo
from tests.support.postgres import Server, async_address
from tests.support.stack import Stack

_CODE = re.compile(rf"MC-[{ALPHABET}]{{6}}")
_NEEDLES = {"app": "serve-app", "rasa": "nlu.serve", "actions": "serve-actions"}
_PROGRAMS = tuple(_NEEDLES)
# The paces of the platforms have tests of their own; here they would only make the run longer.
_SETTINGS = {
    "MOTCUA_BOT__WEB__SESSION_BURST": "100000",
    "MOTCUA_BOT__WEB__ADDRESS_BURST": "1000000",
    "MOTCUA_BOT__WEB__ADDRESS_RATE": "100000",
    "MOTCUA_BOT__WORKER__PATIENCE_S": "3600",
    "MOTCUA_BOT__WORKER__BACKLOG": "1000000",
    "MOTCUA_DESK__CONSOLE__ENABLED": "false",
    "MOTCUA_LOG_LEVEL": "WARNING",
}
_CHANNEL = {"CHAT_RATE": "1000", "TOTAL_RATE": "1000", "CHAT_BURST": "100000", "REQUEST_TIMEOUT_S": "3"}
_LONGEST_BACK_S = 240.0
_QUIET_S = 90.0
_PATIENCE_S = 120.0  # of a citizen who waits for an answer before they go on


@dataclass
class Kill:
    """A process that was killed, and the seconds until all parts were ready again."""

    program: str
    recovered_s: float


@dataclass
class Course:
    """How a run goes.

    Attributes:
        asked: by channel and person, the codes in the order they were asked for.
        kills: what was killed.
        troubles: what went wrong with the platforms, by channel and kind.
    """

    asked: dict[str, dict[int, list[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    kills: list[Kill] = field(default_factory=list)
    troubles: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(frozen=True)
class Verdict:
    """What became of the messages of one channel."""

    channel: str
    asked: int
    answered: int
    lost: int
    doubled: int
    disordered: int
    unknown: int
    unknown_lost: int

    @property
    def good(self) -> bool:
        """Whether nothing went wrong that must not."""
        return not (self.lost or self.doubled or self.disordered or self.unknown_lost)

    def row(self) -> list[str]:
        """The line of the table."""
        numbers = (self.asked, self.answered, self.lost, self.doubled, self.disordered, self.unknown, self.unknown_lost)
        return [self.channel, *map(str, numbers)]


def judge(
    channel: str, asked: Mapping[int, Sequence[str]], heard: Mapping[int, Sequence[str]], unknown: Sequence[str]
) -> Verdict:
    """Compare what was asked with what was heard.

    Args:
        heard: by person, the codes in what they were sent, in the order it came.
        unknown: codes in sends whose end the program does not know.
    """
    lost = doubled = disordered = answered = 0
    everything: set[str] = set()
    for person, codes in asked.items():
        counts = Counter(heard.get(person, ()))
        everything |= set(counts)
        answered += sum(code in counts for code in codes)
        lost += sum(code not in counts for code in codes)
        doubled += sum(counts[code] - 1 for code in counts if counts[code] > 1)
        first = list(dict.fromkeys(code for code in heard.get(person, ()) if code in set(codes)))
        expected = [code for code in codes if code in counts]
        disordered += sum(one != other for one, other in zip(first, expected, strict=True))
    missing = sum(code not in everything for code in unknown)
    total = sum(map(len, asked.values()))
    return Verdict(channel, total, answered, lost, doubled, disordered, len(unknown), missing)


def codes(count: int, chance: random.Random) -> list[str]:
    """That many different codes of cases that do not exist."""
    found: dict[str, None] = {}
    while len(found) < count:
        found["MC-" + "".join(chance.choices(ALPHABET, k=6))] = None
    return list(found)


class Chaos:
    """One run over one database."""

    def __init__(self, stack: Stack, crowds: Sequence[Crowd], options: argparse.Namespace) -> None:
        self._stack = stack
        self._crowds = crowds
        self._options = options
        self._chance = random.Random(options.seed)
        self._people = max(1, options.conversations // len(crowds))
        self.course = Course()

    async def run(self) -> None:
        """Ask everything, kill everything, and wait until all is quiet."""
        everything = codes(self._options.messages, self._chance)
        work = []
        talks = [(crowd, person) for person in range(self._people) for crowd in self._crowds]
        for number, (crowd, person) in enumerate(talks):
            own = everything[number :: len(talks)]
            work.append(asyncio.create_task(self._talk(crowd, person, own, random.Random(number))))
        trouble = [asyncio.create_task(self._trouble(crowd)) for crowd in self._crowds]
        shown = asyncio.create_task(self._show())
        try:
            await asyncio.gather(self._kill(), *work)
            await self._quiet()
        finally:
            for task in (*work, *trouble, shown):
                task.cancel()
            await asyncio.gather(*work, *trouble, shown, return_exceptions=True)
            for crowd in self._crowds:
                self.course.troubles.update({(crowd.name, what): number for what, number in crowd.mishaps.items()})

    async def _talk(self, crowd: Crowd, person: int, own: Sequence[str], chance: random.Random) -> None:
        asked = self.course.asked[crowd.name][person]
        for code in own:
            asked.append(code)
            await crowd.say(person, f"tra cứu {code}")
            # Some wait for the answer, some write three messages in a row.
            end = time.monotonic() + _PATIENCE_S
            while len(asked) - len(crowd.heard(person)) > chance.choice((0, 0, 1, 2)) and time.monotonic() < end:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def heard(self, crowd: Crowd) -> dict[int, list[str]]:
        """The codes that each citizen of a channel was told, in order."""
        return {
            person: [code for text in crowd.heard(person) for code in _CODE.findall(text)]
            for person in range(self._people)
        }

    def _progress(self) -> int:
        return sum(len(crowd.heard(person)) for crowd in self._crowds for person in range(self._people))

    async def _kill(self) -> None:
        marks = sorted(self._chance.random() * 0.95 * self._options.messages for _ in range(self._options.kills))
        for mark in marks:
            while self._progress() < mark:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            await asyncio.sleep(self._chance.random() * 0.5)
            program = self._chance.choice(_PROGRAMS)
            while not (running := self._stack.pids(_NEEDLES[program])):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            with suppress(ProcessLookupError):
                # Of several front doors or Rasas one.
                os.kill(self._chance.choice(running), signal.SIGKILL)
            started = time.monotonic()
            await asyncio.sleep(0.3)
            while not await asyncio.to_thread(self._stack.ready):
                await asyncio.sleep(0.1)
                if time.monotonic() - started > _LONGEST_BACK_S:
                    raise TimeoutError(f"{program} does not come back\n{self._stack.tails()}")
            self.course.kills.append(Kill(program, time.monotonic() - started))

    async def _trouble(self, crowd: Crowd) -> None:
        while True:
            if what := await crowd.trouble(self._chance, self._people):
                self.course.troubles[(crowd.name, what)] += 1

    async def _quiet(self) -> None:
        """Wait until everything is answered, or nothing has moved for long."""
        before, since = -1, time.monotonic()
        while True:
            seen = self._progress()
            if seen != before:
                before, since = seen, time.monotonic()
            quiet = time.monotonic() - since
            if (seen >= self._options.messages and quiet > 5.0) or quiet > _QUIET_S:
                return
            await asyncio.sleep(0.2)

    async def _show(self) -> None:
        if not sys.stderr.isatty():
            return
        while True:
            line = f"\r{self._progress()} of {self._options.messages} answered, {len(self.course.kills)} killed "
            sys.stderr.write(line)
            sys.stderr.flush()
            await asyncio.sleep(0.5)


async def unknown_of(database: Database) -> tuple[dict[str, list[str]], int]:
    """By channel the codes in sends whose end is not known; and how many messages or sends are not finished or dead."""
    found: dict[str, list[str]] = defaultdict(list)
    async with database.connect() as connection:
        rows = (await connection.execute(select(outbox.c.channel, outbox.c.body, outbox.c.state))).all()
        open_ = (await connection.execute(select(inbox.c.id).where(inbox.c.state != "done"))).all()
    for row in rows:
        if row.state == "unknown":
            found[row.channel] += _CODE.findall(str(row.body.get("text", "")))
    left = sum(row.state in {"ready", "leased", "dead"} for row in rows)
    return found, left + len(open_)


async def hold(database_kind: str, options: argparse.Namespace) -> bool:
    """One run; prints its tables and tells whether it was good."""
    async with AsyncExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="motcua-chaos-"))
        if not options.keep:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        extra = dict(_SETTINGS)
        address = ""
        if database_kind == "postgresql":
            server = await asyncio.to_thread(Server)
            stack.callback(server.remove)
            address = async_address(server.address("postgres"))
            extra |= {
                "MOTCUA_STORE__URL": address,
                "MOTCUA_RASA__PROCESSES": str(options.rasas),
                "MOTCUA_BOT__GATEWAYS": str(options.gateways),
            }
        telegram = await stack.enter_async_context(FakeTelegram())
        zalo_bot = await stack.enter_async_context(FakeZaloBot())
        zalo_oa = await stack.enter_async_context(FakeZaloOA())
        zalo_oa.minute_rate = 1_000_000
        extra |= {"MOTCUA_BOT__TELEGRAM__TOKEN": telegram.token, "MOTCUA_BOT__TELEGRAM__API_URL": telegram.url}
        extra |= {"MOTCUA_BOT__ZALO_BOT__TOKEN": zalo_bot.token, "MOTCUA_BOT__ZALO_BOT__API_URL": zalo_bot.url}
        for channel in ("TELEGRAM", "ZALO_OA", "ZALO_BOT"):
            extra |= {f"MOTCUA_BOT__{channel}__{name}": value for name, value in _CHANNEL.items()}
        running = Stack(folder / "home", extra)
        running.extra["MOTCUA_BOT__ZALO_BOT__WEBHOOK_URL"] = running.url
        await zalo.join(running, zalo_oa)
        for hook in (zalo_oa.hook, zalo_bot.hook):
            hook.patient, hook.duplicate, hook.delays = True, 0.1, (0.05, 0.1, 0.2, 0.5)
        await asyncio.to_thread(running.start)
        stack.callback(running.stop)
        people = max(1, options.conversations // 4)
        web = Web(running.url, stack)
        await web.meet(people)
        chance = random.Random(options.seed)
        share = options.trouble
        crowds: list[Crowd] = [
            web,
            Telegram(telegram, share, chance),
            ZaloOA(zalo_oa, share, chance),
            ZaloBot(zalo_bot, share, chance),
        ]
        chaos = Chaos(running, crowds, options)
        started = time.monotonic()
        await chaos.run()
        took = time.monotonic() - started
        database = Database(address or f"sqlite+aiosqlite:///{running.home / 'motcua.db'}")
        unknown, left = await unknown_of(database)
        await database.close()
        verdicts = [
            judge(crowd.name, chaos.course.asked[crowd.name], chaos.heard(crowd), unknown.get(crowd.name, []))
            for crowd in crowds
        ]
        report(database_kind, verdicts, chaos.course, took, left)
        return all(verdict.good for verdict in verdicts) and not left


def report(kind: str, verdicts: Sequence[Verdict], course: Course, took: float, left: int) -> None:
    """Print what came of a run."""
    total = sum(verdict.asked for verdict in verdicts)
    print(f"\n{kind}: {total} messages, {len(course.kills)} kills, {took:.0f} s, {total / took:.1f} messages a second")
    print(f"not finished or dead at the end: {left}\n")
    head = ["channel", "asked", "answered", "lost", "doubled", "out of order", "unknown", "of these not accepted"]
    print_table(head, [verdict.row() for verdict in verdicts])
    print()
    rows = []
    for program in _PROGRAMS:
        times = [kill.recovered_s for kill in course.kills if kill.program == program]
        if times:
            rows.append([program, str(len(times)), f"{statistics.median(times):.1f}", f"{max(times):.1f}"])
    print_table(["killed", "times", "ready again after s (median)", "longest"], rows)
    print()
    print_table(
        ["trouble", "times"], [[f"{where}: {what}", str(n)] for (where, what), n in sorted(course.troubles.items())]
    )
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """The command; exit status 1 when something was lost, doubled, out of order or never delivered."""
    parser = argparse.ArgumentParser(
        prog="bench chaos", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=1000, help="messages in all (default 1000)")
    parser.add_argument("--kills", type=int, default=10, help="processes to kill (default 10)")
    parser.add_argument("--conversations", type=int, default=160, help="conversations in all channels (default 160)")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--trouble", type=float, default=0.1, help="share of sends that go wrong (default 0.1)")
    parser.add_argument("--rasas", type=int, default=2, help="dialogue servers over PostgreSQL (default 2)")
    parser.add_argument("--gateways", type=int, default=2, help="front doors over PostgreSQL (default 2)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the data folders, with the logs")
    options = parser.parse_args(arguments)
    if min(options.messages, options.conversations, options.rasas, options.gateways) < 1 or options.kills < 0:
        parser.error("numbers must be positive")
    if not 0 <= options.trouble < 1:
        parser.error("--trouble must be at least 0 and less than 1")
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "")
    # The fakes are cut off whenever a client of theirs is killed.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    kinds = ("sqlite", "postgresql") if options.database == "both" else (options.database,)
    good = [asyncio.run(hold(kind, options)) for kind in kinds]
    return 0 if all(good) else 1
