"""`python -m bench dialogue`: the whole way of a message, ours against stock Rasa with the same bot.

Ours: web API, inbox, worker, Rasa with our channel, tracker store and patches, action server, outbox, event stream.
Stock: the same model and the same action server behind `rasa run` and its REST channel, trackers in memory, and neither
an inbox nor an outbox. Both run at the same time on this machine; the rounds alternate, so that its noise hits both.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil

from bench._table import print_table
from bench._web import WebSender
from tests.support.stack import RASA_PYTHON, ROOT, Stack, free_ports

MIX = (
    "xin chào",
    "làm khai sinh cho con cần giấy tờ gì",
    "lệ phí đăng ký kết hôn là bao nhiêu",
    "còn nộp online được không",
    "mat cccd lam lai bao lau",
    "đăng ký tạm trú nộp ở đâu, tôi ở xã Mỹ Hòa Hưng",
    "xin giấy xác nhận độc thân",
    "cảm ơn nhé",
)
PER_SESSION = len(MIX)

STOCK_START_S = 180.0
Send = Callable[[str], Awaitable[float]]


@dataclass
class Round:
    """Latencies of one round in seconds, the time it took, and the processor time a message cost."""

    latencies: list[float]
    wall_s: float
    cpu_s: float
    empty: int = 0

    def row(self, name: str, senders: int) -> list[str]:
        """The line of the table."""
        ordered = sorted(self.latencies)
        count = len(ordered)
        p95 = ordered[min(count - 1, int(count * 0.95))]
        return [
            name,
            str(senders),
            str(count),
            f"{statistics.median(ordered) * 1000:.0f}",
            f"{p95 * 1000:.0f}",
            f"{ordered[-1] * 1000:.0f}",
            f"{count / self.wall_s:.1f}",
            f"{self.cpu_s / count * 1000:.1f}",
            str(self.empty),
        ]

    @property
    def p95(self) -> float:
        """The 95th percentile in seconds."""
        return sorted(self.latencies)[min(len(self.latencies) - 1, int(len(self.latencies) * 0.95))]

    @property
    def throughput(self) -> float:
        """Messages a second."""
        return len(self.latencies) / self.wall_s


class StockRasa:
    """`rasa run` with the REST channel over the same model and action server."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self.port = free_ports(1)[0]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of the REST channel."""
        return f"http://127.0.0.1:{self.port}/webhooks/rest/webhook"

    async def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            RuntimeError: it did not start.
        """
        actions = f"http://127.0.0.1:{self._stack.ports['actions']}/webhook"
        endpoints = self._folder / "endpoints.yml"
        endpoints.write_text(f"action_endpoint:\n  url: {actions}\n", encoding="utf-8")
        credentials = self._folder / "credentials.yml"
        credentials.write_text("rest:\n", encoding="utf-8")
        model = next((self._stack.home / "models").glob("*.tar.gz"))
        log = (self._folder / "stock.log").open("wb")
        command = [str(RASA_PYTHON), "-m", "rasa", "run", "--model", str(model), "--port", str(self.port)]
        command += ["--endpoints", str(endpoints), "--credentials", str(credentials), "-i", "127.0.0.1"]
        quiet = {
            "RASA_TELEMETRY_ENABLED": "false",
            "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONPATH": str(ROOT),
        }
        environment = {**os.environ, **quiet}
        self.process = subprocess.Popen(  # noqa: ASYNC220
            command, cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        end = time.monotonic() + STOCK_START_S
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < end and self.process.poll() is None:
                try:
                    async with session.get(f"http://127.0.0.1:{self.port}/webhooks/rest/") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.5)
        raise RuntimeError(f"stock Rasa did not start:\n{(self._folder / 'stock.log').read_text()[-2000:]}")

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)


def _cpu(processes: list[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        times = process.cpu_times()
        total += times.user + times.system
    return total


async def _round(
    senders: int,
    per_sender: int,
    make: Callable[[int], Awaitable[list[Send]]],
    processes: list[psutil.Process],
) -> Round:
    ways = [await make(per_sender) for _ in range(senders)]
    latencies: list[float] = []
    empty = 0

    async def one(send_by_session: list[Send], offset: int) -> None:
        nonlocal empty
        for number in range(per_sender):
            send = send_by_session[number // PER_SESSION]
            try:
                latencies.append(await send(MIX[(number + offset) % len(MIX)]))
            except LookupError:
                empty += 1

    before, started = _cpu(processes), time.perf_counter()
    await asyncio.gather(*(one(way, index) for index, way in enumerate(ways)))
    wall = time.perf_counter() - started
    return Round(latencies, wall, _cpu(processes) - before, empty)


async def _measure(stack: Stack, stock: StockRasa, options: argparse.Namespace) -> None:
    assert stack.process is not None
    assert stock.process is not None
    children = psutil.Process(stack.process.pid).children(recursive=True)
    actions = [child for child in children if "serve-actions" in " ".join(child.cmdline())]
    ours_processes = children
    stock_processes = [psutil.Process(stock.process.pid), *actions]
    opened: list[WebSender] = []

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def ours_way(messages: int) -> list[Send]:
            made: list[Send] = []
            for _ in range(-(-messages // PER_SESSION)):
                sender = WebSender(stack.url)
                await sender.open()
                opened.append(sender)
                made.append(sender.send)
            return made

        async def stock_way(messages: int) -> list[Send]:
            def sending(name: str) -> Callable[[str], Awaitable[float]]:
                async def send(text: str) -> float:
                    started = time.perf_counter()
                    async with session.post(stock.url, json={"sender": name, "message": text}) as answer:
                        if not await answer.json():
                            raise LookupError("stock Rasa answered nothing")
                    return time.perf_counter() - started

                return send

            return [sending(uuid.uuid4().hex) for _ in range(-(-messages // PER_SESSION))]

        rows = []
        for senders, per_sender in ((1, options.single), (16, options.many)):
            await _round(senders, PER_SESSION, ours_way, ours_processes)
            await _round(senders, PER_SESSION, stock_way, stock_processes)
            ours, plain = Round([], 0, 0), Round([], 0, 0)
            for _ in range(options.rounds):
                for into, way, processes in (
                    (ours, ours_way, ours_processes),
                    (plain, stock_way, stock_processes),
                ):
                    part = await _round(senders, per_sender, way, processes)
                    into.latencies += part.latencies
                    into.wall_s += part.wall_s
                    into.cpu_s += part.cpu_s
                    into.empty += part.empty
            rows += [ours.row("motcua", senders), plain.row("stock Rasa", senders)]
            ratio = [
                "ratio",
                str(senders),
                "",
                "",
                f"{ours.p95 / plain.p95:.2f}",
                "",
                f"{ours.throughput / plain.throughput:.2f}",
                "",
                "",
            ]
            rows.append(ratio)
        for sender in opened:
            await sender.close()
    head = ["system", "senders", "messages", "p50 ms", "p95 ms", "max ms", "msg/s", "CPU ms/msg", "empty"]
    print_table(head, rows)


def main(arguments: list[str]) -> int:
    """Run the benchmark; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench dialogue", description=__doc__)
    parser.add_argument("--single", type=int, default=80, help="messages of the one sender, a round")
    parser.add_argument("--many", type=int, default=24, help="messages of each of the 16 senders, a round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, alternating between the two systems")
    options = parser.parse_args(arguments)

    async def work() -> None:
        with tempfile.TemporaryDirectory(prefix="motcua-bench-") as folder:
            stack = Stack(
                Path(folder) / "home",
                {"MOTCUA_BOT__WEB__ADDRESS_BURST": "100000", "MOTCUA_BOT__WEB__ADDRESS_RATE": "10000"},
            )
            stock = StockRasa(stack, Path(folder))
            try:
                print("starting motcua …", flush=True)
                await asyncio.to_thread(stack.start)
                print("starting stock Rasa …", flush=True)
                await stock.start()
                await _measure(stack, stock, options)
            finally:
                stock.stop()
                stack.stop()

    asyncio.run(work())
    return 0
