"""`python -m bench hostile`: requests that no honest client sends, thrown at the real front door while citizens chat.

The front door is a process of its own with the pages and every channel's webhook on, over a fake dialogue server and
fakes of the platforms; half of what is thrown at it are odd events, nearly all behind a right secret or signature.
Several clients send the corpus of `tests/support/hostile.py` and mutations of it, others hold connections open and drip
bytes; a few citizens go on asking. Limits for each address are raised by settings in the first round, since all comes
from one address; the second round has the limits that are shipped, and every request comes from an address of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bench._table import print_table
from bench._web import WebSender
from tests.support.doors import OPEN_LIMITS, Doors, doors
from tests.support.hostile import Shot, corpus, fresh, mutated
from tests.support.wire import Reply, exchange

SLOWEST_S = 2.0
GROWTH_KIB = 64.0
"""KiB of memory a thousand requests may add in the second half: less than the noise of a Python heap."""
CRITERION = (
    f"Memory is held to one thing: by least squares over the second half of the first round, the front door's resident "
    f"memory grows by less than {GROWTH_KIB:.0f} KiB a thousand requests."
)

_ANSWER_S = 8.0
# What HTTP does not frame may be left without an answer: nobody waits long for one.
_UNFRAMED_S = 0.3
_MUTATED = 0.4
_SESSIONS = 4
_QUESTIONS_S = 0.5
_DRIPPERS = 12
_SETTLE_S = 4.0
_SIZED = (0.0, 0.1, 0.25, 0.5, 1.0)
_CURVE = tuple(part / 20 for part in range(21))
_HEADERS = frozenset({"content-security-policy", "x-content-type-options", "referrer-policy", "cache-control"})
_CLASSES = ("2xx", "3xx", "4xx", "429", "503", "5xx", "none")


@dataclass
class Tally:
    """What one round came to.

    Attributes:
        statuses: answers by class; `5xx` are failures of ours, `503` those that say when to come again.
        seconds: of every answer.
        wrong: what must not be, by name.
        rss: resident memory in bytes after so many requests.
        sizes: what was kept in memory after a share of the requests, part by part.
        before: seconds of the citizens' questions before the attack.
        during: the same while it goes on.
        dripped: seconds that connections lasted over which bytes only drip.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    longest: float = 0.0
    slowest: str = ""
    rss: list[tuple[int, int]] = field(default_factory=list)
    sizes: dict[float, dict[str, int]] = field(default_factory=dict)
    before: list[float] = field(default_factory=list)
    during: list[float] = field(default_factory=list)
    dripped: list[float] = field(default_factory=list)
    failures: float = 0.0
    files: tuple[int, int] = (0, 0)
    wall_s: float = 0.0

    def note(self, shot: Shot, reply: Reply) -> None:
        """Count one answer."""
        kind = _class(reply)
        self.statuses[kind] += 1
        if kind == "none":
            if shot.whole:
                self.wrong.append(f"no answer to {shot.name}")
            return
        if reply.seconds > self.longest:
            self.longest, self.slowest = reply.seconds, f"{shot.name} ({reply.status})"
        self.seconds.append(reply.seconds)
        if kind == "5xx":
            self.wrong.append(f"{reply.status} to {shot.name}")
        if reply.seconds > SLOWEST_S:
            self.wrong.append(f"{reply.seconds:.1f} s for {shot.name}")
        if "server" in reply.headers or not reply.headers.keys() >= _HEADERS:
            self.wrong.append(f"headers of the answer to {shot.name}")

    def growth(self) -> float:
        """KiB of memory a thousand requests added in the second half (least squares)."""
        points = [(done / 1000, rss / 1024) for done, rss in self.rss if done >= self.rss[-1][0] / 2]
        middle = sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
        spread = sum((x - middle[0]) ** 2 for x, _ in points)
        return sum((x - middle[0]) * (y - middle[1]) for x, y in points) / spread if spread else 0.0

    def curve(self) -> list[int]:
        """Resident memory in KiB at each twentieth of the requests."""
        last = self.rss[-1][0]
        return [next(rss for done, rss in self.rss if done >= last * share) // 1024 for share in _CURVE]


def _class(reply: Reply) -> str:
    match reply.status:
        case 0:
            return "none"
        case 429:
            return "429"
        case 503 if reply.headers.get("retry-after", "").isdigit():
            return "503"
        case status:
            return f"{status // 100}xx"


def _percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


async def _attack(front: Doors, options: argparse.Namespace, requests: int, tally: Tally, *, strangers: bool) -> None:
    shots = [shot for _ in range(_SESSIONS) for shot in corpus(await front.target())]
    # As often what a platform seems to have sent as everything else.
    kinds = [shot for shot in shots if shot.sign], [shot for shot in shots if not shot.sign]
    process = psutil.Process(front.pid)
    host, port = front.address
    every = max(1, requests // 200)
    numbers = iter(range(1, requests + 1))
    marks = {round(requests * share): share for share in _SIZED}
    tally.sizes[0.0] = await front.sizes()
    tally.rss.append((0, process.memory_info().rss))

    async def client(chance: random.Random) -> None:
        for number in numbers:
            shot = chance.choice(chance.choice(kinds))
            shot = mutated(shot, chance) if chance.random() < _MUTATED else fresh(shot, number)
            source = f"127.{chance.randint(1, 254)}.{chance.randint(0, 255)}.{chance.randint(1, 254)}"
            reply = await exchange(
                host,
                port,
                [shot.data],
                wait_s=_ANSWER_S if shot.whole else _UNFRAMED_S,
                source=source if strangers else None,
            )
            tally.note(shot, reply)
            if number % every == 0:
                tally.rss.append((number, process.memory_info().rss))
            if number in marks:
                tally.sizes[marks[number]] = await front.sizes()

    started = time.perf_counter()
    await asyncio.gather(*(client(random.Random(options.seed * 1000 + n)) for n in range(options.clients)))
    tally.wall_s = time.perf_counter() - started


async def _drip(front: Doors, number: int, tally: Tally) -> None:
    """Hold a connection by sending one byte at a time, in the head or in the body of a request; over and over."""
    host, port = front.address
    cookie = (await front.target()).cookie.encode()
    head = b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n"
    head += b"Cookie: %b\r\n" % cookie
    first = head + b"\r\n" if number % 2 else head
    while True:
        started = time.perf_counter()
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(first)
            while not reader.at_eof():
                writer.write(b"{" if number % 2 else b"X: y\r\n")
                await writer.drain()
                try:
                    async with asyncio.timeout(1.0):
                        await reader.read(4096)
                except TimeoutError:
                    pass
            tally.dripped.append(time.perf_counter() - started)
        except OSError:
            tally.dripped.append(time.perf_counter() - started)
        finally:
            writer.transport.abort()


async def _citizen(citizen: WebSender, into: list[float], wrong: list[str], count: int | None = None) -> None:
    asked = 0
    while count is None or asked < count:
        try:
            into.append(await citizen.send(f"làm khai sinh cần gì {asked}", timeout_s=10))
        except Exception as error:
            wrong.append(f"a citizen was not answered ({type(error).__name__})")
        asked += 1
        await asyncio.sleep(_QUESTIONS_S if count is None else 0.02)


async def _round(options: argparse.Namespace, web: Mapping[str, Any], requests: int, *, strangers: bool) -> Tally:
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="motcua-bench-") as folder:
        async with doors(Path(folder), web) as front:
            process = psutil.Process(front.pid)
            citizen = WebSender(front.url)
            await citizen.open()
            await _citizen(citizen, tally.before, tally.wrong, 30)
            files = process.num_fds()
            beside = [asyncio.create_task(_citizen(citizen, tally.during, tally.wrong))]
            beside += [asyncio.create_task(_drip(front, number, tally)) for number in range(_DRIPPERS)]
            await _attack(front, options, requests, tally, strangers=strangers)
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await asyncio.sleep(_SETTLE_S)
            tally.rss.append((requests, process.memory_info().rss))
            tally.files = (files, process.num_fds())
            tally.failures = await front.measure('motcua_failures_total{kind="http"}')
            await _citizen(citizen, tally.during, tally.wrong, 5)
            await citizen.close()
            if front.rasa.broken:
                tally.wrong.append(f"the dialogue was sent {front.rasa.broken[0]}")
    if tally.failures:
        tally.wrong.append(f"{tally.failures:.0f} requests failed inside")
    if tally.growth() > GROWTH_KIB and not strangers:
        tally.wrong.append(f"memory grew by {tally.growth():.0f} KiB a thousand requests")
    if tally.files[1] > tally.files[0] + 8:
        tally.wrong.append(f"{tally.files[1]} files are open, {tally.files[0]} were before")
    return tally


def _report(name: str, tally: Tally) -> list[str]:
    requests = sum(tally.statuses.values())
    return [
        name,
        str(requests),
        *(str(tally.statuses[kind]) for kind in _CLASSES),
        f"{requests / tally.wall_s:.0f}",
        *(f"{_percentile(tally.seconds, share) * 1000:.0f}" for share in (0.5, 0.95, 0.99, 1.0)),
        *(f"{_percentile(part, 0.95) * 1000:.0f}" for part in (tally.before, tally.during)),
        f"{tally.growth():.1f}",
        f"{tally.files[0]}/{tally.files[1]}",
    ]


def _print_memory(rounds: Mapping[str, Tally]) -> None:
    print("\nResident memory in MiB at each twentieth of the requests:")
    for name, tally in rounds.items():
        print(f"{name}: {' '.join(f'{rss / 1024:.1f}' for rss in tally.curve())}")
    print("\nWhat it is made of, first round; SQLite keeps at most 2 MiB of pages for each connection:")
    sizes = rounds[next(iter(rounds))].sizes
    names = list(sizes[0.0])
    print_table(
        ["after", *(f"{share:.0%}" for share in sizes)], [[n, *(str(s[n]) for s in sizes.values())] for n in names]
    )


def main(arguments: list[str]) -> int:
    """Run the attack; gives the exit status: 1 when something was not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m bench hostile", description=__doc__)
    parser.add_argument(
        "--requests", type=int, default=20_000, help="of the first round; the second has a fifth of them"
    )
    parser.add_argument("--clients", type=int, default=8, help="that send at the same time")
    parser.add_argument("--seed", type=int, default=5, help="of the mutations")
    options = parser.parse_args(arguments)
    print(CRITERION)
    one = asyncio.run(_round(options, OPEN_LIMITS, options.requests, strangers=False))
    many = asyncio.run(_round(options, {}, options.requests // 5, strangers=True))
    head = ["round", "requests", *_CLASSES, "req/s", "p50 ms", "p95 ms", "p99 ms", "max ms"]
    head += [
        "citizen p95 before",
        "during",
        "KiB/1000 (second half)",
        "files before/after",
    ]
    rounds = {"one address, limits raised": one, "an address each, limits as shipped": many}
    rows = [_report(name, tally) for name, tally in rounds.items()]
    print_table(["measure", *rounds], [list(line) for line in zip(head[1:], *(row[1:] for row in rows), strict=True)])
    _print_memory(rounds)
    for name, tally in rounds.items():
        if tally.dripped:
            longest = max(tally.dripped)
            print(f"{name}: {len(tally.dripped)} dripping connections were ended, the longest after {longest:.0f} s")
        print(f"{name}: slowest was {tally.slowest}")
        for wrong, count in Counter(tally.wrong).most_common(20):
            print(f"{name}: WRONG {count} times: {wrong}")
    return 1 if one.wrong or many.wrong else 0
